"""The README's tables say what the presets' metadata say."""
import re
from pathlib import Path

import pytest

from neuralcodec.training.config import TrainingConfig
from neuralcodec.zoo.metadata import read_metadata

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COLUMNS = {"kbps": 2, "pesq": 3, "stoi": 3, "estoi": 3, "si_sdr": 2, "mel_distance": 2}  # and decimals
PRESETS = sorted(path.parent.name for path in (ROOT / "presets").glob("*/metadata.json"))


@pytest.mark.parametrize("name", PRESETS)
def test_figures(name):
    figures = read_metadata(ROOT / "presets" / name / "metadata.json")["evaluation"][name]
    cells = []
    for column, decimals in COLUMNS.items():
        mean, low, high = figures[column]
        cells.append(f"{mean:.{decimals}f} ± {(high - low) / 2:.{decimals}f}")
    assert f"\n| {name} | {figures['clips']} | {' | '.join(cells)} |\n" in README


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name):
    metadata = read_metadata(ROOT / "presets" / name / "metadata.json")
    row = f"| `{name}` | {metadata['kbps']:g} | {metadata['parameters'] / 1e6:.2f} million | {metadata['description']} |"
    assert row in README


@pytest.mark.parametrize("name", PRESETS)
def test_the_run_behind_every_preset_is_told(name):
    assert re.search(rf"^\| `{name}` \|.*\d \|$", README.split("<!-- training -->")[1], re.MULTILINE)
    assert (ROOT / "neuralcodec" / "training" / "configs" / f"{name}.json").exists()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_was_trained_with_the_configuration_of_its_name(name):
    trained = read_metadata(ROOT / "presets" / name / "metadata.json")["training"]["config"]
    config = TrainingConfig.read(ROOT / "neuralcodec" / "training" / "configs" / f"{name}.json")
    assert TrainingConfig.from_dict(trained) == config
