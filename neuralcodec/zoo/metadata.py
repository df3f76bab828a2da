"""metadata.json: what a preset says about itself.

| key              |                                                                          |
|------------------|--------------------------------------------------------------------------|
| `format_version` | of the preset folder; a reader refuses a larger one                      |
| `name`           | stands in every file the preset writes                                   |
| `description`    | one line                                                                 |
| `kbps`           | nominal bitrate: what files of read speech cost on average               |
| `parameters`     | weights of all modules and entropy models                                |
| `delay_ms`       | from a sample going in to the same sample coming out                     |
| `sample_rate`    | 16000                                                                    |
| `license`        | of the weights, as an SPDX identifier                                    |
| `hash`           | SHA-256 over the digests of weights and tables, in hex                   |

More keys may follow: how the preset was trained; `base_model`, the preset it was fine-tuned from; and `evaluation`,
what `neuralcodec.evaluation.publish_figures` measured: {codec: {"clips": 63, "pesq": [mean, low, high], ...}, ...}.
"""

import json
import math
import re
from pathlib import Path

from neuralcodec.errors import NewerVersionError, PresetError

FORMAT_VERSION = 1

MAX_BYTES = 1 << 20
_NAME = re.compile(r"(?=.{1,100}\Z)[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)


def is_name(value):
    """Whether a preset can have that name."""
    return isinstance(value, str) and bool(_NAME.fullmatch(value))


def _text(value):
    return isinstance(value, str) and value.isprintable() and len(value) <= 1000


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


_REQUIRED = {
    "name": is_name,
    "description": _text,
    "kbps": _number,
    "parameters": lambda value: _number(value) and isinstance(value, int),
    "delay_ms": _number,
    "sample_rate": lambda value: value == 16000,
    "license": _text,
    "hash": lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value),
}


def read_metadata(path):
    """Reads and checks a metadata.json.

    Returns:
        dict.

    Raises:
        PresetError: it is missing, damaged, or lacks a key.
        NewerVersionError: a newer version of neuralcodec wrote it.
    """
    metadata = read_object(path)
    version = metadata.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise PresetError(f"'{path}' has an impossible \"format_version\"; install the preset again.")
    if version > FORMAT_VERSION:
        raise NewerVersionError(f"The preset in '{Path(path).parent}' was made for a newer version of neuralcodec; "
                                "update neuralcodec.")
    for key, is_valid in _REQUIRED.items():
        if key not in metadata or not is_valid(metadata[key]):
            raise PresetError(f"'{path}' has no valid \"{key}\"; install the preset again.")
    return metadata


def read_object(path):
    """Reads a JSON object of bounded size.

    Raises:
        PresetError: no such file, too large, or not a JSON object.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PresetError(f"'{path.parent}' is not a preset: {path.name} cannot be read ({error.strerror}).") from error
    if len(data) > MAX_BYTES:
        raise PresetError(f"'{path}' is larger than any preset's; install the preset again.")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PresetError(f"'{path}' is not valid JSON; install the preset again.") from error
    if not isinstance(value, dict):
        raise PresetError(f"'{path}' does not hold a JSON object; install the preset again.")
    return value


def base_model(metadata):
    """Name of the preset that this one was fine-tuned from, None where there is none."""
    base = metadata.get("base_model")
    return base if is_name(base) else None


def measured_figures(metadata):
    """The measured figures of a preset and its peers.

    Returns:
        dict of codec -> {"clips": int, metric: [mean, low, high], ...}; empty where there are none, or where a stranger
        wrote something else.
    """
    figures = metadata.get("evaluation")
    if not isinstance(figures, dict) or not all(_text(codec) and _is_row(row) for codec, row in figures.items()):
        return {}
    return figures if len({tuple(row) for row in figures.values()}) == 1 else {}


def measured_off_speech(metadata):
    """What a preset does to sound that is not speech.

    Returns:
        dict of sound -> {"kbps": float, "si_sdr": float}; empty where it was not measured, or where a stranger wrote
        something else.
    """
    measured = metadata.get("off_speech")
    if not isinstance(measured, dict) or not all(_text(sound) for sound in measured):
        return {}
    wanted = ("kbps", "si_sdr")
    whole = all(isinstance(row, dict) and all(isinstance(row.get(name), (int, float)) for name in wanted)
                for row in measured.values())
    return measured if whole else {}


def _is_row(row):
    return isinstance(row, dict) and "clips" in row and all(map(_text, row)) and all(
        isinstance(value, int) if name == "clips" else _is_interval(value) for name, value in row.items())


def _is_interval(value):
    return isinstance(value, list) and len(value) == 3 and all(isinstance(number, (int, float)) for number in value)


def write_object(path, value):
    """Writes a JSON object for people to read."""
    Path(path).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
