"""A .nac file changed without decoding it: what its blocks hold is copied, byte by byte."""

import contextlib
import dataclasses

from neuralcodec.bitstream.container import ContainerWriter


def strip(reader, num_modules, file):
    """Copies a .nac file without its last modules, which decodes to the same audio at a lower quality.

    Nothing is decoded: the result is what encoding with the first modules alone would have written.

    Args:
        reader: ContainerReader.
        num_modules: how many modules to keep, 1 to those of the file.
        file: binary file object to write to.

    Raises:
        ValueError: the file has not so many modules.
        DamagedFileError, TruncatedFileError: as in `ContainerReader`.
    """
    if not 1 <= num_modules <= reader.header.num_modules:
        raise ValueError(f"The file has {reader.header.num_modules} modules; keep 1 to {reader.header.num_modules}.")
    with contextlib.closing(ContainerWriter(dataclasses.replace(reader.header, num_modules=num_modules))) as writer:
        for payloads in reader:
            writer.add_block(payloads[: 1 + num_modules])
        writer.finish(file)
