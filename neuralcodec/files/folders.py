"""Folders: made where there is none, and written completely or not at all."""

import contextlib
import os
import shutil
import stat
from pathlib import Path

from neuralcodec.errors import OutputError
from neuralcodec.files.names import shown
from neuralcodec.files.outputs import output_errors
from neuralcodec.files.parts import check_part, exchange, lock, part_beside, sweep


def make_folder(folder):
    """Makes a folder for outputs, where there is none.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        os.makedirs(folder, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"The folder {shown(folder)} cannot be made: a file is called so.", error.errno) from error
    except (OSError, ValueError) as error:
        reason, number = getattr(error, "strerror", None) or error, getattr(error, "errno", None)
        raise OutputError(f"The folder {shown(folder)} cannot be made: {reason}.", number) from error


@contextlib.contextmanager
def atomic_folder(path, overwrite=False):
    """Writes a folder that is there completely or not at all; one that it replaces stays until it is complete.

    Args:
        path: the folder to write.
        overwrite: whether a folder with something in it may be replaced.

    Yields:
        Path of an empty folder beside it, which takes its place when the block ends, and is removed if it raises. Where
        the system can, it leads to the folder by its descriptor, whatever is put in the place of its name.

    Raises:
        OutputExistsError: there is one with something in it, also one that appears meanwhile, and it is not to be
            replaced.
        OutputError: it cannot be written.
    """
    target = Path(os.path.realpath(path))
    make_folder(target.parent)
    sweep(target)
    part = part_beside(target)
    with output_errors(path):
        part.mkdir()
        descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        lock(descriptor)
        by_descriptor = Path(f"/proc/self/fd/{descriptor}")
        with output_errors(path):
            yield by_descriptor if by_descriptor.is_dir() else part
            check_part(part, descriptor)
            _take_place(part, target, overwrite)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        os.close(descriptor)


def _take_place(part, target, overwrite):
    """What os.replace does for files."""
    if os.path.isdir(target):
        part.chmod(stat.S_IMODE(target.stat().st_mode))
    if not os.path.isdir(target) or not os.listdir(target):
        part.rename(target)
    elif not overwrite:
        raise FileExistsError
    elif not exchange(part, target):  # two steps, where the system has no other way
        old = part_beside(target).with_suffix(".old")  # never swept
        target.rename(old)
        try:
            part.rename(target)
        except BaseException:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
