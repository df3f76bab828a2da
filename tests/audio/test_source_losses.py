"""AudioSource: what is lost is told; normalising."""

import numpy as np
import pytest
import soundfile
from sources import noise, read_all

from neuralcodec.audio import AudioSource


def losses(samples, **options):
    with AudioSource(samples, 16000, **options) as source:
        list(source.blocks())
        return " and ".join(source.losses)


def test_clipping_is_told_with_the_peak(tmp_path):
    samples = noise(8000)[:, 0] * 26
    peak = f"{np.abs(samples).max():.5g}"
    assert losses(samples).startswith(f"has a peak of {peak}, where 1 is full scale, and is clipped")
    soundfile.write(tmp_path / "a.wav", samples, 16000, "FLOAT")
    with AudioSource(tmp_path / "a.wav") as source:
        assert source.losses == []
        list(source.blocks())
        assert "normalize=True" in source.losses[0]
    assert losses(noise(8000) * 2) == losses(np.array([1.0, -1.0])) == losses(np.array([-32768], np.int16)) == ""


@pytest.mark.parametrize("full_scale, bits", [(1 << 15, 16), (1 << 23, 24), (1 << 31, 32)])
def test_integers_in_floats_are_recognised(full_scale, bits):
    assert f"integers of {bits} bits: divide them by {full_scale})" in losses(noise(8000) * full_scale)
    assert "integers" not in losses(noise(8000) * 26)


def test_decoders_of_lossy_files_go_a_little_beyond(tmp_path):
    soundfile.write(tmp_path / "a.ogg", 0.9 * np.sign(np.sin(np.arange(48000) / 9)), 48000)
    with AudioSource(tmp_path / "a.ogg") as source:
        list(source.blocks())
        assert source.losses == []


@pytest.mark.parametrize("scale", [13, 0.01, 3e38])
def test_normalized_to_one_decibel_below_full_scale(scale):
    samples = noise(30000, 2) * 2
    delivered = read_all(AudioSource(samples * np.float32(scale), 16000, normalize=True))
    assert np.abs(delivered).max() == pytest.approx(10 ** (-1 / 20), rel=1e-6)
    mono = samples.mean(axis=1)
    np.testing.assert_allclose(delivered, mono / np.abs(mono).max() * 10 ** (-1 / 20), atol=1e-6)
    assert losses(samples * np.float32(scale), normalize=True) == ""


def test_silence_stays_silence_when_normalized():
    assert not read_all(AudioSource(np.zeros(100), 16000, normalize=True)).any()
    assert len(read_all(AudioSource(np.zeros(0), 16000, normalize=True))) == 0


def test_channels_that_cancel_are_told():
    samples = noise(8000)
    assert losses(np.hstack([samples, -samples])).startswith("nearly vanishes in the mix of its channels")
    assert "nearly vanishes" in losses(np.hstack([samples, -0.98 * samples]))
    for others in (samples, noise(8000, seed=1), 0 * samples, -0.3 * samples):
        assert losses(np.hstack([samples, others])) == ""
    assert losses(np.hstack([samples, *[0 * samples] * 7])) == losses(np.zeros((100, 2))) == ""
