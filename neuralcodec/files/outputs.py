"""Where bytes go to: a path, standard output (`-`), or a binary file object.

Files are there completely or not at all, keep the permissions of what they replace, and never take the place of
something that was not there when the work began.
"""

import contextlib
import errno
import io
import os
import stat
from pathlib import Path

from neuralcodec.errors import NeuralCodecError, OutputError, OutputExistsError
from neuralcodec.files.names import is_path, shown
from neuralcodec.files.parts import check_part, lock, part_beside, put, sweep
from neuralcodec.files.streams import is_stream, open_stream


@contextlib.contextmanager
def open_output(target, overwrite=False):
    """Opens a file for writing.

    Args:
        target: path, `-` for standard output, or a binary file object.
        overwrite: whether an existing file may be replaced.

    Yields:
        A binary file that takes all of what is written. A path is there completely or not at all; devices and pipes
        are written as the bytes come.

    Raises:
        OutputExistsError: the file is there and `overwrite` is False.
        OutputError: its folder is missing or cannot be written, or the disk is full.
    """
    if is_path(target) and not is_stream(target):
        with atomic_output(target, overwrite) as file:
            yield file
        return
    with contextlib.ExitStack() as stack:
        file = open_stream(target, stack)
        yield file
        file.flush()


@contextlib.contextmanager
def atomic_output(path, overwrite=False):
    """Writes a file that is there completely or not at all.

    Args:
        path: the file to write.
        overwrite: whether an existing file may be replaced; its permissions stay.

    Yields:
        A binary file in the same folder that only its owner can read, which takes the place of `path` when the block
        ends, and is removed if it raises.

    Raises:
        OutputExistsError: the output is there, or appears meanwhile, and `overwrite` is False.
        OutputError: the folder is missing or cannot be written, or the disk is full.

    Example:
        >>> with atomic_output("speech.nac") as file:
        ...     file.write(data)
    """
    target = check_output(path, overwrite)
    sweep(target)
    part, file = part_beside(target), None
    try:
        with output_errors(path):
            raw = _OutputFile(part, path)
        file = io.BufferedRandom(raw)
        with open(os.dup(raw.fileno()), "rb", buffering=0) as held:  # whoever writes may close the file
            lock(held.fileno())
            yield file
            file.close()
            with output_errors(path):
                _set_mode(held.fileno(), target)
                check_part(part, held.fileno())
        with output_errors(path):
            put(part, target, overwrite)
    except BaseException:
        with contextlib.suppress(Exception):  # what went wrong first is what matters
            file and file.close()
        with contextlib.suppress(OSError):
            part.unlink()
        raise


class _OutputFile(io.FileIO):
    """A new file that only its owner can read, whose errors name the file that it will be."""

    def __init__(self, part, path):
        super().__init__(part, "x+b", opener=lambda name, flags: os.open(name, flags, 0o600))
        self._path = path

    def write(self, data):
        with output_errors(self._path):
            return super().write(data)


def _set_mode(descriptor, target):
    """Permissions of the file that is replaced, or those of any new file."""
    if not hasattr(os, "fchmod"):  # Windows
        return
    try:
        before = os.stat(target)
    except FileNotFoundError:
        mask = os.umask(0o077)  # it can only be read by setting it
        os.umask(mask)
        os.fchmod(descriptor, 0o666 & ~mask)
        return
    with contextlib.suppress(OSError):  # only some may give a file away
        os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & 0o777)


def check_output(path, overwrite):
    """Makes sure that a file can be written, as far as that shows before.

    Returns:
        Path of the file itself: a link keeps pointing where it points.

    Raises:
        OutputExistsError: it is there and `overwrite` is False, or it is no regular file.
        OutputError: nothing can be called so.
    """
    name = os.fspath(path)
    try:
        target = Path(os.path.realpath(name))
        there = os.stat(target) if os.path.lexists(target) else None
        if there is None:
            os.stat(target.parent)  # tells what is wrong with a path
    except ValueError as error:
        raise OutputError(f"{shown(path)} cannot be written: no name has a NUL in it.") from error
    except OSError as error:
        raise OutputError(f"{shown(path)} cannot be written: {error.strerror}.", error.errno) from error
    if not name or (there is None and name.endswith(os.sep)) or (there and stat.S_ISDIR(there.st_mode)):
        raise OutputExistsError(f"{shown(path)} is a folder, not a regular file; choose another name.")
    if there is not None and not stat.S_ISREG(there.st_mode):
        raise OutputExistsError(f"{shown(path)} is not a regular file and cannot be replaced; choose another name.")
    if there is not None and not overwrite:
        raise OutputExistsError(f"{shown(path)} already exists; choose another name, or overwrite it with --force "
                                "(in Python: overwrite=True).")
    return target


def check_writable(path):
    """Makes sure, before long work, that a file or folder can be made, together with the folders that it is to lie in.

    Raises:
        OutputError: it cannot.
    """
    target = Path(os.path.realpath(path))
    with output_errors(path):
        folder = next(parent for parent in target.parents if os.path.lexists(parent))
        part = part_beside(folder / target.name)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        part.unlink()


def refuse_same(source, target):
    """Makes sure that an output does not replace its own input.

    Raises:
        OutputExistsError: both are the same file.
    """
    are_files = all(is_path(place) and os.path.isfile(place) for place in (source, target))
    if are_files and os.path.samefile(source, target):
        raise OutputExistsError(f"{shown(target)} is the input itself; choose another name for the output.")


@contextlib.contextmanager
def output_errors(path):
    """Turns what the system says while a file or folder is written into a sentence about it.

    Raises:
        OutputExistsError, OutputError: instead of OSError.
    """
    try:
        yield
    except NeuralCodecError:  # explained already
        raise
    except FileExistsError as error:
        raise OutputExistsError(f"{shown(path)} was written by another program meanwhile, and is left as it is; choose "
                                "another name, or overwrite it with --force (in Python: overwrite=True).") from error
    except OSError as error:
        raise OutputError(f"{shown(path)} cannot be written: {error.strerror or error}.", error.errno) from error


def is_full(error):
    """Whether an error, or what caused it, is a full disk: then nothing else can be written, either."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__
    return False


def reason_of(error):
    """Sentence about what went wrong with a file.

    Args:
        error: NeuralCodecError or OSError.
    """
    return str(error) if isinstance(error, NeuralCodecError) else f"{error.strerror or error}."
