"""The pages of an Ogg file (RFC 3533): whether all are there and whole, and where the recording ends.

Decoders pass over pages that are missing or damaged without a word, and over those that follow a stream's last page.
"""

import struct
import zlib
from typing import NamedTuple

from neuralcodec.audio.window import Bytes, Finding

_CAPTURE, _HEADER = b"OggS", struct.Struct("<4sBBqIIIB")
_CONTINUED, _FIRST, _LAST = 1, 2, 4  # flags of a page that begins within a packet, and of a stream's first and last
_OPUS_RATE = 48000  # in which Opus counts, whatever it was made from
_TRIED = 1000  # places behind damage that look like a page
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _Stream(NamedTuple):
    """The stream of sound among those of a file: its number, the rate in which it counts, and whether it is Opus."""

    serial: int
    rate: int
    is_opus: bool


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
    stream = _find_sound(data)
    if stream is None:
        return None
    at, number, granule, remark = 0, 0, 0, ""
    while at < data.size:
        page = _page(data, at)
        if page is None:
            return _broken(window, data, at, stream, granule)
        at = page.end
        if page.serial != stream.serial:
            continue
        if page.number != number and granule:
            return Finding(window, damage=granule / stream.rate)
        if page.number != number:  # as of a broadcast that somebody tuned in to
            remark = "begins in the middle of a stream, and {read:.3f} s were read"
        number, granule = page.number + 1, max(granule, page.granule)
        if page.flags & _LAST:
            return _ended(window, data, at, remark)
    return Finding(window, "ends after {read:.3f} s without the mark of its end", truncated=True, is_empty=not granule)


def _find_sound(data):
    """The first stream of sound; the first pages of all streams come first."""
    at = 0
    while (page := _page(data, at)) is not None and page.flags & _FIRST:
        start = data.get(page.body, 16)
        if start.startswith(b"OpusHead"):
            return _Stream(page.serial, _OPUS_RATE, True)
        rate = int.from_bytes(start[12:16], "little")
        if start.startswith(b"\x01vorbis") and rate:
            return _Stream(page.serial, rate, False)
        at = page.end
    return None


def _ended(window, data, end, remark):
    """What comes after the last page: pages of other streams may, and other recordings."""
    while (page := _page(data, end)) is not None and not page.flags & _FIRST:
        end = page.end
    if page is not None:
        return Finding(window.cut(end), "is followed by another recording, and only the first {read:.3f} s were read")
    return Finding(window, remark)


def _broken(window, data, at, stream, granule):
    """Damage in the middle, or the end of a file that was cut off."""
    place = at
    for _ in range(_TRIED):
        place = data.find(_CAPTURE, place + 1)
        page = _page(data, place) if place >= 0 else None
        if page is not None and page.serial == stream.serial:
            return Finding(window, damage=granule / stream.rate)
        if place < 0:
            break
    rest = _whole_packets(data, at, stream, granule)
    return Finding(window.joined([range(at), rest]), "ends after {read:.3f} s, in the middle of a page", truncated=True,
                   is_empty=not granule and not rest)


def _whole_packets(data, at, stream, granule):
    """The packets that are there of a page that is cut off, as a page; `granule` is where it begins."""
    page = _page(data, at, is_whole=False)
    if page is None or page.serial != stream.serial:
        return b""
    starts, used, count = [0], 0, 0
    for place, length in enumerate(page.segments):
        used += length
        if page.body + used > data.size:
            break
        if length < 255:  # a packet ends
            starts.append(used)
            count = place + 1
    if not count:
        return b""
    end = page.granule  # Vorbis keeps to itself how long its packets are; then too much is announced
    if stream.is_opus and not page.flags & _CONTINUED:
        end = granule + sum(_opus_samples(data.get(page.body + start, 2)) for start in starts[:-1])
    return _written(page._replace(granule=end, flags=page.flags & ~_LAST, segments=page.segments[:count]),
                    data.get(page.body, starts[-1]))


def _written(page, body):
    """A page as bytes."""
    fields = (_CAPTURE, 0, page.flags, page.granule, page.serial, page.number)
    count, rest = len(page.segments), page.segments + body
    return _HEADER.pack(*fields, _crc(_HEADER.pack(*fields, 0, count) + rest), count) + rest


def _opus_samples(start):
    """Length of an Opus packet (RFC 6716, section 3.1), from its first two bytes."""
    config, count = start[0] >> 3, (1, 2, 2, start[1] & 63 if len(start) > 1 else 0)[start[0] & 3]
    if config < 12:
        return (480, 960, 1920, 2880)[config & 3] * count
    return ((480, 960)[config & 1] if config < 16 else (120, 240, 480, 960)[config & 3]) * count


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
