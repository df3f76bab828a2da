"""The header of a .nac file: which preset, how long, where each block lies. See docs/format.md."""

import os
import zlib
from dataclasses import dataclass, field

from neuralcodec.architecture.config import MAX_MODULES
from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.architecture.layout import MODULE_SYMBOLS, SIDE_SYMBOLS
from neuralcodec.bitstream.extensions import MAX_GAIN, read_extensions, write_extensions
from neuralcodec.bitstream.index import read_index, write_index
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK, STEP_INDEX_LIMIT
from neuralcodec.bitstream.varint import (
    MAX_VARINT,
    MAX_VARINT_BYTES,
    from_varint,
    to_varint,
)
from neuralcodec.errors import (
    DamagedFileError,
    NewerVersionError,
    NotANacFileError,
    TruncatedFileError,
)

MAGIC = b"NAC"
VERSION = 2
PLAIN_VERSION = 1  # of files without optional fields, which older programs read, too
CRC_BYTES = 4
HASH_BYTES = 8
CONCEAL = "errors='conceal', or --conceal of `neuralcodec decompress`"  # how to decode what is not damaged
FLUSH_FRAMES = 2  # after the audio: no cascade delays it by more than 60 ms, its own frame included

_MAX_HEADER_BYTES = 4 << 20  # three weeks of audio in blocks of a second
_MAX_NAME_BYTES = 200
_MAX_SAMPLE_RATE = 768000
_MAX_SYMBOL_BYTES = 5  # 24 bits for the escape and 8 for its value, rounded up
_READ_BYTES = 1 << 16


