"""Finding presets."""

import pytest

from neuralcodec import list_presets
from neuralcodec.errors import PresetNotFoundError
from neuralcodec.zoo.presets import find_preset, load_preset, preset_info


def test_bundled_presets_come_before_folders(installed, tmp_path, monkeypatch, tiny_folder):
    assert list_presets() == ["tiny"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny").mkdir()
    assert find_preset("tiny") == tiny_folder
    assert find_preset("./tiny").resolve() == tmp_path / "tiny"


def test_an_unknown_name_is_answered_with_the_nearest(installed):
    with pytest.raises(PresetNotFoundError, match="did you mean tiny?"):
        load_preset("tinny")
    with pytest.raises(PresetNotFoundError, match="installed are: tiny"):
        preset_info("something else")
    for impossible in ("a\0b", "x" * 5000):
        with pytest.raises(PresetNotFoundError):
            load_preset(impossible)
