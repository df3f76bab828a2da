"""A file as it should have been: parts of it, and bytes that take the place of wrong ones, read as one."""

import bisect
import io
import itertools
import os
import threading
from typing import NamedTuple

_CHUNK = 1 << 20


class Window(io.RawIOBase):
    """A view of a file that several readers can have at the same time, each with a position of its own.

    An error while reading is kept in `error` and looks like the end of the file: what libsndfile calls must not raise.

    Args:
        file: seekable binary file that nobody else reads.
        parts: list of bytes and of `range`s of the file, in order; by default the whole file.

    Example:
        >>> window = Window(file).patched({40: struct.pack("<I", 32000)})
        >>> soundfile.SoundFile(window)
    """

    _lock = threading.Lock()  # between going to a place in the file and reading there

    def __init__(self, file, parts=None):
        self._file = file
        self._parts = [part for part in (parts if parts is not None else [range(_size(file))]) if len(part)]
        self._starts = list(itertools.accumulate(map(len, self._parts), initial=0))
        self._at = 0
        self.error = None

    @property
    def size(self):
        """Bytes in all."""
        return self._starts[-1]

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._at

    def seek(self, offset, whence=os.SEEK_SET):
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer):
        """Fills the buffer, also from several parts: libsndfile takes less for the end."""
        done = 0
        try:
            while done < len(buffer) and (data := self._next(len(buffer) - done)):
                buffer[done:done + len(data)] = data
                self._at += len(data)
                done += len(data)
        except Exception as error:
            self.error = error
        return done

    def _next(self, count):
        """Up to `count` bytes from the current place on, of one part."""
        if self._at >= self.size or not count:
            return b""
        number = bisect.bisect_right(self._starts, self._at) - 1
        part, inside = self._parts[number], self._at - self._starts[number]
        if isinstance(part, bytes):
            return part[inside:inside + count]
        with self._lock:
            self._file.seek(part.start + inside)
            return self._file.read(min(count, len(part) - inside))

    def again(self):
        """The same view from its beginning."""
        return Window(self._file, self._parts)

    def joined(self, parts):
        """Another view of the same file.

        Args:
            parts: list of bytes, and of `range`s of this view.
        """
        pieces = (self._within(part) if isinstance(part, range) else [part] for part in parts)
        return Window(self._file, [piece for several in pieces for piece in several])

    def patched(self, patches):
        """The same view with other bytes in some places.

        Args:
            patches: dict of offset -> bytes.
        """
        parts, at = [], 0
        for offset, data in sorted(patches.items()):
            parts += [range(at, offset), data]
            at = offset + len(data)
        return self.joined([*parts, range(at, self.size)])

    def cut(self, stop):
        """The same view without what comes after an offset."""
        return self.joined([range(min(stop, self.size))])

    def _within(self, wanted):
        """Yields the pieces of this view's parts that make up a range of it."""
        for part, start in zip(self._parts, self._starts):
            low, high = max(wanted.start, start) - start, min(wanted.stop, start + len(part)) - start
            if low < high:
                yield part[low:high]


class Bytes:
    """Bytes of a window by their offsets, read in large pieces."""

    def __init__(self, window):
        self._window = window.again()
        self.size = window.size
        self._start, self._data = 0, b""

    def get(self, offset, count):
        """`count` bytes from `offset` on, fewer at the end; `count` is at most a mebibyte."""
        if not self._start <= offset <= offset + count <= self._start + len(self._data):
            self._start, self._data = offset, self._read(offset)
        inside = offset - self._start
        return self._data[inside:inside + count]

    def _read(self, offset):
        self._window.seek(offset)
        pieces, left = [], _CHUNK
        while left and (piece := self._window.read(left)):
            pieces.append(piece)
            left -= len(piece)
        if self._window.error is not None:
            raise self._window.error
        return b"".join(pieces)

    def find(self, pattern, start):
        """Offset of the first `pattern` (bytes) from an offset on; -1 where there is none."""
        while start < self.size:
            data = self.get(start, min(_CHUNK, self.size - start))
            found = data.find(pattern)
            if found >= 0:
                return start + found
            start += max(1, len(data) - len(pattern) + 1)
        return -1

    def search(self, pattern, start):
        """Offset of the first match of two bytes (a compiled pattern) from an offset on; None where there is none."""
        while start < self.size:
            data = self.get(start, min(_CHUNK, self.size - start))
            found = pattern.search(data)
            if found is not None:
                return start + found.start()
            start += max(1, len(data) - 1)
        return None


class Finding(NamedTuple):
    """What a look at a file's structure brings to light.

    Args:
        window: what libsndfile is to read.
        remark: what is to be said about it, with {read} and {stated} in the places of seconds; empty for nothing.
        ratio: length that the header states, relative to the real one; None where it states none.
        truncated: whether the header states more than there is.
        is_empty: whether there is a header and nothing behind it.
        damage: seconds at which something is wrong that cannot be passed over, or None.
    """

    window: Window
    remark: str = ""
    ratio: float | None = None
    truncated: bool = False
    is_empty: bool = False
    damage: float | None = None


def _size(file):
    return file.seek(0, os.SEEK_END)
