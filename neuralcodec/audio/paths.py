"""Where bytes come from and go to: a path, standard input and output (`-`), or a binary file object.

Files are there completely or not at all.
"""

import contextlib
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from neuralcodec.errors import (
    FormatError,
    NeuralCodecError,
    NotANacFileError,
    OutputExistsError,
)


@contextlib.contextmanager
def open_nac(source):
    """Opens a .nac file for reading.

    Args:
        source: path, `-` for standard input, or a binary file object.

    Yields:
        A seekable binary file; what comes from a pipe is kept in a temporary file.

    Raises:
        FormatError: the file is missing, empty or cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        if not isinstance(source, (str, os.PathLike)):
            name, file = "The stream", source
        elif str(source) == "-":
            name, file = "Standard input", standard_input()
        else:
            name, file = f"'{source}'", stack.enter_context(_open(source))
        if not file.seekable():
            spool = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, spool)
            spool.seek(0)
            file = spool
        if not file.read(1):
            raise NotANacFileError(f"{name} is empty (0 bytes); a .nac file was expected.")
        file.seek(-1, os.SEEK_CUR)
        yield file


def _open(path):
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        raise FormatError(f"There is no file '{path}'.") from error
    except OSError as error:
        raise FormatError(f"'{path}' cannot be opened: {error.strerror}.") from error


@contextlib.contextmanager
def open_output(target, overwrite=False):
    """Opens a file for writing.

    Args:
        target: path, `-` for standard output, or a binary file object.
        overwrite: whether an existing file may be replaced.

    Yields:
        A binary file. A path is there completely or not at all.

    Raises:
        OutputExistsError: the file is there and `overwrite` is False.
        NeuralCodecError: its folder is missing or cannot be written.
    """
    if not isinstance(target, (str, os.PathLike)):
        yield target
    elif str(target) == "-":
        file = standard_output()
        yield file
        file.flush()
    else:
        with atomic_output(target, overwrite) as file:
            yield file


def refuse_same(source, target):
    """Makes sure that an output does not replace its own input.

    Raises:
        OutputExistsError: both are the same file.
    """
    are_paths = all(isinstance(path, (str, os.PathLike)) and str(path) != "-" for path in (source, target))
    if are_paths and os.path.exists(source) and os.path.exists(target) and os.path.samefile(source, target):
        raise OutputExistsError(f"'{target}' is the input itself; choose another name for the output.")


@contextlib.contextmanager
def atomic_output(path, overwrite=False):
    """Write a file that is there completely or not at all.

    Args:
        path: the file to write.
        overwrite: whether an existing file may be replaced.

    Yields:
        A binary file in the same folder, renamed to `path` when the block ends, removed if it raises.

    Raises:
        OutputExistsError: the output is there and `overwrite` is False.
        NeuralCodecError: the folder is missing or cannot be written.

    Example:
        >>> with atomic_output("speech.nac") as file:
        ...     file.write(data)
    """
    with beside(path, overwrite) as temporary, open(temporary, "r+b") as file:
        yield file


@contextlib.contextmanager
def beside(path, overwrite):
    """Yield the path of an empty temporary file that takes the place of `path` in the end."""
    target = check_output(path, overwrite)
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        try:
            open(temporary, "xb").close()  # not tempfile: that would make the output unreadable to others
        except OSError as error:
            raise NeuralCodecError(f"'{path}' cannot be written: {error.strerror}.") from error
        yield temporary
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_output(path, overwrite):
    target = Path(os.path.realpath(path))  # a link keeps pointing where it points
    if target.exists() and not target.is_file():
        raise OutputExistsError(f"'{path}' is not a regular file and cannot be replaced; choose another name.")
    if target.exists() and not overwrite:
        raise OutputExistsError(f"'{path}' already exists; choose another name, or overwrite it with --force "
                                "(in Python: overwrite=True).")
    return target


def standard_input():
    """Standard input; NeuralCodecError where the process was started without one."""
    return _binary(sys.stdin, "input")


def standard_output():
    """Standard output; NeuralCodecError where the process was started without one."""
    return _binary(sys.stdout, "output")


def _binary(stream, name):
    if stream is None:
        raise NeuralCodecError(f"Standard {name} is closed; name a file instead of '-'.")
    return stream.buffer
