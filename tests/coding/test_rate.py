"""A file of the bitrate that was asked for."""

import math
from pathlib import Path

import numpy as np
import pytest

from neuralcodec import Codec, codec_info
from neuralcodec.coding.rate import PASSES, bitrate_range, meet_bitrate, modules_for
from neuralcodec.errors import BitrateError
from neuralcodec.zoo.presets import load_preset

PRESETS = Path(__file__).parents[2] / "presets"  # with the revisions that are not installed


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


@pytest.mark.parametrize("name", ["cq-9k", "cmrl-9k", "cq-24k@1"])
def test_zeros_of_a_silent_module_stay_cheap_where_steps_are_fine(clip, tmp_path, monkeypatch, name):
    """A quiet recording takes steps as fine as these to cost 1.25 times the nominal bitrate."""
    monkeypatch.setattr("neuralcodec.coding.file.meet_bitrate", lambda kbps, seconds, progress, code: code(-183, None))
    codec, (samples, rate) = Codec.from_pretrained(PRESETS / name), clip
    (tmp_path / "a.nac").write_bytes(codec.encode(samples[:6 * rate], rate, kbps=codec.kbps))
    info = codec_info(tmp_path / "a.nac")
    assert info["kbps_by_module"]["module_1"] < 0.05 * info["kbps"]


def test_more_bits_sound_better(codec, clip):
    samples, rate = clip[0][:48000], clip[1]
    coded = [codec.encode(samples, rate, kbps=kbps) for kbps in (18, 24, 30)]
    errors = [np.mean((codec.decode(data)[0] - samples) ** 2) for data in coded]
    assert errors[0] > errors[1] > errors[2]


def test_the_range_is_told():
    codec = Codec.from_pretrained("cq-9k")
    for kbps in (6.7, 11.3, float("nan"), "9", -1):
        with pytest.raises(BitrateError, match="makes files of 6.75 to 11.25 kbps, not"):
            codec.encode(np.zeros(16000), 16000, kbps=kbps)


def test_another_preset_is_named(monkeypatch):
    monkeypatch.setattr("neuralcodec.coding.rate.list_presets", lambda: ["cq-9k", "cq-12k", "cq-24k"])
    monkeypatch.setattr("neuralcodec.coding.rate.preset_info", lambda name: {"kbps": float(name[3:-1])})
    with pytest.raises(BitrateError, match="take the preset 'cq-12k'"):
        Codec.from_pretrained("cq-9k").encode(np.zeros(16000), 16000, kbps=11.5)


@pytest.fixture(scope="module")
def nested(nested_folder):
    """Three modules whose prefixes cost 8, 16 and 24 kbps, by what the preset says."""
    return Codec.from_pretrained(nested_folder)


def test_a_nested_preset_has_the_range_of_all_its_prefixes(nested):
    metadata = nested.preset.metadata
    assert bitrate_range(metadata) == pytest.approx((5.6, 30))
    assert [bitrate_range(metadata, modules) for modules in (1, 2)] == [(6, 10), (12, 20)]
    assert bitrate_range(metadata, 3) == bitrate_range(metadata)
    assert bitrate_range({**metadata, "prefixes": []}) == (18, 30)
    not_nested = load_preset(PRESETS / "cq-24k@1").metadata
    assert bitrate_range({**not_nested, "prefixes": metadata["prefixes"][1:]}) == (18, 30)


def test_the_fewest_modules_that_come_near_a_bitrate():
    wanted = {1: 1, 8: 1, 9.4: 1, 9.5: 2, 18.8: 2, 18.9: 3, 100: 3}
    assert {kbps: modules_for(kbps, [8, 16, 24]) for kbps in wanted} == wanted


def test_a_bitrate_chooses_among_what_the_modules_cost_in_this_recording(nested, clip, monkeypatch, tmp_path):
    samples, rate = clip[0][:8000], clip[1]
    costs = [len(nested.encode(samples, rate, modules=modules)) * 8 / 500 for modules in (1, 2, 3)]
    assert costs[0] < costs[1] < costs[2]
    monkeypatch.setattr("neuralcodec.coding.rate.prefix_rates", lambda _: costs)
    monkeypatch.setattr("neuralcodec.coding.file.meet_bitrate", lambda kbps, seconds, progress, code: code(7, None))
    for modules, kbps in enumerate(costs, start=1):
        for factor in (0.99, 1.17):
            (tmp_path / "a.nac").write_bytes(nested.encode(samples, rate, kbps=factor * kbps))
            info = codec_info(tmp_path / "a.nac")
            assert (info["modules"], info["step_index"]) == (modules, 7)


def test_modules_that_are_asked_for_keep_to_their_range(nested, clip, monkeypatch):
    monkeypatch.setattr("neuralcodec.coding.file.meet_bitrate", lambda kbps, seconds, progress, code: code(7, None))
    samples, rate = clip[0][:8000], clip[1]
    two = nested.encode(samples, rate, kbps=14, modules=2)
    assert two == nested.strip(nested.encode(samples, rate, kbps=30, modules=3), modules=2)
    for kbps, modules, message in ((21, 2, "with 2 modules makes files of 12 to 20 kbps, not 21"),
                                   (5, 1, "with 1 module makes files of 6 to 10 kbps, not 5"),
                                   (5, None, "'three' makes files of 5.6 to 30 kbps, not 5")):
        with pytest.raises(BitrateError, match=message):
            nested.encode(samples, rate, kbps=kbps, modules=modules)


@pytest.mark.parametrize("count", [0, 1, 400])
def test_nested_silence_is_coded_all_the_same(nested, count):
    assert len(nested.decode(nested.encode(np.zeros(count), 16000, kbps=8))[0]) == count


def test_the_progress_of_all_passes_rises_to_the_end(nested, clip):
    shown = []
    nested.encode(clip[0][:8000], clip[1], kbps=24, progress=lambda done, total: shown.append(done / total))
    assert shown == sorted(shown) and shown[-1] == 1 and shown[0] <= 0.5


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