@dataclass(frozen=True)
class Header:
    """What a .nac file says about itself before the first block.

    Args:
        preset: name of the preset that wrote the file, 1 to 200 bytes of UTF-8.
        preset_hash: bytes (8), identifies the preset's weights and tables.
        sample_rate: of the source, Hz, 1 to 768000.
        num_samples: length of the source in its own samples.
        num_samples_16k: length of the coded audio in samples at 16 kHz.
        num_modules: 1 to 4.
        step_index: the global step scale is 2^(step_index / 256); -512 to 512.
        frames_per_block: 1 to 50.
        tags: dict of what the recording says about itself, such as its title; see `neuralcodec.bitstream.extensions`.
        has_copy: whether the header stands once more behind the last block; see `neuralcodec.bitstream.header_copy`.
        gain: dB by which a quiet recording was amplified before it was coded, 0 to 60; what is decoded is as much too
            loud.

    Raises:
        ValueError: a value out of its range, or lengths that contradict each other.
    """

    preset: str
    preset_hash: bytes
    sample_rate: int
    num_samples: int
    num_samples_16k: int
    num_modules: int
    step_index: int = 0
    frames_per_block: int = FRAMES_PER_BLOCK
    tags: dict = field(default_factory=dict, hash=False)
    has_copy: bool = False
    gain: int = 0

    def __post_init__(self):
        _require(1 <= len(self.preset.encode()) <= _MAX_NAME_BYTES and self.preset.isprintable(), "preset name")
        _require(len(self.preset_hash) == HASH_BYTES, "preset hash")
        _require(1 <= self.sample_rate <= _MAX_SAMPLE_RATE, "sample rate")
        _require(0 <= self.num_samples <= MAX_VARINT and 0 <= self.num_samples_16k <= MAX_VARINT, "length")
        _require(1 <= self.num_modules <= MAX_MODULES, "number of modules")
        _require(-STEP_INDEX_LIMIT <= self.step_index <= STEP_INDEX_LIMIT, "step index")
        _require(1 <= self.frames_per_block <= FRAMES_PER_BLOCK, "number of frames per block")
        _require(0 <= self.gain <= MAX_GAIN, "gain")
        # |num_samples_16k - num_samples * 16000 / sample_rate| <= 2, without a division
        difference = self.num_samples_16k * self.sample_rate - self.num_samples * SAMPLE_RATE
        _require(abs(difference) <= 2 * self.sample_rate, "length at 16 kHz")

    @property
    def num_frames(self):
        """Frames in the file: as many as hold the audio, and two to flush the cascade; none for no audio."""
        return -(-self.num_samples_16k // FRAME_SAMPLES) + FLUSH_FRAMES if self.num_samples_16k else 0

    @property
    def num_blocks(self):
        """Blocks in the file."""
        return -(-self.num_frames // self.frames_per_block)

    @property
    def seconds(self):
        """Duration of the source."""
        return self.num_samples / self.sample_rate

    @property
    def min_block_bytes(self):
        """Size of a block of empty payloads: a CRC-32 and the lengths of all payloads but the last."""
        return CRC_BYTES + self.num_modules

    @property
    def max_block_bytes(self):
        """Size that no block exceeds, whatever its symbols."""
        symbols = self.frames_per_block * (SIDE_SYMBOLS + self.num_modules * MODULE_SYMBOLS)
        return self.min_block_bytes + MAX_VARINT_BYTES * self.num_modules + symbols * _MAX_SYMBOL_BYTES

    def block_frames(self, number):
        """Number of frames in a block."""
        return min(self.frames_per_block, self.num_frames - number * self.frames_per_block)

    def block_seconds(self, number):
        """(start, end) of a block in the audio, in seconds."""
        duration = self.frames_per_block * FRAME_SAMPLES / SAMPLE_RATE
        return number * duration, min((number + 1) * duration, self.num_samples_16k / SAMPLE_RATE)


def _require(condition, what):
    if not condition:
        raise ValueError(f"impossible {what}")


def write_header(header, block_sizes):
    """Header and index as bytes.

    Args:
        header: Header.
        block_sizes: size of every block in bytes.

    Returns:
        bytes, ending with their CRC-32.
    """
    extensions = write_extensions(header.tags, header.has_copy, header.gain)
    optional = to_varint(len(extensions)) + extensions if extensions else b""
    body = write_fields(header) + optional + write_index(block_sizes)
    if len(body) > _MAX_HEADER_BYTES:
        raise ValueError("it is too long for one file; split it.")
    start = MAGIC + bytes([VERSION if optional else PLAIN_VERSION]) + to_varint(len(body)) + body
    return start + to_crc(start)


def write_fields(header):
    """What every file's header holds between its length and the index, without optional fields, as bytes."""
    name = header.preset.encode()
    fields = [
        to_varint(len(name)),
        name,
        header.preset_hash,
        to_varint(header.sample_rate),
        to_varint(header.num_samples),
        to_varint(header.num_samples_16k),
        bytes([header.num_modules]),
        header.step_index.to_bytes(2, "little", signed=True),
        to_varint(header.frames_per_block),
    ]
    return b"".join(fields)


def read_header(file):
    """Reads header and index from the start of a file or pipe, and not a byte more.

    Args:
        file: binary file object.

    Returns:
        (Header, sizes of the blocks in bytes, uint32): of all blocks, or of those that begin before a file that can
        seek ends.

    Raises:
        NotANacFileError, NewerVersionError, DamagedFileError, TruncatedFileError: as their names say.
    """
    version, body = read_body(file)
    try:
        header, at = parse_fields(body, version)
        wanted = min(header.num_blocks, _room(file) // header.min_block_bytes + 1)
        index = body[at:]
        return header, read_index(index, header.num_blocks, header.min_block_bytes, header.max_block_bytes, wanted)
    except (ValueError, IndexError) as error:
        raise DamagedFileError(f"The file header is not valid: {error}; get the file again.") from error


def read_body(file):
    """Reads a header without understanding what it holds.

    Returns:
        (version, bytes between the header's length and its CRC, which fits).

    Raises:
        NotANacFileError, NewerVersionError, DamagedFileError, TruncatedFileError: as their names say.
    """
    if read_up_to(file, len(MAGIC)) != MAGIC:
        raise NotANacFileError("This is not a .nac file; check that it is the file you meant.")
    version = _read_exactly(file, 1)
    if version[0] > VERSION:
        raise NewerVersionError(
            f"The file has version {version[0]} of the .nac format and this program knows only {VERSION}; "
            "update neuralcodec."
        )
    length = _read_exactly(file, 1)
    while length[-1] >= 0x80 and len(length) < MAX_VARINT_BYTES:
        length += _read_exactly(file, 1)
    num_bytes, _ = from_varint(length, 0)
    if version[0] < PLAIN_VERSION or num_bytes > _MAX_HEADER_BYTES:
        raise _damaged()
    body = _read_exactly(file, num_bytes)
    if _read_exactly(file, CRC_BYTES) != to_crc(MAGIC + version + length + body):
        raise _damaged()
    return version[0], body


def _damaged():
    return DamagedFileError(
        f"The file header is damaged; get the file again from its source, or use the copy at its end: {CONCEAL}."
    )


def _room(file):
    """How many bytes are left for blocks; as many as can be for a pipe, of which nobody knows."""
    if not file.seekable():
        return MAX_VARINT
    at = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(at)
    return max(0, end - at)


def parse_fields(body, version):
    """Header, and the position of the index, from the bytes between header length and CRC.

    Raises:
        ValueError, IndexError, FormatError: they are not valid.
    """
    name_bytes, at = from_varint(body, 0)
    hash_at = at + name_bytes
    name, preset_hash = body[at:hash_at].decode(), body[hash_at : hash_at + HASH_BYTES]
    sample_rate, at = from_varint(body, hash_at + HASH_BYTES)
    num_samples, at = from_varint(body, at)
    num_samples_16k, at = from_varint(body, at)
    num_modules, step_index = body[at], int.from_bytes(body[at + 1 : at + 3], "little", signed=True)
    frames_per_block, at = from_varint(body, at + 3)
    tags, has_copy, gain = {}, False, 0
    if version > PLAIN_VERSION:
        size, at = from_varint(body, at)
        tags, has_copy, gain = read_extensions(body[at : at + size])
        at += size
    if at > len(body):
        raise ValueError("its fields are longer than it")
    header = Header(
        name,
        preset_hash,
        sample_rate,
        num_samples,
        num_samples_16k,
        num_modules,
        step_index,
        frames_per_block,
        tags,
        has_copy,
        gain,
    )
    return header, at


def to_crc(data):
    """CRC-32 of the data, as 4 bytes, lowest first."""
    return zlib.crc32(data).to_bytes(CRC_BYTES, "little")


def read_up_to(file, count):
    """Reads `count` bytes, or as many as there are before the end; a pipe may deliver them in pieces.

    Nothing is allocated for bytes that do not come.
    """
    pieces = []
    while count > 0:
        piece = file.read(min(count, _READ_BYTES))
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def _read_exactly(file, count):
    data = read_up_to(file, count)
    if len(data) < count:
        raise TruncatedFileError("The file ends within its header; get it again from its source.")
    return data
