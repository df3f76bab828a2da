"""The frames of an MP3 file (MPEG-1 and 2, layers I to III): whether they follow each other, and how many there are.

libmpg123 stops at a damaged stretch, or passes over it without a word; where no header tells the number of frames, the
length is guessed and what comes after it is not read. So damaged stretches are left out here, and told, and the view
that is read begins with a header of the true length.
"""

import re
import struct
from typing import NamedTuple

from neuralcodec.audio.window import Bytes, Finding

_KBPS = {  # by (MPEG-1, layer); the first is of a free format
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44100, 48000, 32000)
_SEARCHED = 1 << 16  # bytes in which the first frame is looked for
_TOLD = 3  # places of damage that a message lists
_ID3V1_BYTES = 128


class _Frame(NamedTuple):
    """A frame's header: bytes and samples of the frame, and what all frames of a recording have in common."""

    size: int
    samples: int
    rate: int
    layer: int
    is_mpeg1: bool
    is_mono: bool

    @property
    def kind(self):
        return self[1:]

    @property
    def contents_at(self):
        """Where a first frame may hold a table of contents instead of sound: after the side information."""
        return 4 + ((17 if self.is_mono else 32) if self.is_mpeg1 else (9 if self.is_mono else 17))


class _Scan:
    """What is in a file, from its first frame on.

    Attributes:
        header, first: its header, as bytes and in parts.
        contents: bytes of a first frame that holds a table of contents instead of sound; empty where there is none.
        good: list of ranges of frames that are whole.
        count: number of these frames.
        gaps: list of (frames before it, bytes) of the stretches that hold none.
        missing: bytes of the last frame that are not there.
        changes: whether frames of another kind follow.
    """

    def __init__(self, data, start):
        self.header = data.get(start, 4)
        self.first = _parsed(self.header)
        self.contents, self.good, self.count, self.gaps, self.missing, self.changes = b"", [], 0, [], 0, False
        self._sync = re.compile(b"\xff[" + bytes([self.header[1] & 0xFE, self.header[1] | 1]) + b"]")
        at = start
        while at is not None:
            at = self._step(data, at)

    def _step(self, data, at):
        """Takes what lies at an offset; returns that of what comes next, None at the end."""
        frame = _frame(data, at)
        if frame is None or frame.kind != self.first.kind:
            return self._step_over(data, at, frame)
        if at + frame.size > data.size:
            self.missing = at + frame.size - data.size
            return None
        if data.get(at + frame.contents_at, 4) in (b"Xing", b"Info"):
            self.contents = self.contents or (data.get(at, frame.size) if not self.count else b"")
        else:
            self._add(at, frame.size)
        return at + frame.size

    def _add(self, at, size):
        if self.good and self.good[-1].stop == at:
            self.good[-1] = range(self.good[-1].start, at + size)
        else:
            self.good.append(range(at, at + size))
        self.count += 1
        self._last_size = size

    def _step_over(self, data, at, frame):
        if (behind := _behind_tag(data, at)) > at:
            return behind
        if frame is not None and _follow(data, at, 3):
            self.changes = True
            return None
        found = self._resync(data, at + 1)
        if found is None:
            return None
        if self.good and self.good[-1].stop == at:  # what follows it is wrong, so it may be, too
            at -= self._last_size
            self.good[-1] = range(self.good[-1].start, at)
            self.count -= 1
        self.gaps.append((self.count, found - at))
        return found

    def _resync(self, data, at):
        while (at := data.search(self._sync, at)) is not None:
            frame = _frame(data, at)
            if frame is not None and frame.kind == self.first.kind and _follow(data, at, 3):
                return at
            at += 1
        return None


def examine(window):
    """Walks through the frames.

    Args:
        window: Window, the whole file.

    Returns:
        Finding, or None for a file of another kind or of a free bitrate.
    """
    data = Bytes(window)
    start = _behind_tag(data, 0)
    at = _first_frame(data, start)
    if at is None:
        return None
    scan = _Scan(data, at)
    if not scan.count:
        return Finding(window, is_empty=True)
    stated = _stated(scan)
    is_simple = len(scan.good) == 1 and not scan.gaps and not scan.changes and at == start
    if is_simple and stated == scan.count:
        return Finding(window)
    is_short = bool(scan.missing) or (not scan.gaps and stated is not None and stated > scan.count)
    mended = window.joined([range(start), _contents(scan, is_short), *scan.good])
    return Finding(mended, _remark(scan, stated, is_short), truncated=is_short)


