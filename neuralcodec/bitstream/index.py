"""The index of a .nac file: the sizes of its blocks, as varints one after another."""

import numpy as np

from neuralcodec.bitstream.varint import to_varint

_PIECE = 1 << 16  # bytes at once
_MAX_BYTES = 3  # of a size: no block is larger than 2^21 - 1


def write_index(sizes):
    """Sizes as bytes."""
    return b"".join(map(to_varint, map(int, sizes)))


def read_index(data, num_blocks, smallest, largest, wanted):
    """Reads the first sizes of an index, in some bytes of memory for each.

    Args:
        data: bytes of the whole index.
        num_blocks: how many sizes there have to be in it.
        smallest, largest: what a block can have.
        wanted: how many sizes to read.

    Returns:
        uint32 array (wanted,).

    Raises:
        ValueError: the index has another number of sizes, or impossible ones.

    Example:
        >>> read_index(write_index([300, 7]), 2, 6, 1000, 2)
        array([300,   7], dtype=uint32)
    """
    data = np.frombuffer(data, np.uint8)
    if np.count_nonzero(data < 0x80) != num_blocks or np.any(data[-1:] >= 0x80):
        raise ValueError("the index is too short or too long")
    sizes, done, at = np.empty(wanted, np.uint32), 0, 0
    while done < wanted:
        part, num_bytes = _read_piece(data[at : at + _PIECE])
        part = part[: wanted - done]
        if part.min() < smallest or part.max() > largest:
            raise ValueError("a block has an impossible size")
        sizes[done : done + len(part)] = part
        done, at = done + len(part), at + num_bytes
    return sizes


def _read_piece(data):
    """The sizes that are complete in a piece of the index, int64, and how many bytes they take."""
    ends = np.flatnonzero(data < 0x80)
    num_bytes = ends[-1] + 1 if len(ends) else 0
    data, lengths = data[:num_bytes], np.diff(ends, prepend=-1)
    if not num_bytes or lengths.max() > _MAX_BYTES or np.any((data[ends] == 0) & (lengths > 1)):
        raise ValueError("a block has an impossible size")
    starts = ends + 1 - lengths
    place = np.arange(num_bytes) - np.repeat(starts, lengths)
    return np.add.reduceat((data & 0x7F).astype(np.int64) << 7 * place, starts), num_bytes
