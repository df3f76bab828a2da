"""Finding presets."""

import json

import pytest

from neuralcodec import list_presets
from neuralcodec.errors import PresetNotFoundError
from neuralcodec.zoo.bundled import nearest_presets
from neuralcodec.zoo.folder import METADATA
from neuralcodec.zoo.presets import find_preset, load_preset, preset_info


def test_bundled_presets_come_before_folders(installed, tmp_path, monkeypatch, tiny_folder):
    assert list_presets() == ["tiny"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny").mkdir()
    assert find_preset("tiny") == tiny_folder
    assert find_preset("./tiny").resolve() == tmp_path / "tiny"


def write(folder, name, kbps):
    metadata = {"format_version": 1, "name": name, "description": "", "kbps": kbps, "parameters": 1, "delay_ms": 60,
                "sample_rate": 16000, "license": "MIT", "hash": "0" * 64}
    (folder / name).mkdir()
    (folder / name / METADATA).write_text(json.dumps(metadata))


def test_bundled_presets_are_listed_by_bitrate(tmp_path, monkeypatch):
    monkeypatch.setattr("neuralcodec.zoo.bundled.bundled_directory", lambda: tmp_path)
    for name, kbps in (("b-24k", 24), ("z-9k", 9), ("a-9k", 9.0), ("c-100k", 100)):
        write(tmp_path, name, kbps)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / METADATA).write_text("{}")
    assert list_presets() == ["a-9k", "z-9k", "b-24k", "c-100k", "damaged"]
    assert nearest_presets("nothing like it") == "installed are: a-9k, z-9k, b-24k, c-100k, damaged."


@pytest.mark.parametrize("asked, meant", [("CQ-24K", "cq-24k"), ("cq-24", "cq-24k"), ("cq24k", "cq-24k"),
                                          ("user/CMRL-9k", "cmrl-9k"), ("cmlr-16k", "cmrl-16k")])
def test_a_wrong_case_or_a_slip_of_the_pen_is_understood(asked, meant):
    assert nearest_presets(asked) == f"did you mean '{meant}'?"


def test_an_unknown_name_is_answered_with_the_nearest(installed):
    with pytest.raises(PresetNotFoundError, match="did you mean 'tiny'?"):
        load_preset("tinny")
    with pytest.raises(PresetNotFoundError, match="installed are: tiny"):
        preset_info("something else")
    for impossible in ("a\0b", "x" * 5000):
        with pytest.raises(PresetNotFoundError):
            load_preset(impossible)
