"""A .nac file changed without decoding it: what its blocks hold is copied, byte by byte."""

import contextlib
import dataclasses
import io

from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.coding.modules import check_modules, prefix_kbps
from neuralcodec.errors import FormatError


def strip(data, modules):
    """A .nac file without its last modules, in memory; as `strip_file`.

    Args:
        data: bytes of a .nac file.
        modules: how many modules to keep.

    Returns:
        bytes of a .nac file.

    Example:
        >>> small = strip(data, modules=1)
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise FormatError(f"strip() takes the bytes of a .nac file, not {type(data).__name__}.")
    file = io.BytesIO()
    strip_file(ContainerReader(io.BytesIO(data)), modules, file)
    return file.getvalue()


def modules_within(reader, kbps):
    """How many modules of a file cost at most so much, header and checksums included: at least one.

    Args:
        reader: ContainerReader of a seekable file.
        kbps: a bitrate, of the file that `strip_file` would write.

    Returns:
        int.
    """
    if not reader.header.num_samples:
        return reader.header.num_modules
    blocks = [[len(payload) for payload in reader.read_block(number)] for number in range(len(reader))]
    rates = enumerate(prefix_kbps(reader.header, blocks), start=1)
    return max((number for number, rate in rates if rate <= kbps), default=1)


def strip_file(reader, num_modules, file):
    """Copies a .nac file without its last modules, which decodes to the same audio at a lower quality.

    Nothing is decoded: the result is what encoding with the first modules alone would have written.

    Args:
        reader: ContainerReader.
        num_modules: how many modules to keep, 1 to those of the file.
        file: binary file object to write to.

    Raises:
        ModulesError: the file has not so many modules.
        DamagedFileError, TruncatedFileError: as in `ContainerReader`.
    """
    check_modules(num_modules, reader.header.num_modules, "file")
    with contextlib.closing(ContainerWriter(dataclasses.replace(reader.header, num_modules=num_modules))) as writer:
        for payloads in reader:
            writer.add_block(payloads[: 1 + num_modules])
        writer.finish(file)
