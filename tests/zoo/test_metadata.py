"""metadata.json: what a preset says about itself, and what it cannot say."""

import json
import shutil

import pytest

from neuralcodec.errors import PresetError
from neuralcodec.zoo.figures import measured_figures, measured_off_speech
from neuralcodec.zoo.folder import METADATA
from neuralcodec.zoo.metadata import lineage
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
    {"kbps": 10**400}, {"parameters": 10**400}, {"delay_ms": float("inf")}, {"sample_rate": True},
    {"hash": "00"}, {"hash": "0" * 63 + "g"}, {"format_version": 0}, {"format_version": "1"}, {"format_version": True},
    {"revision": 0}, {"revision": 1.0}, {"revision": True}, {"revision": "2"}, {"revision": 10**9}, {"revision": None},
])
def test_metadata_that_cannot_be(folder, entry):
    change(folder / METADATA, **entry)
    with pytest.raises(PresetError, match=next(iter(entry))):
        preset_info(folder)


def test_figures_that_cannot_be_shown_are_not(folder):
    """JSON's whole numbers have no end; a float, and a line of text, have."""
    change(folder / METADATA, evaluation={"tiny": {"clips": 3, "pesq": [10**400, 1, 2]}},
           off_speech={"noise": {"kbps": 10**400, "si_sdr": 1}}, lineage=[{"run": "a", "start": "b", "steps": "c",
                                                                          "minutes": 10**400}])
    metadata = preset_info(folder)
    assert measured_figures(metadata) == measured_off_speech(metadata) == {} and lineage(metadata) == []
    change(folder / METADATA, evaluation={"tiny": {"clips": 3, "pesq": [float("nan"), -1, 2.5]}})
    assert measured_figures(preset_info(folder))["tiny"]["clips"] == 3


def test_more_metadata_is_welcome(folder):
    change(folder / METADATA, results={"pesq": 4.4})
    assert preset_info(folder)["results"] == {"pesq": 4.4}
