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


def is_text(value):
    """Whether a value is a line of text that can be shown to people."""
    return isinstance(value, str) and value.isprintable() and len(value) <= 1000


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


_REQUIRED = {
    "name": is_name,
    "description": is_text,
    "kbps": _number,
    "parameters": lambda value: _number(value) and isinstance(value, int),
    "delay_ms": _number,
    "sample_rate": lambda value: value == 16000,
    "license": is_text,
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


def write_object(path, value):
    """Writes a JSON object for people to read."""
    Path(path).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
