"""Writes measured figures into a preset's metadata and card, so that neither can drift from the measurement.

    neuralcodec evaluate --preset presets/cq-24k --data valid/ --peers --output scores.csv
    python -m neuralcodec.evaluation.record presets/cq-24k scores.csv
"""
import csv
import sys
from pathlib import Path

from neuralcodec.evaluation.evaluate import summary
from neuralcodec.zoo.card import model_card
from neuralcodec.zoo.metadata import read_metadata, write_object
from neuralcodec.zoo.presets import CARD, METADATA

LABELS = ("clip", "codec")


def read_rows(path):
    """Rows of `neuralcodec evaluate --output`: figures as floats, NaN where a metric was undefined."""
    with open(path, newline="", encoding="utf-8") as file:
        return [{name: value if name in LABELS else float(value or "nan") for name, value in row.items()}
                for row in csv.DictReader(file)]


def record(directory, rows):
    """Replaces the figures of a preset.

    Args:
        directory: folder of the preset.
        rows: of `evaluate`, with the preset's own among them.
    """
    directory, figures = Path(directory), summary(rows)
    metadata = read_metadata(directory / METADATA)
    metadata["evaluation"] = {codec: {name: [round(float(v), 4) for v in value] if name != "clips" else value
                                      for name, value in values.items()} for codec, values in figures.items()}
    write_object(directory / METADATA, metadata)
    (directory / CARD).write_text(model_card(metadata), encoding="utf-8")


if __name__ == "__main__":
    record(sys.argv[1], read_rows(sys.argv[2]))
