"""Where samples lie by a file's header, and where in truth: WAV, RF64, BW64, W64, AIFF, AIFC, AU, CAF, 8SVX, NIST.

Recorders that lose power and programs that write to a pipe leave sizes of 0, or the largest there is; interrupted
downloads and copies are shorter than their header says. What there is is read, through a view of the file that has the
true sizes, and what was wrong is said. No number of a file is trusted further than a comparison with its size.
"""

import math
import re
import struct
from typing import NamedTuple

from neuralcodec.audio.window import Bytes, Finding

_MAX_CHUNKS = 4096
_UNKNOWN = 0xFFFFFFFF
_NEAR = 1 << 16  # sizes so near to 2^31 or 2^32 mean "unknown", too: programs take off the header, or round
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")  # what programs put behind any kind of file
_MISREAD = (b"BW64", b"riff")  # libsndfile does not know the one, and plays what comes behind the other's samples
_MAGICS = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b".snd", b"dns.", b"caff", b"riff\x2e\x91", b"OggS", b"fLaC")
_LATER_CHUNKS = (b"LIST", b"bext", b"cue ", b"smpl", b"inst", b"fact", b"PEAK", b"JUNK", b"junk", b"FLLR", b"PAD ",
                 b"_PMX", b"iXML", b"axml", b"chna", b"afsp", b"cart", b"DISP", b"id3 ", b"NAME", b"AUTH", b"ANNO",
                 b"(c) ", b"MARK", b"APPL", b"info", b"free", b"pakt", b"chan", b"strg", b"mark")


class _Dialect(NamedTuple):
    """How chunks are written: bytes of an id, format of a size, what chunks are padded to, what a size counts."""

    id_bytes: int
    size: str
    padding: int
    counts_header: bool = False

    @property
    def header_bytes(self):
        return self.id_bytes + struct.calcsize(self.size)


_RIFF, _RIFX, _CAF = _Dialect(4, "<I", 2), _Dialect(4, ">I", 2), _Dialect(4, ">q", 1)
_W64 = _Dialect(16, "<q", 8, counts_header=True)
_W64_FORM = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")  # of all other ids


class _Chunk(NamedTuple):
    """A chunk: its id, where it begins, where its content does, and how many bytes of content it states."""

    id: bytes
    offset: int
    body: int
    size: int


class _Samples(NamedTuple):
    """Where the samples are by the header.

    Args:
        start: offset of the first byte.
        stated: bytes; None where the header leaves that open.
        dialect: of the chunks that may follow; None where none do.
        mend: called as mend(bytes there are), returns a Window with the true sizes.
    """

    start: int
    stated: int | None
    dialect: _Dialect | None
    mend: object


def examine(window):
    """Compares a header with the file behind it.

    Args:
        window: Window, the whole file.

    Returns:
        Finding, or None for a file of another kind or one whose header cannot be understood.
    """
    data = Bytes(window)
    parse = _PARSERS.get(data.get(0, 4))
    try:
        samples = parse(window, data) if parse is not None else None
    except struct.error:  # the file ends within its header
        return Finding(window, is_empty=True)
    return samples and _compare(window, data, samples)


def _compare(window, data, samples):
    start, stated = samples.start, samples.stated
    there = max(0, data.size - start)
    if stated is not None and stated <= there and _ends_at(data, start + stated, samples.dialect):
        is_misread = data.get(0, 4) in _MISREAD or data.get(start + stated, 11).startswith(_TAGS)
        return Finding(samples.mend(stated) if is_misread else window)
    if not there:
        return Finding(window, is_empty=True)
    mended = samples.mend(there)
    if stated is None or (stated > there and any(abs(stated - size) <= _NEAR for size in (1 << 31, 1 << 32))):
        return Finding(mended, "has no length in its header, as a stream has none, and {read:.3f} s were read")
    if stated == 0:
        return Finding(mended, "has a length of 0 in its header, and {read:.3f} s were read", 0.0)
    if stated > there:
        return Finding(mended, "ends after {read:.3f} s, before its header says ({stated:.3f} s)", stated / there, True)
    if data.get(start + stated, 16).startswith(_MAGICS):
        return Finding(samples.mend(stated), "is followed by another recording, and only the first {read:.3f} s were "
                       "read")
    return Finding(mended, "goes on after its header says ({stated:.3f} s), and {read:.3f} s were read", stated / there)