def _remark(scan, stated, is_short):
    remarks, seconds = [], scan.first.samples / scan.first.rate
    if scan.gaps:
        places = [f"{before * seconds:.3f}" for before, _ in scan.gaps]
        more = f" and {len(places) - _TOLD} more places" if len(places) > _TOLD else ""
        remarks.append(f"is damaged at {', '.join(places[:_TOLD])} s{more} "
                       f"({sum(count for _, count in scan.gaps)} bytes are left out there)")
    if scan.changes:
        remarks.append("is followed by another recording, and only the first {read:.3f} s were read")
    elif is_short and stated:
        remarks.append(f"ends after {{read:.3f}} s, before its header says ({stated * seconds:.3f} s)")
    elif is_short:
        remarks.append("ends after {read:.3f} s, in the middle of a frame")
    elif stated is not None and stated < scan.count:
        remarks.append(f"goes on after its header says ({stated * seconds:.3f} s), and {{read:.3f}} s were read")
    return " and ".join(remarks)


def _stated(scan):
    """Number of frames by the table of contents; None where there is none that tells it."""
    at = scan.first.contents_at + 4
    flags = scan.contents[at:at + 4]
    return int.from_bytes(scan.contents[at + 4:at + 8], "big") if flags and flags[3] & 1 else None


def _contents(scan, is_short):
    """A first frame with the true number of frames and bytes."""
    at, size = scan.first.contents_at, sum(map(len, scan.good))
    flags = scan.contents[at + 7:at + 8]
    if not flags or flags[0] & 3 != 3:
        return _new_contents(scan, size)
    frame = bytearray(scan.contents)
    frame[at + 8:at + 16] = struct.pack(">II", scan.count, size + len(frame))
    encoder = at + 16 + (100 if flags[0] & 4 else 0) + (4 if flags[0] & 8 else 0)
    if is_short and len(frame) >= encoder + 24:  # the padding that it tells to take off the end is not there
        frame[encoder + 22] &= 0xF0
        frame[encoder + 23] = 0
    return bytes(frame)


def _new_contents(scan, size):
    """A table of contents for a recording without one; nothing for layers that know none."""
    if scan.first.layer != 3:
        return b""
    header = bytes([0xFF, scan.header[1] | 1, 0x90 | scan.header[2] & 0x0C, scan.header[3]])  # no CRC, large enough
    frame = _parsed(header)
    start = header.ljust(frame.contents_at, b"\0") + b"Info" + struct.pack(">III", 3, scan.count, size + frame.size)
    return start.ljust(frame.size, b"\0")


def _first_frame(data, start):
    """Offset of the first frame; None where there is none."""
    if _follow(data, start, 2):
        return start
    sync = re.compile(b"\xff[\xe0-\xff]")
    at, stop = start, start + _SEARCHED
    while (at := data.search(sync, at)) is not None and at < stop:
        if _follow(data, at, 4):
            return at
        at += 1
    return None


def _follow(data, at, count):
    """Whether frames of one kind follow each other, `count` of them or as many as there are up to the end."""
    first = frame = _frame(data, at)
    while frame is not None and frame.kind == first.kind and count:
        at, count = at + frame.size, count - 1
        if at >= data.size:
            return True
        frame = _frame(data, at)
    return not count


def _frame(data, at):
    """The header of a frame at an offset; None where there is none."""
    return _parsed(data.get(at, 4))


def _parsed(header):
    if len(header) < 4 or header[0] != 0xFF or header[1] < 0xE0:
        return None
    version, layer, index, rate = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3), header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or index in (0, 15) or rate == 3:
        return None
    is_mpeg1, padding = version == 3, header[2] >> 1 & 1
    rate = _RATES[rate] // {3: 1, 2: 2, 0: 4}[version]
    bits = 1000 * _KBPS[is_mpeg1, layer][index]
    samples = {1: 384, 2: 1152, 3: 1152 if is_mpeg1 else 576}[layer]
    size = (12 * bits // rate + padding) * 4 if layer == 1 else samples // 8 * bits // rate + padding
    return _Frame(size, samples, rate, layer, is_mpeg1, header[3] >> 6 == 3)


def _behind_tag(data, at):
    """Offset behind a tag (ID3v1, ID3v2, APE) at an offset, or the same offset."""
    header = data.get(at, 32)
    if header[:3] == b"TAG":
        return at + _ID3V1_BYTES
    if header[:3] == b"ID3" and len(header) >= 10 and max(header[6:10]) < 0x80:
        size = header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9]
        return at + 10 + size + (10 if header[5] & 0x10 else 0)
    if header[:8] == b"APETAGEX" and len(header) == 32:
        return at + 32 + (int.from_bytes(header[12:16], "little") if header[23] & 0x20 else 0)
    return at
