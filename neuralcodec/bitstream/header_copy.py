"""What stands in a header once more, behind the last block, so that damage to the header does not cost the file."""

import dataclasses
import os

import numpy as np

from neuralcodec.bitstream.extensions import check_gain
from neuralcodec.bitstream.header import CRC_BYTES, PLAIN_VERSION, parse_fields, to_crc, write_fields
from neuralcodec.bitstream.index import read_index, write_index
from neuralcodec.errors import DamagedFileError

_SIZE_BYTES = 3


def write_copy(header, block_sizes):
    """The copy that belongs to a header.

    Args:
        header: Header.
        block_sizes: size of every block in bytes.

    Returns:
        bytes; none for a header that has no copy.
    """
    if not header.has_copy:
        return b""
    gain = bytes([header.gain] if header.gain else [])
    content = write_fields(header) + gain + write_index(block_sizes)
    return content + to_crc(content) + (len(content) + CRC_BYTES).to_bytes(_SIZE_BYTES, "little")


def read_copy(file):
    """Header and index from the end of a file whose header cannot be read.

    Args:
        file: binary file object that can seek.

    Returns:
        (Header, sizes of the blocks in bytes, position of the first block). The header has no tags.

    Raises:
        DamagedFileError: there is no copy.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _SIZE_BYTES))
    size = int.from_bytes(file.read(_SIZE_BYTES), "little")
    if not CRC_BYTES < size <= end - _SIZE_BYTES:
        raise DamagedFileError("The file does not end with a copy of its header.")
    file.seek(end - _SIZE_BYTES - size)
    data = file.read(size)
    content = data[:-CRC_BYTES]
    if to_crc(content) != data[-CRC_BYTES:]:
        raise DamagedFileError("The file does not end with a copy of its header.")
    try:
        header, at = parse_fields(content, PLAIN_VERSION)
        count, gain = header.num_blocks, 0
        if sum(byte < 0x80 for byte in content[at:]) == count + 1:  # a number more than there are blocks
            gain, at = content[at], at + 1
            check_gain(gain)
        sizes = read_index(content[at:], count, header.min_block_bytes, header.max_block_bytes, count)
    except (ValueError, IndexError) as error:
        raise DamagedFileError("The copy of the file's header is not valid.") from error
    start = end - _SIZE_BYTES - size - int(sizes.sum(dtype=np.int64))
    if start < 0:
        raise DamagedFileError("The copy of the file's header is not valid.")
    return dataclasses.replace(header, has_copy=True, gain=gain), sizes, start
