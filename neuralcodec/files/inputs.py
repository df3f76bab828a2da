"""Where bytes come from: a path, standard input (`-`), or a binary file object."""

import contextlib
import io
import os
import select
import stat
import tempfile

from neuralcodec.errors import FormatError, NeuralCodecError, NotANacFileError, OutputError
from neuralcodec.files.names import is_path, shown
from neuralcodec.files.streams import standard_input

_COPIED = 1 << 18  # bytes at once


class Input:
    """What is read: one open file for the whole work; what cannot be read a second time is copied.

    Args:
        source: path, `-` for standard input, or a binary file object.
        error: class of what is raised.
        expected: what the source should be, with its article, for messages.
        copies: whether to copy a file object that can seek, too, as its owner may do other things with it.

    Attributes:
        name: of the source, for messages.
        file: seekable binary file.
        is_empty: whether there is nothing in it.

    Raises:
        error: there is no such source, or it cannot be read.
    """

    def __init__(self, source, error, expected, copies=True):
        self._error, self._stack, self._regular = error, contextlib.ExitStack(), None
        try:
            self.file = self._open(source, expected, copies)
            start = self.file.tell()
            self.is_empty = not self.file.read(1)
            self.file.seek(start)
        except BaseException:
            self.close()
            raise
        self._before = self._state()

    def _open(self, source, expected, copies):
        if is_path(source):
            if os.fspath(source) == "-":
                self.name, stream = "Standard input", standard_input()
            else:
                self.name = shown(source)
                stream = self._open_path(source, expected)
                if self._regular:
                    return stream
        elif hasattr(source, "read"):
            self.name, stream = "The stream", source
        else:
            raise self._error(f"A path or a binary file object is needed, not {type(source).__name__}.")
        if isinstance(stream, io.TextIOBase):
            raise self._error(f"{self.name} is a text stream; open it in binary mode, 'rb'.")
        return self._copy(stream) if copies or not (hasattr(stream, "seekable") and stream.seekable()) else stream

    def _open_path(self, path, expected):
        try:
            raw = self._stack.enter_context(_InputFile(path, self.name, self._error))
        except IsADirectoryError as error:
            raise self._error(f"{self.name} is a folder, not {expected}.") from error
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a name with a NUL
            raise self._error(f"There is no file {self.name}.") from error
        except OSError as error:
            raise self._error(f"{self.name} cannot be opened: {error.strerror}.") from error
        self._regular = raw if stat.S_ISREG(os.fstat(raw.fileno()).st_mode) else None
        return io.BufferedReader(raw)

    def _copy(self, stream):
        try:
            copy = self._stack.enter_context(tempfile.TemporaryFile())
            while data := self._read(stream):
                copy.write(data)
            copy.seek(0)
        except OSError as error:
            if isinstance(error, NeuralCodecError):
                raise
            raise OutputError(f"{self.name} cannot be copied to a temporary folder: {error.strerror}; set TMPDIR to "
                              "one with room.", error.errno) from error
        return copy

    def _read(self, stream):
        try:
            while (data := stream.read(_COPIED)) is None:  # it does not wait by itself
                select.select([stream], [], [])
        except OSError as error:
            raise self._error(f"{self.name} cannot be read: {error.strerror}.") from error
        if isinstance(data, str):
            raise self._error(f"{self.name} is a text stream; open it in binary mode, 'rb'.")
        return data

    def _state(self):
        state = os.fstat(self._regular.fileno()) if self._regular else None
        return state and (state.st_size, state.st_mtime_ns)

    def check_unchanged(self):
        """Raises `error` if the file is not what it was when it was opened."""
        if self._state() != self._before:
            raise self._error(f"{self.name} changed while it was read; wait until it is complete, or give a copy.")

    def close(self):
        """Closes the file, and removes a copy."""
        self._stack.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class _InputFile(io.FileIO):
    """A file for reading whose errors name it."""

    def __init__(self, path, name, error):
        super().__init__(path)
        self._name, self._error = name, error

    def readinto(self, buffer):
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise self._error(f"{self._name} cannot be read: {error.strerror}.") from error


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
    with Input(source, FormatError, "a .nac file", copies=False) as opened:
        if opened.is_empty:
            raise NotANacFileError(f"{opened.name} is empty (0 bytes); a .nac file was expected.")
        yield opened.file
