"""metadata.json: what a preset says about itself, and what it cannot say."""

import json
import shutil

import pytest

from neuralcodec.errors import PresetError
from neuralcodec.zoo.folder import METADATA
from neuralcodec.zoo.presets import load_preset, preset_info


@pytest.fixture
def folder(tmp_path, tiny_folder):
    """A copy that may be damaged."""
    return shutil.copytree(tiny_folder, tmp_path / "copy")


def change(path, **entries):
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def test_metadata_describes_the_preset(tiny_folder):
    preset = load_preset(tiny_folder)
    facts = preset_info(tiny_folder)
    assert facts == preset.metadata and preset.name == facts["name"] == "tiny"
    assert facts["hash"] == preset.hash.hex() and len(preset.hash) == 32
    assert facts["parameters"] == sum(array.size for array in preset.weights.values()) > 200_000
    assert facts["delay_ms"] == 45.0 and facts["sample_rate"] == 16000 and facts["license"] == "NOASSERTION"


@pytest.mark.parametrize("entry", [
    {"name": ""}, {"name": "../up"}, {"name": "a/b/c"}, {"name": "a" * 101}, {"name": "a\nb"}, {"name": 3},
    {"description": "a\x1b[2J"}, {"description": None}, {"kbps": "24"}, {"kbps": -1}, {"kbps": float("nan")},
    {"kbps": True}, {"parameters": 1.5}, {"delay_ms": None}, {"sample_rate": 8000}, {"license": 1},
    {"hash": "00"}, {"hash": "0" * 63 + "g"}, {"format_version": 0}, {"format_version": "1"}, {"format_version": True},
])
def test_metadata_that_cannot_be(folder, entry):
    change(folder / METADATA, **entry)
    with pytest.raises(PresetError, match=next(iter(entry))):
        preset_info(folder)


def test_more_metadata_is_welcome(folder):
    change(folder / METADATA, results={"pesq": 4.4})
    assert preset_info(folder)["results"] == {"pesq": 4.4}
