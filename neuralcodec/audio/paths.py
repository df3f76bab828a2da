"""Where bytes come from and go to: a path, standard input and output (`-`), or a binary file object.

Files are there completely or not at all, keep the permissions of what they replace, and never take the place of
something that was not there when the work began.
"""

import contextlib
import errno
import io
import os
import select
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from neuralcodec.audio.parts import exchange, lock, part_beside, put, sweep
from neuralcodec.errors import FormatError, NeuralCodecError, NotANacFileError, OutputError, OutputExistsError

_COPIED = 1 << 18  # bytes at once
_STANDARD = ("-", "/dev/stdin", "/dev/stdout", "/dev/stderr")
_DESCRIPTORS = ("/dev/fd/", "/proc/self/fd/")


def is_path(place):
    """Whether a place is given by a name, `-` included."""
    return isinstance(place, (str, os.PathLike))


def shown(path):
    """A name in quotes, fit to be shown: bytes that are no text, and characters that move a cursor, are spelt out."""
    return "'" + "".join(char if char.isprintable() else ascii(char)[1:-1] for char in os.fsdecode(path)) + "'"


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
        file = _open_stream(target, stack)
        yield file
        file.flush()


def is_stream(target):
    """Whether bytes go out as they come: a file object, standard output, a device, a pipe, a descriptor."""
    if not is_path(target) or os.fsdecode(target) in _STANDARD or os.fsdecode(target).startswith(_DESCRIPTORS):
        return True
    try:
        mode = os.stat(target).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _open_stream(target, stack):
    if not is_path(target):
        if isinstance(target, io.TextIOBase) or not hasattr(target, "write"):
            raise OutputError(f"A path or a binary file object ('wb') is needed, not {type(target).__name__}.")
        return _Stream(target)
    if os.fspath(target) in ("-", "/dev/stdout"):
        return _Stream(standard_output(), "Standard output")
    try:
        file = stack.enter_context(open(target, "wb", buffering=0))
    except OSError as error:
        raise OutputError(f"{shown(target)} cannot be written: {error.strerror}.", error.errno) from error
    _refuse_terminal(file, shown(target))
    return _Stream(file, shown(target))


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
        Path of an empty folder beside it, which takes its place when the block ends, and is removed if it raises.

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
    descriptor = os.open(part, os.O_RDONLY)
    try:
        lock(descriptor)
        with output_errors(path):
            yield part
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


def refuse_same(source, target):
    """Makes sure that an output does not replace its own input.

    Raises:
        OutputExistsError: both are the same file.
    """
    are_files = all(is_path(place) and os.path.isfile(place) for place in (source, target))
    if are_files and os.path.samefile(source, target):
        raise OutputExistsError(f"{shown(target)} is the input itself; choose another name for the output.")


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
