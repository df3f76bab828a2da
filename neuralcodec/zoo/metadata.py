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
| `license`        | of the weights, as an SPDX identifier; NOASSERTION if none was chosen    |
| `hash`           | SHA-256 over the digests of weights and tables, in hex                   |

More keys may follow, all of them for people and for the model card:

| key              |                                                                          |
|------------------|--------------------------------------------------------------------------|
| `revision`       | of the preset, number from 1 on, see `neuralcodec.zoo.revisions`; 1 without it |
| `training`       | the configuration and its speech in numbers                              |
| `speech`         | what the preset learnt from, see `neuralcodec.zoo.speech`                |
| `lineage`        | list of the runs that it came from: run, start, steps, minutes           |
| `base_model`     | the preset that it was fine-tuned from: its repository, else its name    |
| `base_license`   | the licence of that one                                                  |
| `evaluation`     | figures, see `neuralcodec.zoo.figures`                                   |
| `prefixes`       | those of the first module, the first two, ..., all                       |
| `judges`         | further ones, measured elsewhere                                         |
| `off_speech`     | what the preset does to sound that is not speech                         |
| `limits`         | list of sentences: what it cannot do                                     |
"""

import json
import re
from pathlib import Path

from neuralcodec.errors import NewerVersionError, PresetError, one_line
from neuralcodec.files.strangers import read_member

FORMAT_VERSION = 2
NESTED_VERSION = 2  # and later: nested cascades
NO_LICENCE = "NOASSERTION"  # SPDX for: nothing is said

MAX_BYTES = 1 << 20
MAX_NUMBER = 10**12  # larger than all that a preset can say of itself, and small enough for every form of output
_NAME = re.compile(r"(?=.{1,100}\Z)[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)


def is_name(value):
    """Whether a preset can have that name."""
    return isinstance(value, str) and bool(_NAME.fullmatch(value))


def is_text(value):
    """Whether a value is a line of text that can be shown to people."""
    return isinstance(value, str) and value.isprintable() and len(value) <= 1000


def is_number(value):
    """Whether a value is a number from 0 to MAX_NUMBER."""
    return is_figure(value) and 0 <= value


def is_figure(value):
    """Whether a value is a number that can be shown: one within MAX_NUMBER, or NaN where nothing was measured."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return known and (-MAX_NUMBER <= value <= MAX_NUMBER or value != value)


_REQUIRED = {
    "name": is_name,
    "description": is_text,
    "kbps": is_number,
    "parameters": lambda value: is_number(value) and isinstance(value, int),
    "delay_ms": is_number,
    "sample_rate": lambda value: is_number(value) and value == 16000,
    "license": is_text,
    "hash": lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value),
}

_OPTIONAL = {"revision": lambda value: type(value) is int and 1 <= value < 10**9}


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
        raise NewerVersionError(one_line(f"The preset in '{Path(path).parent}' was made for a newer version of "
                                         "neuralcodec; update neuralcodec."))
    for key, is_valid in {**_REQUIRED, **_OPTIONAL}.items():
        if not is_valid(metadata[key]) if key in metadata else key in _REQUIRED:
            raise PresetError(f"'{path}' has no valid \"{key}\"; install the preset again.")
    return metadata


def read_object(path):
    """Reads a JSON object of bounded size.

    Raises:
        PresetError: no such file, none that `read_member` reads, or not a JSON object.
    """
    data = read_member(path, MAX_BYTES)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PresetError(f"'{path}' is not valid JSON; install the preset again.") from error
    if not isinstance(value, dict):
        raise PresetError(f"'{path}' does not hold a JSON object; install the preset again.")
    return value


def revision_of(metadata):
    """The number of a preset's revision; the first presets did not say it."""
    return metadata.get("revision", 1)


def is_nested(metadata):
    """Whether the preset is a nested cascade, every prefix of which is made to be heard."""
    return metadata.get("format_version", 1) >= NESTED_VERSION


def base_model(metadata):
    """Name of the preset that this one was fine-tuned from, None where there is none."""
    base = metadata.get("base_model")
    return base if is_name(base) else None


def base_repository(metadata):
    """Repository on the Hub of the preset that this one was fine-tuned from, None where there is none."""
    base = base_model(metadata)
    return base if base and "/" in base else None


def limits(metadata):
    """Sentences about what a preset cannot do; empty where there are none, or where a stranger wrote something else."""
    found = metadata.get("limits")
    return found if isinstance(found, list) and all(map(is_text, found)) else []


def lineage(metadata):
    """The runs that a preset came from: list of {"run", "start", "steps": str, "minutes": number}, else empty."""
    found = metadata.get("lineage")
    return found if isinstance(found, list) and all(map(_is_run, found)) else []


def _is_run(run):
    return (isinstance(run, dict) and all(is_text(run.get(key)) for key in ("run", "start", "steps"))
            and is_number(run.get("minutes")))


def write_object(path, value):
    """Writes a JSON object for people to read."""
    Path(path).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
