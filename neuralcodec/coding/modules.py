"""How many modules of a cascade take part: every first so many of them are a codec."""

import dataclasses

from neuralcodec.bitstream.container import file_size
from neuralcodec.errors import ModulesError


def check_modules(modules, available, what):
    """Makes sure that there are so many modules.

    Args:
        modules: how many are asked for.
        available: how many there are.
        what: has them, "file" or "preset".

    Raises:
        ModulesError: there are not.
    """
    if not isinstance(modules, int) or isinstance(modules, bool) or not 1 <= modules <= available:
        several = f"1 to {available} modules" if available > 1 else "one module"
        raise ModulesError(f"The {what} has {several}, not {modules!r}; ask for a number that it has.")


def prefix_kbps(header, payload_sizes):
    """What a file costs with its first module, its first two, ..., all.

    Args:
        header: Header of the file, which must hold samples.
        payload_sizes: of each block, the bytes of its side information, module 0, module 1, ...

    Returns:
        list of kbps, headers and checksums included.
    """
    def size(number):
        blocks = [block[: 1 + number] for block in payload_sizes]
        return file_size(dataclasses.replace(header, num_modules=number), blocks)

    return [size(number) * 8 / header.seconds / 1000 for number in range(1, header.num_modules + 1)]
