"""The presets that come with the package."""

import math
from pathlib import Path

from neuralcodec.errors import NewerVersionError, PresetError, nearest_name
from neuralcodec.zoo.folder import METADATA
from neuralcodec.zoo.metadata import read_metadata
from neuralcodec.zoo.revisions import numbered, revisions_beside, split_revision


def bundled_directory():
    """The folder of the bundled presets: inside the package where it is installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed, checkout = package / "presets", package.parent / "presets"
    return installed if installed.is_dir() else checkout


def list_presets() -> list[str]:
    """Names of the presets that come with the package, in the order of their bitrates.

    Example:
        >>> neuralcodec.list_presets()
        ['cmrl-9k', 'cq-9k', 'cmrl-16k', 'cq-16k', 'cmrl-20k', 'cq-20k', 'cmrl-24k', 'cq-24k']
    """
    return sorted(_bundled(), key=lambda name: (_kbps(name), name))


def list_revisions():
    """Names of all presets that come with the package: each without a revision, then its earlier ones with theirs.

    Last come those that another preset has taken the place of: only revisions of them are left.

    Example:
        >>> list_revisions()
        ['cq-9k', 'cq-9k@1', 'cq-24k', 'cq-24k@1']
    """
    current = list_presets()
    retired = sorted(_names() - {*current})
    return [*(name for preset in current for name in (preset, *map(str, bundled_revisions(preset)[1:]))),
            *(str(revision) for preset in retired for revision in bundled_revisions(preset))]


def bundled_revisions(name):
    """The revisions of a preset that come with the package, the newest first; none if there is no such preset."""
    return revisions_beside(bundled_directory() / name) if name in _names() else []


def bundled_preset(name):
    """The folder of a bundled preset; None if there is none of that name.

    Args:
        name: with a revision or, for the newest, without.
    """
    name, number = split_revision(name)
    folder = bundled_directory() / name
    if number is None:
        return folder if name in _bundled() else None
    return numbered(folder, number) if name in _names() else None


def nearest_presets(name):
    """End of a message about a preset that is not there: which one may have been meant, else which there are.

    Args:
        name: what was asked for.
    """
    names = list_presets()
    near = nearest_name(str(name).rpartition("/")[2], names)
    return f"did you mean '{near}'?" if near else f"installed are: {', '.join(names) or 'none'}."


def _bundled():
    return [name for name in _folders() if split_revision(name)[1] is None]


def _names():
    """Of all presets of which there is a revision."""
    return {split_revision(name)[0] for name in _folders()}


def _folders():
    return [path.parent.name for path in bundled_directory().glob(f"*/{METADATA}")]


def _kbps(name):
    """The nominal bitrate; a preset that is damaged is listed all the same, as the last one."""
    try:
        return read_metadata(bundled_directory() / name / METADATA)["kbps"]
    except (PresetError, NewerVersionError):
        return math.inf
