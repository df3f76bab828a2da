"""The end of a FLAC file (RFC 9639): whether its last frame is whole, and how long the recording is by that.

Every frame knows its place, so that the true length shows without decoding anything.
"""

import functools
import struct
from typing import NamedTuple

from neuralcodec.audio.window import Bytes, Finding

_INFO_BYTES = 34  # of the first block of metadata
_TOTAL = 13  # place in it of four bits and four bytes that count the samples
_SEARCHED = 1 << 20  # bytes before the end in which the last frame begins
_ID3V1_BYTES = 128
_BLOCK_SIZES = (0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)


class _Frame(NamedTuple):
    """A frame's header: its place in the file, and the samples that come before it and are in it."""

    offset: int
    first: int
    samples: int


def examine(window):
    """Compares the length in the header with the last frame.

    Args:
        window: Window, the whole file.

    Returns:
        Finding, or None for a file of another kind.
    """
    data = Bytes(window)
    start = _behind_id3(data)
    info = start + 8
    if data.get(start, 4) != b"fLaC" or data.get(start + 4, 1)[:1] not in (b"\x00", b"\x80"):
        return None
    audio = _behind_metadata(data, start + 4)
    fields = data.get(info, _INFO_BYTES)
    if audio is None or len(fields) < _INFO_BYTES:
        return Finding(window, is_empty=True)
    total = int.from_bytes(fields[_TOTAL:_TOTAL + 5], "big") & ((1 << 36) - 1)
    if audio >= data.size:
        return Finding(window, is_empty=total > 0)
    for mark in (b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22"):
        if (other := data.find(mark, audio)) >= 0:
            return Finding(window.cut(other), "is followed by another recording, and only the first {read:.3f} s were "
                           "read")
    return _compare(window, data, info, audio, total)


def _compare(window, data, info, audio, total):
    fixed, = struct.unpack(">H", data.get(info + 2, 2))
    end = data.size - (_ID3V1_BYTES if data.get(data.size - _ID3V1_BYTES, 3) == b"TAG" else 0)
    frame, is_whole = _last_frame(data, audio, end, fixed)
    if frame is None or total == frame.first + frame.samples:  # also where something foreign follows
        return Finding(window)
    length = frame.first + frame.samples if is_whole else frame.first
    if not length:
        return Finding(window, is_empty=True)
    head = data.get(info + _TOTAL, 1)[0] & 0xF0
    true_total = bytes([head | length >> 32]) + struct.pack(">I", length & 0xFFFFFFFF)
    mended = window.patched({info + _TOTAL: true_total}).cut(end if is_whole else frame.offset)
    if total > length:
        return Finding(mended, "ends after {read:.3f} s, before its header says ({stated:.3f} s)", total / length, True)
    if total:
        return Finding(mended, "goes on after its header says ({stated:.3f} s), and {read:.3f} s were read",
                       total / length)
    remark = "" if is_whole else "ends after {read:.3f} s, in the middle of a frame"
    return Finding(mended, remark, truncated=not is_whole)


def _behind_id3(data):
    header = data.get(0, 10)
    if header[:3] != b"ID3" or len(header) < 10 or max(header[6:]) > 0x7F:
        return 0
    return 10 + (header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9])


def _behind_metadata(data, at):
    """Offset of the first frame; None where the file ends before that."""
    is_last = False
    while not is_last:
        header = data.get(at, 4)
        if len(header) < 4:
            return None
        is_last = bool(header[0] & 0x80)
        at += 4 + int.from_bytes(header[1:], "big")
    return at if at <= data.size else None


def _last_frame(data, audio, end, fixed):
    """(the last frame that is there or begins, whether it is whole); (None, False) where none can be told."""
    low = max(audio, end - _SEARCHED)
    tail = data.get(low, end - low)
    begun, at = None, len(tail)
    while (at := tail.rfind(b"\xff", 0, at)) >= 0:
        frame = _frame(tail, at, low, fixed)
        if frame is None:
            continue
        if _crc(tail[at:], 16, 0x8005) == 0:  # that of a frame together with its own
            return frame, True
        if begun is not None and begun.first == frame.first + frame.samples:
            return begun, False
        begun = begun or frame
    return (begun, False) if begun is not None and begun.offset == audio else (None, False)


def _frame(data, at, low, fixed):
    """The header of a frame in some bytes that lie at `low`; None where there is none."""
    header = data[at:at + 16]
    if len(header) < 7 or header[1] & 0xFE != 0xF8:
        return None
    size_code, is_variable = header[2] >> 4, header[1] & 1
    count = 1 if header[4] < 0x80 else 8 - (header[4] ^ 0xFF).bit_length()
    place = 4 + count  # behind the number, which is written as UTF-8 writes characters
    extra = {6: 1, 7: 2}.get(size_code, 0)
    rest = place + extra + {12: 1, 13: 2, 14: 2}.get(header[2] & 15, 0)
    if count == 0 or count > 7 or len(header) <= rest or _crc(header[:rest + 1], 8, 0x07) != 0:
        return None
    number = header[4] & (0x7F if count == 1 else 0x7F >> count)
    for byte in header[5:place]:
        number = number << 6 | byte & 0x3F
    samples = int.from_bytes(header[place:place + extra], "big") + 1 if extra else _BLOCK_SIZES[size_code]
    return _Frame(low + at, number if is_variable else number * fixed, samples) if samples else None


def _crc(data, bits, polynomial):
    """Remainder of some bytes, the highest bit first; 0 for data followed by its own CRC."""
    table, mask, crc = _crc_table(bits, polynomial), (1 << bits) - 1, 0
    for byte in data:
        crc = (crc << 8 ^ table[crc >> (bits - 8) ^ byte]) & mask
    return crc


@functools.cache
def _crc_table(bits, polynomial):
    top, table = 1 << (bits - 1), []
    for value in range(0, 1 << bits, 1 << (bits - 8)):
        for _ in range(8):
            value = value << 1 ^ (polynomial | top << 1 if value & top else 0)
        table.append(value)
    return table
