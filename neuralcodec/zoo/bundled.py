"""The presets that come with the package."""

import difflib
from pathlib import Path

from neuralcodec.zoo.folder import METADATA


def bundled_directory():
    """The folder of the bundled presets: inside the package where it is installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed, checkout = package / "presets", package.parent / "presets"
    return installed if installed.is_dir() else checkout


def list_presets() -> list[str]:
    """Names of the presets that come with the package, sorted.

    Example:
        >>> neuralcodec.list_presets()
        ['cq-24k']
    """
    return sorted(path.parent.name for path in bundled_directory().glob(f"*/{METADATA}"))


def bundled_preset(name):
    """The folder of a bundled preset; None if there is none of that name."""
    return bundled_directory() / name if name in list_presets() else None


def nearest_presets(name):
    """End of a message about a preset that is not there: which ones come with the package."""
    names = list_presets()
    near = difflib.get_close_matches(str(name).rpartition("/")[2], names)
    return f"did you mean {' or '.join(near)}?" if near else f"installed are: {', '.join(names) or 'none'}."
