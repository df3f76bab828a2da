"""Prints what golden files say and how they are written, as JSON: the same on every machine. Needs no preset's weights.

    PYTHONPATH=.:tests python tests/symbols.py tests/golden/cq-9k.speech.nac ...
"""

import ctypes
import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
from nested_payloads import make_nested_frames, make_nested_tables

from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.header import HASH_BYTES
from neuralcodec.bitstream.nested_tables import load_tables
from neuralcodec.bitstream.payloads import decode_blocks, encode_block
from neuralcodec.zoo.bundled import bundled_directory
from neuralcodec.zoo.folder import METADATA, TABLES
from neuralcodec.zoo.metadata import read_metadata


def kernel():
    """Name of the processor that NumPy's BLAS computes for; None where it does not tell."""
    for library in sorted((Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas*")):
        for name in ("scipy_openblas_get_corename64_", "openblas_get_corename64_"):
            function = getattr(ctypes.CDLL(str(library)), name, None)
            if function:
                function.restype = ctypes.c_char_p
                return function().decode()
    return None


def fingerprint(frames, tables):
    """Hash of symbols and of the payloads that they make."""
    digest = hashlib.sha256()
    for array in (frames.lsf, frames.gain, *frames.modules):
        digest.update(np.ascontiguousarray(array, np.int8).tobytes())
    for block in frames.blocks():
        for payload in encode_block(block, tables):
            digest.update(payload)
    return digest.hexdigest()


def main(paths):
    found = {"numpy": np.__version__, "kernel": kernel()}
    presets = {bytes.fromhex(read_metadata(path)["hash"])[:HASH_BYTES]: path.parent
               for path in bundled_directory().glob(f"*/{METADATA}")}
    for path in map(Path, paths):
        reader = ContainerReader(io.BytesIO(path.read_bytes()))
        tables = load_tables(presets[reader.header.preset_hash] / TABLES)
        counts = [reader.header.block_frames(i) for i in range(len(reader))]
        found[path.stem] = fingerprint(Frames.concatenate(decode_blocks(list(reader), counts, tables)), tables)
    tables, frames = make_nested_tables(160), make_nested_frames(160, 60)
    blocks = frames.blocks()
    decoded = decode_blocks([encode_block(block, tables) for block in blocks], list(map(len, blocks)), tables)
    found["nested"] = fingerprint(Frames.concatenate(decoded), tables)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
