"""Files that are there completely or not at all."""

import contextlib
import os
import secrets
from pathlib import Path

from neuralcodec.errors import NeuralCodecError, OutputExistsError


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