def _ends_at(data, end, dialect):
    """Whether nothing follows the samples but chunks or tags."""
    if dialect is None:
        return end >= data.size or data.get(end, 11).startswith(_TAGS)
    return any(_only_chunks(data, at, dialect) for at in (end, end + -end % dialect.padding))  # some forget to pad


def _only_chunks(data, at, dialect):
    if data.get(at, 11).startswith(_TAGS + _LATER_CHUNKS):
        return True
    for chunk in _chunks(data, at, dialect):
        if not _is_id(chunk.id) or chunk.id.startswith(_MAGICS) or chunk.body + chunk.size > data.size:
            return False
        at = chunk.body + chunk.size + -chunk.size % dialect.padding
    return data.size - at < dialect.header_bytes


def _is_id(name):
    return all(32 <= byte < 127 for byte in name[:4]) and name[4:] in (b"", _W64_TAIL)


def _chunks(data, at, dialect):
    """Yields the chunks from an offset on; the last may state more than there is."""
    for _ in range(_MAX_CHUNKS):
        header = data.get(at, dialect.header_bytes)
        if len(header) < dialect.header_bytes:
            return
        size, = struct.unpack_from(dialect.size, header, dialect.id_bytes)
        body = at + dialect.header_bytes
        size = max(0, size - dialect.header_bytes) if dialect.counts_header else size
        yield _Chunk(header[:dialect.id_bytes], at, body, size)
        if size < 0:  # "unknown": up to the end
            return
        at = body + size + -size % dialect.padding


def _up_to(name, data, at, dialect):
    """dict of id -> chunk, up to that of the samples; empty where there is none for another reason than a file cut off.

    Raises:
        struct.error: the file ends before it.
    """
    found = {}
    for chunk in _chunks(data, at, dialect):
        found.setdefault(chunk.id, chunk)
        if chunk.id == name:
            return found
        if not _is_id(chunk.id):
            return {}
    if len(found) == _MAX_CHUNKS:
        return {}
    raise struct.error("The file ends before its samples.")


def _unpack(data, pattern, offset):
    """Numbers of a header; struct.error where the file ends before them."""
    return struct.unpack(pattern, data.get(offset, struct.calcsize(pattern)))


def _parse_riff(window, data):
    form, is_wave = data.get(0, 4), data.get(8, 4) == b"WAVE"
    dialect = _RIFX if form == b"RIFX" else _RIFF
    found = _up_to(b"data", data, 12, dialect) if is_wave else {}
    if b"fmt " not in found:
        return None
    chunk, stated = found[b"data"], found[b"data"].size
    is_large = form in (b"RF64", b"BW64")
    if is_large and stated == _UNKNOWN:
        stated = _unpack(data, "<Q", found[b"ds64"].body + 8)[0] if b"ds64" in found else None

    def mend(size):
        if is_large or chunk.body + size > _UNKNOWN:
            return _as_rf64(window, data, chunk, size)
        return _patched(window, dialect.size, {4: chunk.body - 8 + size, chunk.body - 4: size}, chunk.body + size)

    return _Samples(chunk.body, stated, dialect, mend)


def _as_rf64(window, data, samples, size):
    """A view as an RF64 file, which counts in 64 bits and is the only kind of its family that libsndfile knows."""
    chunks = [chunk for chunk in _chunks(data, 12, _RIFF) if chunk.offset < samples.offset]
    kept = [range(chunk.offset, chunk.body + chunk.size + chunk.size % 2) for chunk in chunks if chunk.id != b"ds64"]
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, 48 + sum(map(len, kept)) + size, size, 0, 0)
    return window.joined([b"RF64" + b"\xff" * 4 + b"WAVE" + sizes, *kept, b"data" + b"\xff" * 4,
                          range(samples.body, samples.body + size)])


def _patched(window, pattern, numbers, end):
    """A view with other numbers in some places, and nothing from `end` on."""
    return window.patched({offset: struct.pack(pattern, number) for offset, number in numbers.items()}).cut(end)


