"""The .nac file: a header with the index of all blocks, then the blocks. See docs/format.md.

Every block has a CRC of its own and the header knows where each begins, so that damage stays inside a block and any
block can be read without the others; a copy of the header behind the last block is there for damage to the header.
Reader and writer hold one block in memory, however long the file.
"""

import itertools
import os
import shutil
import tempfile

import numpy as np

from neuralcodec.bitstream.header import (
    CONCEAL,
    CRC_BYTES,
    read_body,
    read_header,
    read_up_to,
    to_crc,
    write_header,
)
from neuralcodec.bitstream.header_copy import read_copy, write_copy
from neuralcodec.bitstream.varint import from_varint, to_varint
from neuralcodec.errors import DamagedFileError, FormatError, TruncatedFileError

_REST = f"get it again from its source, or go without: {CONCEAL}."
_SPOOL_BYTES = 1 << 20  # longer files wait on disk until their header is known


def file_size(header, payload_sizes):
    """Bytes of a .nac file.

    Args:
        header: Header.
        payload_sizes: list of the sizes of the payloads of each block, as `ContainerWriter.add_block` takes them.
    """
    sizes = [CRC_BYTES + sum(len(to_varint(size)) for size in block[:-1]) + sum(block) for block in payload_sizes]
    return _size_with(header, sizes)


def _size_with(header, block_sizes):
    """Bytes of a file of blocks of these sizes."""
    return len(write_header(header, block_sizes) + write_copy(header, block_sizes)) + sum(block_sizes)


class ContainerWriter:
    """Writes a .nac file.

    Args:
        header: Header. What is not known before the end of the audio, its lengths, may be wrong until `finish`:
            assign `writer.header = dataclasses.replace(writer.header, num_samples=..., num_samples_16k=...)`.

    Example:
        >>> writer = ContainerWriter(header)
        >>> for block in frames.blocks():
        ...     writer.add_block(encode_block(block, tables))
        >>> writer.finish(file)
    """

    def __init__(self, header):
        self.header = header
        self._sizes = []
        self._spool = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)

    def add_block(self, payloads):
        """Adds the next block.

        Args:
            payloads: list of bytes: side information, module 0, module 1, ...

        Raises:
            ValueError: not one payload for the side information and one for each of the header's modules.
        """
        if len(payloads) != 1 + self.header.num_modules:
            raise ValueError(f"A block needs {1 + self.header.num_modules} payloads, not {len(payloads)}.")
        body = b"".join([*(to_varint(len(payload)) for payload in payloads[:-1]), *payloads])
        self._spool.write(to_crc(body) + body)
        self._sizes.append(CRC_BYTES + len(body))

    @property
    def size(self):
        """Bytes of the whole file, once all blocks are in."""
        return _size_with(self.header, self._sizes)

    def close(self):
        """Forgets the blocks, if the file is not wanted."""
        self._spool.close()

    def finish(self, file):
        """Writes the whole file: the header, then the blocks added so far.

        Args:
            file: binary file object or pipe.

        Raises:
            ValueError: fewer or more blocks than the header's length needs.
        """
        if len(self._sizes) != self.header.num_blocks:
            raise ValueError(f"The header needs {self.header.num_blocks} blocks, not {len(self._sizes)}.")
        with self._spool:
            self._spool.seek(0)
            file.write(write_header(self.header, self._sizes))
            shutil.copyfileobj(self._spool, file)
            file.write(write_copy(self.header, self._sizes))


