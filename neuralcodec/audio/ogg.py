"""The pages of an Ogg file (RFC 3533): whether all are there and whole, and where the recording ends.

Decoders pass over pages that are missing or damaged without a word, and over those that follow a stream's last page.
"""

import struct
import zlib
from typing import NamedTuple

from neuralcodec.audio.window import Bytes, Finding

_CAPTURE, _HEADER = b"OggS", struct.Struct("<4sBBqIIIB")
_FIRST, _LAST = 2, 4  # flags of a stream's first and last page
_AUDIO = {b"\x01vorbis": (12, None), b"OpusHead": (None, 48000)}  # where its first packet tells the rate, or the rate
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _Page(NamedTuple):
    """A page: its place, flags, granule position (samples up to its end), stream, number and lengths of segments."""

    offset: int
    flags: int
    granule: int
    serial: int
    number: int
    segments: bytes

    @property
    def body(self):
        return self.offset + _HEADER.size + len(self.segments)

    @property
    def end(self):
        return self.body + sum(self.segments)


def examine(window):
    """Walks through the pages of the first recording.

    Args:
        window: Window, the whole file.

    Returns:
        Finding, or None for a file of another kind.
    """
    data = Bytes(window)
    if data.get(0, 4) != _CAPTURE:
        return None
    serial, rate = _find_audio(data)
    if not rate:
        return None
    at, number, granule, remark = 0, 0, 0, ""
    while at < data.size:
        page = _page(data, at)
        if page is None:
            return _broken(window, data, at, serial, granule / rate)
        at = page.end
        if page.serial != serial:
            continue
        if page.number != number and granule:
            return Finding(window, damage=granule / rate)
        if page.number != number:  # as of a broadcast that somebody tuned in to
            remark = "begins in the middle of a stream, and {read:.3f} s were read"
        number, granule = page.number + 1, max(granule, page.granule)
        if page.flags & _LAST:
            return _ended(window, data, at, remark)
    return Finding(window, "ends after {read:.3f} s without the mark of its end", truncated=True)


def _find_audio(data):
    """(number of the stream of sound, its rate); the first pages of all streams come first."""
    at = 0
    while (page := _page(data, at)) is not None and page.flags & _FIRST:
        start = data.get(page.body, 16)
        for magic, (place, rate) in _AUDIO.items():
            if start.startswith(magic):
                return page.serial, rate or int.from_bytes(start[place:place + 4], "little")
        at = page.end
    return None, None


def _ended(window, data, end, remark):
    """What comes after the last page: pages of other streams may, and other recordings."""
    while (page := _page(data, end)) is not None and not page.flags & _FIRST:
        end = page.end
    if page is not None:
        return Finding(window.cut(end), "is followed by another recording, and only the first {read:.3f} s were read")
    return Finding(window, remark)


def _broken(window, data, at, serial, seconds):
    """Damage in the middle, or the end of a file that was cut off."""
    place = at
    while (place := data.find(_CAPTURE, place + 1)) >= 0:
        page = _page(data, place)
        if page is not None and page.serial == serial:
            return Finding(window, damage=seconds)
    rest = _whole_packets(data, at, serial)
    mended = window.joined([range(at), rest])
    return Finding(mended, "ends after {read:.3f} s, in the middle of a page", truncated=True)


def _whole_packets(data, at, serial):
    """The packets that are there of a page that is cut off, as a page."""
    page = _page(data, at, is_whole=False)
    if page is None or page.serial != serial:
        return b""
    room, count, used = data.size - page.body, 0, 0
    for place in range(len(page.segments)):
        used += page.segments[place]
        if used > room:
            break
        if page.segments[place] < 255:  # a packet ends
            count = place + 1
    if not count:
        return b""
    segments = page.segments[:count]
    fields = [_CAPTURE, 0, page.flags & ~_LAST, page.granule, page.serial, page.number]
    body = segments + data.get(page.body, sum(segments))
    crc = _crc(_HEADER.pack(*fields, 0, count) + body)
    return _HEADER.pack(*fields, crc, count) + body


def _page(data, at, is_whole=True):
    """The page at an offset; None where there is none that is whole."""
    header = data.get(at, _HEADER.size)
    if len(header) < _HEADER.size:
        return None
    capture, version, flags, granule, serial, number, crc, count = _HEADER.unpack(header)
    segments = data.get(at + _HEADER.size, count)
    if capture != _CAPTURE or version != 0 or len(segments) < count:
        return None
    page = _Page(at, flags, granule, serial, number, segments)
    if is_whole:
        content = data.get(at, page.end - at)
        if len(content) < page.end - at or _crc(content[:22] + bytes(4) + content[26:]) != crc:
            return None
    return page


def _crc(data):
    """CRC-32 of a page: the polynomial of zlib's, but the highest bit first, and nothing inverted."""
    mirrored = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
