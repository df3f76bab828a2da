"""Who speaks in a recording, where somebody wrote it down: a `speakers.tsv` beside or above the recordings.

A table with tabs and a head. `speaker` names a folder on the way to the recording, `gender` is f or m; `corpus`, a
folder too, and `age` in years are optional. Anything else is unknown.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from neuralcodec.errors import NeuralCodecError

NAME = "speakers.tsv"
ADULT = 13  # years; who is younger counts as a child, not as female or male
GROUPS = ("female", "male", "child")

_GENDERS = {"f": "female", "m": "male"}


class Speaker(NamedTuple):
    """A line of the table: `corpus` is empty, `gender` and `age` None, where they are not known."""

    corpus: str
    gender: str | None
    age: float | None


def find_labels(data):
    """Path of the `speakers.tsv` nearest to the recordings, in their folder or above it; None if there is none."""
    folder = Path(data).absolute()
    return next((place / NAME for place in (folder, *folder.parents) if (place / NAME).is_file()), None)


def read_labels(path):
    """Reads a `speakers.tsv`.

    Returns:
        dict of speaker -> list of Speaker: in several corpora, people can have the same name.

    Raises:
        NeuralCodecError: it is not text, or lacks a column.
    """
    speakers = {}
    try:
        with open(path, newline="", encoding="utf-8") as file:
            table = csv.DictReader(file, delimiter="\t")
            if not {"speaker", "gender"} <= set(table.fieldnames or ()):
                raise NeuralCodecError(f"'{path}' has no columns 'speaker' and 'gender', separated by tabs; "
                                       "correct it or move it away.")
            for line in table:
                speakers.setdefault(line["speaker"], []).append(
                    Speaker(line.get("corpus") or "", _GENDERS.get(line["gender"]), _age(line.get("age"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise NeuralCodecError(f"'{path}' is not a table in UTF-8; correct it or move it away.") from error
    return speakers


def groups(files, names, speakers):
    """Which recordings belong together.

    Args:
        files: paths of recordings.
        names: of the recordings, in the same order.
        speakers: as `read_labels` returns them.

    Returns:
        dict of group -> set of names: `GROUPS`, then the corpora by name; only those that have any recording.

    Example:
        >>> groups(["valid/corpus/ls40/a.flac"], ["a.flac"], {"ls40": [Speaker("corpus", "female", None)]})
        {'female': {'a.flac'}, 'corpus': {'a.flac'}}
    """
    members, corpora = {group: set() for group in GROUPS}, {}
    for path, name in zip(files, names):
        speaker = _speaker_of(path, speakers)
        if speaker is None:
            continue
        group = "child" if speaker.age is not None and speaker.age < ADULT else speaker.gender
        if group is not None:
            members[group].add(name)
        if speaker.corpus:
            corpora.setdefault(speaker.corpus, set()).add(name)
    return {group: found for group, found in {**members, **dict(sorted(corpora.items()))}.items() if found}


def _speaker_of(path, speakers):
    folders = Path(path).absolute().parent.parts
    candidates = (speaker for folder in reversed(folders) for speaker in speakers.get(folder, ()))
    return next((speaker for speaker in candidates if speaker.corpus in ("", *folders)), None)


def _age(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
