"""Files of a folder from a stranger: there may be a link, a device or a hole of terabytes in the place of any."""

import os
import stat
from pathlib import Path

from neuralcodec.errors import PresetError

MAX_BYTES = 16 << 20  # of any file of a preset


def read_member(path, limit=MAX_BYTES):
    """Reads a file of a preset's folder, once it is known to be a regular one of a fair size.

    Links are followed to other files of the folder only, and in the Hub's cache from a snapshot to its own blobs.

    Args:
        path: of the file.
        limit: bytes that it may have.

    Returns:
        bytes.

    Raises:
        PresetError: it is missing, larger, no regular file, or a link that leads out of the folder.
    """
    path = Path(path)
    try:
        folder, target = Path(os.path.realpath(path.parent)), Path(os.path.realpath(path))
        if target.parent not in (folder, _blobs(folder)):
            raise PresetError(f"'{path}' is a link that leads out of its folder; put the file itself there.")
        _check(os.stat(target, follow_symlinks=False), path, limit)  # before it is opened: a device may act on that
        descriptor = os.open(target, os.O_RDONLY | _NO_SURPRISES)
        with open(descriptor, "rb") as file:
            state = os.fstat(descriptor)
            _check(state, path, limit)
            return file.read(state.st_size)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no name has a NUL in it"
        raise PresetError(f"'{path}' cannot be read ({reason}): this is no preset, or not a whole one; install it "
                          "again.") from error


# What comes in the place of a file between the look at it and its opening is not followed and not waited for.
_NO_SURPRISES = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _blobs(folder):
    """Where the Hub's cache keeps what the links in a snapshot point at; None for any other folder."""
    return folder.parent.parent / "blobs" if folder.parent.name == "snapshots" else None


def _check(state, path, limit):
    if not stat.S_ISREG(state.st_mode):
        raise PresetError(f"'{path}' is no regular file, which all files of a preset are; install the preset again.")
    if state.st_size > limit:
        raise PresetError(f"'{path}' is larger than any preset's ({limit:,} bytes); install the preset again.")
