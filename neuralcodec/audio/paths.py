"""Where bytes come from and go to: a path, standard input and output (`-`), or a binary file object."""

import contextlib
import os
import shutil
import tempfile

from neuralcodec.audio import atomic_output
from neuralcodec.audio.standard import standard_input, standard_output
from neuralcodec.errors import FormatError, NotANacFileError, OutputExistsError


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
