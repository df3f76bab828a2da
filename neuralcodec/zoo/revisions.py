"""Revisions of a preset: new weights under an old name, beside which the earlier ones stay, so that no file is lost.

The metadata has the number of a revision. Its newest lies in a folder of the preset's name, earlier ones beside it, in
`NAME@NUMBER`: `presets/cq-24k` and `presets/cq-24k@1`. That holds for presets that come with the package and for any
other folder.
"""

import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path

from neuralcodec.errors import NewerVersionError, PresetError
from neuralcodec.zoo.folder import METADATA
from neuralcodec.zoo.metadata import read_metadata, revision_of

_NUMBERED = re.compile(r"(.+)@([1-9]\d{0,8})", re.DOTALL | re.ASCII)


@dataclass(frozen=True)
class Revision:
    """One of the revisions of a preset.

    Args:
        name: of the preset.
        number: of the revision.
        hash: of its weights and tables, in hex.
        folder: Path.
    """

    name: str
    number: int
    hash: str
    folder: Path

    def __str__(self):
        return f"{self.name}@{self.number}"


def split_revision(name):
    """A name or path without its revision, and the number of that: None where there is none.

    Example:
        >>> split_revision("cq-24k@1"), split_revision("runs/mine")
        (('cq-24k', 1), ('runs/mine', None))
    """
    match = _NUMBERED.fullmatch(str(name))
    return (match[1], int(match[2])) if match else (str(name), None)


def revisions_beside(folder):
    """The revisions of a preset that lie beside each other; one whose metadata cannot be read is left out.

    Args:
        folder: Path of any of them.

    Returns:
        list of Revision, the newest first.
    """
    folder = Path(os.path.abspath(folder))
    name, _ = split_revision(folder.name)
    earlier = (path for path in folder.parent.glob(f"{glob.escape(name)}@*") if split_revision(path.name)[1])
    found = []
    for path in (folder.parent / name, *earlier):
        try:
            metadata = read_metadata(path / METADATA)
        except (PresetError, NewerVersionError):
            continue
        found.append(Revision(metadata["name"], revision_of(metadata), metadata["hash"], path))
    return sorted(found, key=lambda revision: revision.number, reverse=True)


def numbered(folder, number):
    """The folder of a revision of the preset in a folder, None if there is none of that number."""
    return next((revision.folder for revision in revisions_beside(folder) if revision.number == number), None)