def _parse_w64(window, data):
    is_w64 = data.get(0, 16) == _W64_FORM and data.get(24, 16) == b"wave" + _W64_TAIL
    found = _up_to(b"data" + _W64_TAIL, data, 40, _W64) if is_w64 else {}
    if not found:
        return None
    start, stated = found[b"data" + _W64_TAIL].body, found[b"data" + _W64_TAIL].size
    return _Samples(start, stated, _W64, lambda size: _patched(
        window, "<Q", {16: start + size, start - 8: 24 + size}, start + size))


def _parse_form(window, data):
    """AIFF and AIFC, whose header counts the samples twice, and 8SVX."""
    kind = data.get(8, 4)
    if kind in (b"8SVX", b"16SV"):
        body = _up_to(b"BODY", data, 12, _RIFX).get(b"BODY")
        return body and _Samples(body.body, body.size, _RIFX, lambda size: _patched(
            window, ">I", {4: body.body - 8 + size, body.body - 4: size}, body.body + size))
    found = _up_to(b"SSND", data, 12, _RIFX) if kind in (b"AIFF", b"AIFC") else {}
    if b"COMM" not in found:
        return None
    chunk, count = found[b"SSND"], found[b"COMM"].body + 2
    offset, width = _unpack(data, ">I", chunk.body)[0], _aiff_width(data, found[b"COMM"])
    start, stated = chunk.body + 8 + offset, max(0, chunk.size - 8 - offset)
    if width:
        counted = _unpack(data, ">I", count)[0] * width
        stated = counted if counted != stated - stated % width else stated

    def mend(size):
        counts = {count: size // width} if width else {}
        return _patched(window, ">I", {4: start - 8 + size, chunk.body - 4: size + 8 + offset, **counts}, start + size)

    return _Samples(start, stated, _RIFX, mend)


def _aiff_width(data, common):
    """Bytes of a sample of all channels; 0 where these are packed in another way."""
    channels, _, bits = _unpack(data, ">HIH", common.body)
    packing = data.get(common.body + 18, 4) if common.size >= 22 else b"NONE"
    known = {b"none": bits, b"twos": bits, b"sowt": bits, b"raw ": 8, b"in24": 24, b"in32": 32, b"fl32": 32,
             b"fl64": 64, b"ulaw": 8, b"alaw": 8}
    return channels * -(-known.get(packing.lower(), 0) // 8)


def _parse_au(window, data):
    order = "<I" if data.get(0, 4) == b"dns." else ">I"
    start, stated = (_unpack(data, order, place)[0] for place in (4, 8))
    return None if start < 24 else _Samples(start, None if stated == _UNKNOWN else stated, None, lambda size: _patched(
        window, order, {8: min(size, _UNKNOWN)}, start + size))


def _parse_caf(window, data):
    found = _up_to(b"data", data, 8, _CAF)
    if b"desc" not in found:
        return None
    chunk = found[b"data"]  # begins with a count of edits
    return _Samples(chunk.body + 4, None if chunk.size < 0 else max(0, chunk.size - 4), _CAF, lambda size: _patched(
        window, ">q", {chunk.body - 8: 4 + size}, chunk.body + 4 + size))


def _parse_nist(window, data):
    head = data.get(0, 1024)
    numbers = dict(re.findall(rb"(\w+) -i (\d{1,12})\s", head))
    counts = [int(numbers.get(name, 0)) for name in (b"sample_count", b"channel_count", b"sample_n_bytes")]
    if len(head) < 1024 or not head[8:15].strip().isdigit() or not all(counts) or b"shorten" in head:
        return None
    start = int(head[8:15])
    return _Samples(start, math.prod(counts), None, lambda size: window.cut(start + size))


_PARSERS = {b"RIFF": _parse_riff, b"RIFX": _parse_riff, b"RF64": _parse_riff, b"BW64": _parse_riff,
            b"FORM": _parse_form, b".snd": _parse_au, b"dns.": _parse_au,
            b"riff": _parse_w64, b"caff": _parse_caf, b"NIST": _parse_nist}
