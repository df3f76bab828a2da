"""Standard input and output, and targets that take bytes as they come: file objects, devices, pipes."""

import errno
import io
import os
import select
import stat
import sys

from neuralcodec.errors import NeuralCodecError, OutputError
from neuralcodec.files.names import is_path, shown

_STANDARD = ("-", "/dev/stdin", "/dev/stdout", "/dev/stderr")
_DESCRIPTORS = ("/dev/fd/", "/proc/self/fd/")


def is_stream(target):
    """Whether bytes go out as they come: a file object, standard output, a device, a pipe, a descriptor."""
    if not is_path(target) or os.fsdecode(target) in _STANDARD or os.fsdecode(target).startswith(_DESCRIPTORS):
        return True
    try:
        return _takes_bytes(os.stat(target))
    except (OSError, ValueError):
        return False


def _takes_bytes(state):
    """Whether a file is a device or a pipe."""
    return stat.S_ISCHR(state.st_mode) or stat.S_ISFIFO(state.st_mode)


def open_stream(target, stack):
    if not is_path(target):
        if isinstance(target, io.TextIOBase) or not hasattr(target, "write"):
            raise OutputError(f"A path or a binary file object ('wb') is needed, not {type(target).__name__}.")
        return _Stream(target)
    if os.fspath(target) in ("-", "/dev/stdout"):
        return _Stream(standard_output(), "Standard output")
    try:
        file = stack.enter_context(open(target, "wb", buffering=0, opener=_open_as_it_is))
    except OSError as error:
        raise OutputError(f"{shown(target)} cannot be written: {error.strerror}.", error.errno) from error
    _refuse_terminal(file, shown(target))
    return _Stream(file, shown(target))


def _open_as_it_is(name, flags):
    """Opens a device, pipe or descriptor; a file that stands there by now is neither made nor emptied.

    Raises:
        OSError: there is one.
    """
    if name.startswith(_DESCRIPTORS) or name in _STANDARD:
        return os.open(name, flags)
    descriptor = os.open(name, flags & ~(os.O_CREAT | os.O_TRUNC))
    if not _takes_bytes(os.fstat(descriptor)):
        os.close(descriptor)
        raise OSError(errno.ESTALE, "another program put a file in its place")
    return descriptor


class _Stream:
    """A stream that takes all of what is written, also where it takes only a part at a time.

    Args:
        file: binary file object.
        name: for messages; None for that of a caller, who gets its own errors back.
    """

    def __init__(self, file, name=None):
        self._file, self._name = file, name

    def write(self, data):
        left = memoryview(data).cast("B")
        while left:
            left = left[self._explained(self._write_some, bytes(left)):]
        return len(data)

    def flush(self):
        while hasattr(self._file, "flush"):
            try:
                return self._explained(self._file.flush)
            except BlockingIOError:
                select.select([], [self._file], [])

    def _write_some(self, data):
        try:
            written = self._file.write(data)
        except BlockingIOError as error:
            written = error.characters_written or None
        if written is None and not isinstance(self._file, (io.RawIOBase, io.BufferedIOBase)):
            return len(data)  # objects of one's own may return nothing
        if not written:  # it does not wait by itself
            select.select([], [self._file], [])
        return written or 0

    def _explained(self, action, *arguments):
        try:
            return action(*arguments)
        except (BrokenPipeError, BlockingIOError):  # the reader has gone, or is busy
            raise
        except OSError as error:
            if self._name is None:
                raise
            raise OutputError(f"{self._name} cannot be written: {error.strerror}.", error.errno) from error


def standard_input():
    """Standard input as a binary file; NeuralCodecError where there is none, or somebody would have to type it."""
    stream = _binary(sys.stdin, "input")
    if stream.isatty():
        raise NeuralCodecError("Standard input is a terminal; pipe a file into it, or name one instead of '-'.")
    return stream


def standard_output():
    """Standard output as a binary file; NeuralCodecError where there is none, or it would go to a screen."""
    stream = _binary(sys.stdout, "output")
    _refuse_terminal(stream, "Standard output")
    sys.stdout.flush()
    return getattr(stream, "raw", stream)  # where a failed write leaves nothing to be written once more at the end


def _binary(stream, name):
    if stream is None:
        raise NeuralCodecError(f"Standard {name} is closed; name a file instead of '-'.")
    if not hasattr(stream, "buffer"):
        raise NeuralCodecError(f"Standard {name} is no binary stream here; name a file instead of '-'.")
    return stream.buffer


def _refuse_terminal(stream, name):
    if stream.isatty():
        raise NeuralCodecError(f"{name} is a terminal, which cannot show this; pipe it into a file or program, or name "
                               "a file with -o.")