class ContainerReader:
    """Reads a .nac file.

    Args:
        file: binary file object; a pipe will do, if the blocks are read in order.
        use_copy: whether a header that is damaged may be taken from its copy at the end of a file that can seek.

    Attributes:
        header: Header.
        header_error: what is wrong with the header that its copy stands in for; None if nothing is.
        num_complete: how many blocks there are before the file ends; of a pipe, how many there should be.

    Raises:
        NotANacFileError: the data does not begin like a .nac file.
        NewerVersionError: it is of a later version of the format.
        DamagedFileError: the header was changed.
        TruncatedFileError: the header is incomplete.

    Example:
        >>> reader = ContainerReader(file)
        >>> for payloads in reader:
        ...     ...
    """

    def __init__(self, file, use_copy=False):
        self._file, self._seekable, self.header_error = file, file.seekable(), None
        start = self._read_header(use_copy and self._seekable)
        ends = start + np.cumsum(self.block_sizes, dtype=np.int64)
        self._offsets = np.concatenate([[start], ends])  # of the blocks that are there, and of what follows
        self.num_complete = self._count_complete(ends)
        self._next = 0  # number of the block at which the file stands

    def _read_header(self, use_copy):
        """Reads the header, or its copy; where the first block begins."""
        begin = self._file.tell() if self._seekable else 0
        try:
            self.header, self.block_sizes = read_header(self._file)
            return self._file.tell() if self._seekable else 0
        except FormatError as error:
            if not use_copy or _has_intact_header(self._file, begin):
                raise
            self.header_error = error
        try:
            self.header, self.block_sizes, start = read_copy(self._file)
        except DamagedFileError:
            raise self.header_error from None
        self._file.seek(start)
        return start

    def _count_complete(self, ends):
        if not self._seekable:
            return len(self)
        at = self._file.tell()
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(at)
        return int(np.searchsorted(ends, size, side="right"))

    def __len__(self):
        return self.header.num_blocks

    def __iter__(self):
        """Yields the payloads of each block, in order.

        Raises:
            DamagedFileError: a block does not fit its CRC, or bytes follow the last block.
            TruncatedFileError: the file ends before its last block does.
        """
        for number in range(len(self)):
            yield self.read_block(number)
        self.check_end()

    def read_block(self, number):
        """Reads one block.

        Args:
            number: of the block, from 0; on a pipe, none but the next.

        Returns:
            list of bytes: side information, module 0, module 1, ...

        Raises:
            DamagedFileError: the block does not fit its CRC.
            TruncatedFileError: the file ends before the block does.
            ValueError: another than the next block was asked from a pipe.
        """
        self.check_complete(number + 1)
        size = int(self.block_sizes[number])
        self._go_to(number)
        data = read_up_to(self._file, size)
        self._next = number + 1
        if len(data) < size:
            raise self._truncated(number)
        try:
            return _parse_block(data, self.header.num_modules)
        except DamagedFileError as error:
            raise self.damaged(number) from error

    def check_complete(self, num_blocks=None):
        """Checks that the file does not end before its blocks do, without reading them.

        Args:
            num_blocks: so many have to be there; all by default.

        Raises:
            TruncatedFileError: it does. A pipe tells when it has ended only.
        """
        if self.num_complete < (len(self) if num_blocks is None else num_blocks):
            raise self._truncated(self.num_complete)

    def damaged(self, number):
        """The error that a block is damaged."""
        start, end = self.header.block_seconds(number)
        return DamagedFileError(
            f"Block {number} of the file ({start:.1f} to {end:.1f} s) is damaged; get it again from its source, or "
            f"have the rest: {CONCEAL}."
        )

    def _truncated(self, number):
        """The error that the file ends before or within a block."""
        start, _ = self.header.block_seconds(number)
        return TruncatedFileError(
            f"The file ends at {start:.1f} s of its {self.header.seconds:.1f} s; get it again from its source, or "
            f"have what there is: {CONCEAL}."
        )

    def check_end(self):
        """Checks that nothing but the copy of the header follows the last block.

        Raises:
            DamagedFileError: something else does, or the copy is damaged.
            TruncatedFileError: not even all blocks are there, or the copy is not.
        """
        self.check_complete()
        self._go_to(len(self))
        copy = write_copy(self.header, self.block_sizes)
        found = read_up_to(self._file, len(copy) + 1)
        self._next = None  # somewhere behind the last block
        if found == copy:
            return
        if copy.startswith(found):
            raise TruncatedFileError(f"The file ends within the copy of its header, behind the last block; {_REST}")
        if found.startswith(copy):
            raise DamagedFileError(f"Foreign bytes follow the last block of the file; {_REST}")
        raise DamagedFileError(f"The copy of the file's header, behind its last block, is damaged; {_REST}")

    def _go_to(self, number):
        if number == self._next:
            return
        if not self._seekable:
            raise ValueError("The blocks of a pipe can only be read in order.")
        self._file.seek(int(self._offsets[number]))
        self._next = number


def _has_intact_header(file, begin):
    """Whether a header that is not understood is not damaged, but hostile or of a later version."""
    file.seek(begin)
    try:
        read_body(file)
    except FormatError:
        return False
    return True


def _parse_block(data, num_modules):
    """The payloads of a block."""
    body = data[CRC_BYTES:]
    if to_crc(body) != data[:CRC_BYTES]:
        raise DamagedFileError("The block does not fit its CRC.")
    sizes, at = [], 0
    for _ in range(num_modules):
        size, at = from_varint(body, at)
        sizes.append(size)
    ends = list(itertools.accumulate(sizes, initial=at))
    if ends[-1] > len(body):
        raise DamagedFileError("The payloads are longer than their block.")
    return [body[start:end] for start, end in zip(ends, [*ends[1:], len(body)], strict=True)]
