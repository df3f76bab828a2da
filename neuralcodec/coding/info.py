"""What a .nac file tells without its preset: rate, length, where the bits are, and whether it is whole."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.errors import DamagedFileError, NeuralCodecError
from neuralcodec.files.inputs import open_nac


def codec_info(source: str | os.PathLike[str] | BinaryIO) -> dict[str, Any]:
    """Describes a .nac file; its preset need not be installed.

    Args:
        source: path, `-` for standard input, or a binary file object.

    Returns:
        dict with
            preset, hash: name and hash (hex) of the preset that wrote it,
            seconds, sample_rate, samples: length and rate of the source,
            bytes, kbps: size and true bitrate (None for a file of no samples),
            modules, step_index: number of modules and the global step scale 2^(step_index / 256),
            kbps_by_module: dict of `side`, `module_0`, ... -> kbps of the intact blocks,
            tags: dict of what the source says about itself, such as its title,
            blocks, damaged_blocks: number of blocks, and the numbers of those damaged or missing,
            intact: whether every checksum fits and nothing follows the last block.

    Raises:
        FormatError: the file is missing, not a .nac file, its header is damaged, or it ends within its first block.

    Example:
        >>> neuralcodec.codec_info("speech.nac")["kbps"]
        24.1
    """
    with open_nac(source) as file:
        reader = ContainerReader(file)
        header = reader.header
        sizes, damaged = [0] * (1 + header.num_modules), []
        if len(reader) and not reader.num_complete:  # as with an index of which nothing is true
            reader.check_complete()
        for number in range(reader.num_complete):
            try:
                sizes = [size + len(payload) for size, payload in zip(sizes, reader.read_block(number), strict=True)]
            except DamagedFileError:
                damaged.append(number)
        intact = _ends_well(reader) and not damaged
        damaged.extend(range(reader.num_complete, len(reader)))
        num_bytes = file.seek(0, os.SEEK_END)

    def kbps(count):
        return count * 8 / header.seconds / 1000 if header.num_samples else None

    names = ["side", *(f"module_{number}" for number in range(header.num_modules))]
    return {
        "preset": header.preset,
        "hash": header.preset_hash.hex(),
        "seconds": header.seconds,
        "sample_rate": header.sample_rate,
        "samples": header.num_samples,
        "bytes": num_bytes,
        "kbps": kbps(num_bytes),
        "modules": header.num_modules,
        "step_index": header.step_index,
        "kbps_by_module": {name: kbps(size) for name, size in zip(names, sizes, strict=True)},
        "tags": header.tags,
        "blocks": len(reader),
        "damaged_blocks": damaged,
        "intact": intact,
    }


def is_finished(target, preset_hash):
    """Whether a .nac file need not be made again.

    Args:
        target: path.
        preset_hash: bytes, of the preset that is to have written it.

    Returns:
        True if it is complete and of this preset, False if it is broken or empty, None if it is another file or none.
    """
    try:
        facts = codec_info(target)
    except DamagedFileError:
        return False
    except NeuralCodecError:
        return False if os.path.isfile(target) and not os.path.getsize(target) else None
    if not facts["intact"]:
        return False
    return True if preset_hash.hex().startswith(facts["hash"]) else None


def _ends_well(reader):
    try:
        reader.check_end()
    except DamagedFileError:
        return False
    return True
