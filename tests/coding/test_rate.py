"""A file of the bitrate that was asked for."""

import math

import numpy as np
import pytest

from neuralcodec import Codec, codec_info
from neuralcodec.coding.rate import PASSES, meet_bitrate
from neuralcodec.errors import BitrateError


@pytest.fixture(scope="module")
def codec():
    """Trained: one with random weights costs far more than its nominal bitrate."""
    return Codec.from_pretrained("cq-24k")


@pytest.mark.parametrize("name, kbps, correlation", [("cq-24k", 18.0, 0.9), ("cq-24k", 24.0, 0.9), ("cq-24k", 30, 0.9),
                                                  ("cq-9k", 6.75, 0.7), ("cq-9k", 11.25, 0.7), ("cmrl-9k", 11.25, 0.7)])
def test_files_have_the_bitrate_that_was_asked_for(clip, tmp_path, name, kbps, correlation):
    codec, (samples, rate) = Codec.from_pretrained(name), clip
    samples = samples[:6 * rate]
    (tmp_path / "a.nac").write_bytes(codec.encode(samples, rate, kbps=kbps))
    assert codec_info(tmp_path / "a.nac")["kbps"] == pytest.approx(kbps, rel=0.02)
    decoded, _ = codec.decode((tmp_path / "a.nac").read_bytes())
    assert len(decoded) == len(samples)
    assert np.corrcoef(decoded, samples)[0, 1] > correlation


@pytest.mark.parametrize("name", ["cq-9k", "cmrl-9k", "cq-24k"])
def test_zeros_of_a_silent_module_stay_cheap_where_steps_are_fine(clip, tmp_path, monkeypatch, name):
    """A quiet recording takes steps as fine as these to cost 1.25 times the nominal bitrate."""
    monkeypatch.setattr("neuralcodec.coding.file.meet_bitrate", lambda kbps, seconds, progress, code: code(-183, None))
    codec, (samples, rate) = Codec.from_pretrained(name), clip
    (tmp_path / "a.nac").write_bytes(codec.encode(samples[:6 * rate], rate, kbps=codec.kbps))
    info = codec_info(tmp_path / "a.nac")
    assert info["kbps_by_module"]["module_1"] < 0.05 * info["kbps"]


def test_more_bits_sound_better(codec, clip):
    samples, rate = clip[0][:48000], clip[1]
    coded = [codec.encode(samples, rate, kbps=kbps) for kbps in (18, 24, 30)]
    errors = [np.mean((codec.decode(data)[0] - samples) ** 2) for data in coded]
    assert errors[0] > errors[1] > errors[2]


def test_the_range_is_told(codec):
    for kbps in (17.9, 30.1, float("nan"), "24", -1):
        with pytest.raises(BitrateError, match="makes files of 18 to 30 kbps, not"):
            codec.encode(np.zeros(16000), 16000, kbps=kbps)


def test_another_preset_is_named(codec, monkeypatch):
    monkeypatch.setattr("neuralcodec.coding.rate.list_presets", lambda: ["cq-9k", "cq-12k", "cq-24k"])
    monkeypatch.setattr("neuralcodec.coding.rate.preset_info", lambda name: {"kbps": float(name[3:-1])})
    with pytest.raises(BitrateError, match="take the preset 'cq-12k'"):
        codec.encode(np.zeros(16000), 16000, kbps=11)


@pytest.mark.parametrize("count", [0, 1, 16000])
def test_silence_is_coded_all_the_same(codec, count):
    assert len(codec.decode(codec.encode(np.zeros(count), 16000, kbps=24))[0]) == count


class Coded:
    def __init__(self, size):
        self.size, self.closed = size, False

    def close(self):
        self.closed = True


@pytest.mark.parametrize("slope", [-0.8, -1.0, -2.5, -5.0])
@pytest.mark.parametrize("start", [0.4, 1.0, 2.0])
def test_the_search_ends_within_two_percent_and_keeps_the_best(slope, start):
    made, shown = [], []

    def code(step_index, progress):
        progress(1, 2)
        made.append(Coded(round(30000 * start * 2 ** (slope * step_index / 256))))  # 24 kbps for 10 s
        return made[-1]

    best = meet_bitrate(24, 10, lambda done, total: shown.append(done / total), code)
    assert abs(math.log(best.size / 30000)) == min(abs(math.log(coded.size / 30000)) for coded in made) < 0.02
    assert [coded for coded in made if not coded.closed] == [best] and len(made) <= PASSES
    assert shown == sorted(shown) and shown[-1] == 1
