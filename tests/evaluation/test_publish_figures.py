"""Measured figures end up in a preset's metadata and card."""
import json
import shutil

import pytest

from neuralcodec.errors import TrainingDataError
from neuralcodec.evaluation.comparison import write_csv
from neuralcodec.evaluation.publish_figures import read_rows, write_figures
from neuralcodec.zoo.presets import load_preset

ROWS = [{"clip": f"{i}.wav", "codec": codec, "seconds": 4.0, "kbps": kbps + i, "pesq": 4.0 + i / 10}
        for i in range(3) for codec, kbps in (("tiny", 23.0), ("Opus 24", 22.0))]


def test_figures_go_from_the_csv_to_the_preset(tmp_path, tiny_folder):
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_folder, folder)
    write_csv(ROWS, tmp_path / "scores.csv")
    before = load_preset(folder).hash
    write_figures(folder, read_rows(tmp_path / "scores.csv"))
    metadata = json.loads((folder / "metadata.json").read_text())
    figures = metadata["evaluation"]
    assert figures["tiny"]["clips"] == 3 and figures["Opus 24"]["kbps"][0] == 23.0
    assert "| tiny | 3 | 24.00" in (folder / "README.md").read_text()
    assert "value: 4.1" in (folder / "README.md").read_text()
    assert set(metadata["off_speech"]) == {"white noise", "struck chords"}
    assert all(0 < sound["kbps"] < 128 and -100 < sound["si_sdr"] < 100 for sound in metadata["off_speech"].values())
    assert load_preset(folder).hash == before


def test_figures_of_prefixes_are_kept_apart(tmp_path, tiny_folder):
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    first = [{**row, "codec": "tiny (1 module)", "kbps": 12.0} for row in ROWS if row["codec"] == "tiny"]
    write_figures(folder, [*ROWS, *first])
    metadata = json.loads((folder / "metadata.json").read_text())
    assert list(metadata["evaluation"]) == ["tiny", "Opus 24"]
    assert [row["kbps"][0] for row in metadata["prefixes"]] == [12.0, 24.0]
    assert metadata["prefixes"][1] == metadata["evaluation"]["tiny"]
    assert "| 1 module | 3 | 12.00" in (folder / "README.md").read_text()
    write_figures(folder, ROWS)  # as nothing was measured of them, they stay
    assert json.loads((folder / "metadata.json").read_text())["prefixes"] == metadata["prefixes"]


def test_scores_of_other_codecs_are_refused(tmp_path, tiny_folder):
    shutil.copytree(tiny_folder, tmp_path / "tiny")
    with pytest.raises(TrainingDataError, match="none of 'tiny', only of Opus 24"):
        write_figures(tmp_path / "tiny", [row for row in ROWS if row["codec"] == "Opus 24"])
