"""A packet of a stream: 20 to 60 ms of speech that decode without any other packet. See docs/format.md, section 11.

What a packet holds is one range-coded byte string, so that no payload needs a length and only one is rounded up to
bytes. What protects the packet before comes last in it: nobody has to decode it who has that packet.
"""

from dataclasses import dataclass

from neuralcodec.architecture.config import MAX_MODULES
from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.header import FLUSH_FRAMES
from neuralcodec.bitstream.payloads import read_frames, write_frames
from neuralcodec.bitstream.range_coder import SymbolDecoder, SymbolEncoder
from neuralcodec.errors import DamagedFileError, NewerVersionError, PacketError

MAX_FRAMES = 3  # in a packet: 60 ms
PROTECTED_MODULES = 1  # of the packet before, besides its side information

_ENDS, _NEWER = 0x40, 0x80
_END_BYTES = 2
MAX_BYTES = 1 << 15  # no encoder comes near: 18 + 4 x 320 symbols of five bytes in each of three frames, and as many


@dataclass(frozen=True, eq=False)
class Packet:
    """What a packet holds.

    Args:
        frames: Frames, 1 to 3 of them.
        left: samples of the recording from the packet's first frame on, known in the last packets only; less than 0
            if it has ended before.
        protected: how many frames of the packet before it can give back; they have one module.
    """

    frames: Frames
    left: int | None
    protected: int
    _coder: SymbolDecoder
    _tables: object
    _step_index: int

    def before(self):
        """The frames of the packet before, as far as they are protected; call it once.

        Returns:
            Frames with one module.

        Raises:
            PacketError: the packet is damaged.
        """
        return _read(self._coder, self.protected, self._tables, self._step_index, PROTECTED_MODULES)


def write_packet(frames, tables, step_index=0, before=None, left=None):
    """Codes a packet.

    Args:
        frames: Frames, 1 to 3 of them.
        tables: EntropyTables or NestedTables.
        step_index: as in `encode_block`.
        before: Frames of the packet before, which this one is to protect; None for no protection.
        left: see `Packet`.

    Returns:
        bytes.

    Example:
        >>> packet = write_packet(frames[:1], tables)
    """
    protected = 0 if before is None else len(before)
    first = len(frames) - 1 | len(frames.modules) - 1 << 2 | protected << 4
    end = b""
    if left is not None:
        first, end = first | _ENDS, left.to_bytes(_END_BYTES, "little", signed=True)
    encoder = SymbolEncoder()
    write_frames(encoder, frames, tables, step_index)
    if before is not None:
        write_frames(encoder, before.first(PROTECTED_MODULES), tables, step_index)
    return bytes([first]) + end + encoder.finish()


def read_packet(data, tables, step_index=0):
    """Reads a packet.

    Args:
        data: bytes.
        tables: EntropyTables or NestedTables.
        step_index: as in `encode_block`.

    Returns:
        Packet.

    Raises:
        PacketError: the packet is empty, too long, or none that `write_packet` writes. (Not every damage shows: it has
            no checksum, because what carries packets has one.)
        NewerVersionError: it is of a later version of the format.

    Example:
        >>> read_packet(packet, tables).frames
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise PacketError(f"A packet is bytes, not {type(data).__name__}; one that was lost is None.")
    data = bytes(data)
    if not 0 < len(data) <= MAX_BYTES:
        raise PacketError(f"The packet has {len(data)} bytes; a packet that was lost is None.")
    count, modules, protected = 1 + (data[0] & 3), 1 + (data[0] >> 2 & 3), data[0] >> 4 & 3
    if data[0] & _NEWER or count > MAX_FRAMES:
        raise NewerVersionError("The packet is of a later version of the format; update neuralcodec.")
    if modules > min(len(tables.modules), MAX_MODULES):
        raise PacketError(f"The packet has {modules} modules and the preset {len(tables.modules)}; use the preset that "
                          "wrote it.")
    left, start = None, 1
    if data[0] & _ENDS:
        left, start = int.from_bytes(data[1: 1 + _END_BYTES], "little", signed=True), 1 + _END_BYTES
        if len(data) < start or not -FLUSH_FRAMES * FRAME_SAMPLES < left < MAX_FRAMES * FRAME_SAMPLES:
            raise PacketError("The packet ends a recording at an impossible place; take it as lost.")
    coder = SymbolDecoder(data[start:])
    return Packet(_read(coder, count, tables, step_index, modules), left, protected, coder, tables, step_index)


def _read(coder, count, tables, step_index, modules):
    try:
        return read_frames(coder, count, tables, step_index, modules)
    except DamagedFileError as error:
        raise PacketError("The packet is damaged; take it as lost.") from error
