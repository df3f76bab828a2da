"""Packets one after another, as they go through pipes: a header, then each with its length. See docs/format.md.

The header is what both ends of a stream have to agree on; where packets travel one by one, it goes by another way.
"""

from dataclasses import dataclass

from neuralcodec.bitstream.header import CRC_BYTES, HASH_BYTES, Header, read_up_to, to_crc
from neuralcodec.bitstream.packet import MAX_BYTES
from neuralcodec.bitstream.varint import MAX_VARINT_BYTES, from_varint, to_varint
from neuralcodec.errors import DamagedFileError, NewerVersionError, NotAStreamError, PacketError

MAGIC = b"NAS"
VERSION = 1

_FIXED_BYTES = HASH_BYTES + 2  # hash and step index


@dataclass(frozen=True)
class StreamHeader:
    """What the decoder of a stream must know.

    Args:
        preset: name of the preset that codes the stream, 1 to 200 bytes of UTF-8.
        preset_hash: bytes (8), identifies the preset's weights and tables.
        step_index: all step sizes are scaled by 2^(step_index / 256); -512 to 512.

    Raises:
        ValueError: a value out of its range.
    """

    preset: str
    preset_hash: bytes
    step_index: int = 0

    def __post_init__(self):
        Header(self.preset, self.preset_hash, 1, 0, 0, 1, self.step_index)  # of files, where the same holds

    def to_bytes(self):
        """Magic, version, name, hash, step index and CRC-32."""
        name, step_index = self.preset.encode(), self.step_index.to_bytes(2, "little", signed=True)
        start = MAGIC + bytes([VERSION]) + to_varint(len(name)) + name + self.preset_hash + step_index
        return start + to_crc(start)

    @classmethod
    def from_bytes(cls, data):
        """Reads what `to_bytes` wrote.

        Raises:
            NotAStreamError: it begins otherwise.
            NewerVersionError: it is of a later version of the format.
            DamagedFileError: it was changed.
        """
        if data[: len(MAGIC)] != MAGIC:
            raise NotAStreamError("This is no stream of packets; `neuralcodec stream-encode` makes one.")
        if data[len(MAGIC)] > VERSION if len(data) > len(MAGIC) else False:
            raise NewerVersionError(f"The stream has version {data[len(MAGIC)]} and this program knows only {VERSION}; "
                                    "update neuralcodec.")
        try:
            if to_crc(data[:-CRC_BYTES]) != data[-CRC_BYTES:] or data[len(MAGIC)] != VERSION:
                raise ValueError("it does not fit its CRC")
            size, at = from_varint(data, len(MAGIC) + 1)
            name, rest = data[at: at + size].decode(), data[at + size: -CRC_BYTES]
            if len(rest) != _FIXED_BYTES:
                raise ValueError("it has another length than it should")
            return cls(name, rest[:HASH_BYTES], int.from_bytes(rest[HASH_BYTES:], "little", signed=True))
        except (ValueError, IndexError, DamagedFileError) as error:
            raise DamagedFileError("The header of the stream is damaged; start the stream again.") from error


def with_length(data):
    """Bytes with their length before them.

    Args:
        data: bytes of a header or packet; None for a packet that was lost, whose length is 0.
    """
    data = data or b""
    return to_varint(len(data)) + data


def read_with_lengths(file):
    """Yields what `with_length` wrote, each as soon as it is complete.

    Args:
        file: binary file object or pipe.

    Yields:
        bytes, or None for a packet that was lost.

    Raises:
        PacketError: the stream ends within a packet, or holds an impossible length.
    """
    while start := file.read(1):
        while start[-1] >= 0x80 and len(start) < MAX_VARINT_BYTES:
            start += file.read(1) or b"\0"
        try:
            size, _ = from_varint(start, 0)
        except DamagedFileError:
            size = MAX_BYTES + 1
        if size > MAX_BYTES:
            raise PacketError("The stream holds an impossible length: bytes were lost; start it again.")
        data = read_up_to(file, size)
        if len(data) < size:
            raise PacketError("The stream ends within a packet.")
        yield data or None
