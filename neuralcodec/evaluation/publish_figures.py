"""Writes measured figures into a preset's metadata and card, so that neither can drift from the measurement.

    neuralcodec evaluate --preset presets/cq-24k --data valid/ --peers --prefixes --output scores.csv
    python -m neuralcodec.evaluation.publish_figures presets/cq-24k scores.csv
"""
import csv
import sys
from pathlib import Path

import numpy as np

from neuralcodec.errors import TrainingDataError
from neuralcodec.evaluation.comparison import summary
from neuralcodec.evaluation.non_speech import off_speech
from neuralcodec.zoo.card import model_card
from neuralcodec.zoo.figures import prefix_name
from neuralcodec.zoo.folder import CARD, METADATA
from neuralcodec.zoo.metadata import read_metadata, write_object
from neuralcodec.zoo.presets import load_preset

LABELS = ("clip", "codec")


def read_rows(path):
    """Rows of `neuralcodec evaluate --output`: figures as floats, NaN where a metric was undefined."""
    with open(path, newline="", encoding="utf-8") as file:
        return [{name: value if name in LABELS else float(value or "nan") for name, value in row.items()}
                for row in csv.DictReader(file)]


def write_figures(directory, rows):
    """Replaces the figures of a preset; those of its prefixes only where these were measured.

    Args:
        directory: folder of the preset.
        rows: of `evaluate`, with the preset's own among them.

    Raises:
        TrainingDataError: none of the rows is the preset's.
    """
    directory, figures = Path(directory), summary(rows)
    metadata = read_metadata(directory / METADATA)
    if metadata["name"] not in figures:
        raise TrainingDataError(f"The scores hold none of '{metadata['name']}', only of {', '.join(figures)}.")
    preset = load_preset(directory)
    smaller = [prefix_name(preset.name, number) for number in range(1, len(preset.config.modules))]
    if smaller and set(smaller) <= set(figures):
        metadata["prefixes"] = [_rounded(figures[name]) for name in (*smaller, preset.name)]
    metadata["evaluation"] = {codec: _rounded(values) for codec, values in figures.items() if codec not in smaller}
    metadata["off_speech"] = {sound: _rounded(values) for sound, values in off_speech(preset).items()}
    write_object(directory / METADATA, metadata)
    (directory / CARD).write_text(model_card(metadata), encoding="utf-8")


def _rounded(figures):
    """To four decimals, which is more than any of them is good for; the number of clips stays whole."""
    return {name: value if name == "clips" else np.round(value, 4).tolist() for name, value in figures.items()}


if __name__ == "__main__":
    write_figures(sys.argv[1], read_rows(sys.argv[2]))
