"""Peer codecs: aligned, exact in length, at true payload rates. A missing library fails with what to install."""

import numpy as np
import pytest

from neuralcodec.errors import ConfigError, MissingDependencyError
from neuralcodec.evaluation import peers


def correlation_lag(reference, decoded):
    size = 2 * len(reference)
    correlation = np.fft.irfft(np.fft.rfft(reference, size).conj() * np.fft.rfft(decoded, size))
    lag = int(np.argmax(correlation))
    return lag if lag < len(reference) else lag - size


@pytest.mark.parametrize("kbps", [12, 24])
def test_opus_is_aligned_and_near_its_rate(speech, kbps):
    peer = peers.opus(kbps)
    decoded, payload_bytes = peer.code(speech)
    assert (peer.name, peer.nominal_kbps) == (f"Opus {kbps}", kbps)
    assert decoded.shape == speech.shape and decoded.dtype == np.float32
    assert correlation_lag(speech, decoded) == 0
    assert np.corrcoef(speech, decoded)[0, 1] > 0.93
    assert 0.6 * kbps < payload_bytes * 8 / 3 / 1000 < 1.3 * kbps


def test_opus_conceals_what_is_lost(speech):
    peer, lost = peers.opus(24), np.zeros(150, bool)
    whole, size = peer.code(speech)
    np.testing.assert_array_equal(peer.code(speech, lost)[0], whole)
    lost[60:63] = True
    decoded, same_size = peer.code(speech, lost)
    assert same_size == size and decoded.shape == whole.shape
    np.testing.assert_array_equal(decoded[:59 * 320], whole[:59 * 320])
    assert np.square(decoded - whole)[59 * 320: 63 * 320].sum() > 0.1 * np.square(whole)[59 * 320: 63 * 320].sum()
    assert np.square(decoded - whole)[75 * 320:].mean() < 0.05 * np.square(whole)[75 * 320:].mean()


@pytest.mark.parametrize("kbps", [8.85, 23.85])
def test_amr_wb_is_aligned_at_its_nominal_rate(speech, kbps):
    peer = peers.amr_wb(kbps)
    decoded, payload_bytes = peer.code(speech)
    assert (peer.name, peer.nominal_kbps) == (f"AMR-WB {kbps:.2f}", kbps)
    assert decoded.shape == speech.shape and decoded.dtype == np.float32
    assert abs(correlation_lag(speech, decoded)) <= 1  # its post-filter bends the phase
    assert np.corrcoef(speech, decoded)[0, 1] > 0.85
    assert payload_bytes * 8 / (151 * 0.02) / 1000 == pytest.approx(kbps)  # 150 frames and one for the delay


@pytest.mark.parametrize("length", [0, 1, 225, 226, 320, 1001])
def test_any_length_comes_back(speech, length):
    for peer in (peers.opus(16), peers.amr_wb(12.65)):
        decoded, payload_bytes = peer.code(speech[:length])
        assert decoded.shape == (length,)
        assert (payload_bytes > 0) == (length > 0)


def test_a_peer_codes_the_same_twice(speech):
    for peer in (peers.opus(16), peers.amr_wb(12.65)):
        first, second = peer.code(speech[:8000]), peer.code(speech[:8000])
        np.testing.assert_array_equal(first[0], second[0])
        assert first[1] == second[1]


def test_decoded_audio_stays_within_full_scale(speech):
    """As 16-bit files would; libopus itself overshoots."""
    square = np.sign(np.sin(2 * np.pi * 200 * np.arange(16000) / 16000))
    for peer in (peers.opus(24), peers.amr_wb(23.85)):
        assert np.abs(peer.code(square)[0]).max() <= 1.0


def test_every_peer_is_here():
    assert peers.missing_libraries() == []
    names = [peer.name for peer in peers.available_peers()]
    assert "Opus 24" in names and "AMR-WB 23.85" in names
    assert len(names) == len(peers.OPUS_KBPS) + len(peers.AMR_WB_KBPS)


def test_a_missing_library_says_what_to_install(monkeypatch):
    def nothing_installed(library):
        raise OSError(f"{library}: cannot open shared object file")

    monkeypatch.setattr(peers.ctypes, "CDLL", nothing_installed)
    with pytest.raises(MissingDependencyError, match="apt install libopus0"):
        peers.opus(24)
    with pytest.raises(MissingDependencyError, match="apt install libvo-amrwbenc0"):
        peers.amr_wb(23.85)
    assert peers.available_peers() == []
    assert len(peers.missing_libraries()) == 3


def test_unknown_rates_are_refused():
    with pytest.raises(ConfigError, match="8.85, 12.65"):
        peers.amr_wb(24)
    with pytest.raises(ConfigError, match="6 to 64"):
        peers.opus(1)
