"""Variable-length integers (LEB128): seven bits per byte, lowest first, the top bit set in all bytes but the last."""

from neuralcodec.errors import DamagedFileError

MAX_VARINT = 1 << 48
MAX_VARINT_BYTES = 7


def to_varint(value):
    """An integer from 0 to 2^48 as bytes."""
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def from_varint(data, position):
    """Reads an integer.

    Args:
        data: bytes.
        position: where in the data the integer begins.

    Returns:
        (value, position after it).

    Raises:
        DamagedFileError: the data ends too early, or the integer is too large or longer than it need be.
    """
    value = 0
    for count, byte in enumerate(data[position : position + MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            if value > MAX_VARINT or (byte == 0 and count > 0):
                break
            return value, position + count + 1
    raise DamagedFileError("The file holds an impossible number; get it again from its source.")
