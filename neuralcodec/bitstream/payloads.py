"""How a block of frames becomes byte strings and comes back.

A block is coded into one payload for the side information and one for each module; payload i needs only the payloads
before it. Contexts begin anew with every block, so that each block can be decoded on its own. The encoder knows all
frames of a block and looks at them at once; the decoder goes frame by frame, in several blocks side by side.
"""

import numpy as np

from neuralcodec.bitstream import module_payload, nested_payload
from neuralcodec.bitstream.features import scale_shift, side_features
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.nested_tables import NestedTables
from neuralcodec.bitstream.side_payload import decode_side, plan_side
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK, LSF_SYMBOLS
from neuralcodec.errors import DamagedFileError


def encode_block(frames, tables, step_index=0):
    """Codes the frames of one block.

    Args:
        frames: Frames, with at most as many modules as the tables have.
        tables: EntropyTables.
        step_index: the file's global step scale is 2^(step_index / 256); -512 to 512.

    Returns:
        list of bytes: side information, module 0, module 1, ...

    Example:
        >>> payloads = encode_block(frames[:50], tables)
    """
    return [plan.encode() for plan in _plan(frames, tables, step_index)]


def write_frames(encoder, frames, tables, step_index=0):
    """Codes frames like those of a block, but all payloads into one byte string, without any lengths.

    Args:
        encoder: SymbolEncoder.
        frames, tables, step_index: as in `encode_block`.
    """
    for plan in _plan(frames, tables, step_index):
        plan.write(encoder)


def read_frames(decoder, num_frames, tables, step_index=0, modules=1):
    """Decodes what `write_frames` wrote.

    Args:
        decoder: SymbolDecoder; afterwards it stands behind the frames.
        num_frames: how many frames.
        tables, step_index: as in `encode_block`.
        modules: how many modules they have, 1 to those of the tables.

    Returns:
        Frames.

    Raises:
        DamagedFileError: symbols that no encoder writes.
    """
    return decode_blocks([[decoder] * (1 + modules)], [num_frames], tables, step_index)[0]


def ideal_bits(frames, tables, step_index=0, frames_per_block=FRAMES_PER_BLOCK):
    """What a perfect coder would spend on the frames with these tables: -log2 of the probabilities.

    Args:
        frames: Frames, any number.
        tables: EntropyTables.
        step_index: as in `encode_block`.
        frames_per_block: contexts begin anew after that many frames.

    Returns:
        float64 (1 + modules,): bits of the side information, of module 0, module 1, ...
    """
    bits = np.zeros(1 + len(frames.modules))
    for block in frames.blocks(frames_per_block):
        bits += [plan.ideal_bits() for plan in _plan(block, tables, step_index)]
    return bits


def count_symbols(frames, tables, step_index=0, frames_per_block=FRAMES_PER_BLOCK):
    """Counts which symbols each PMF row has to code: what `scale_tables.fit_pmf_rows` wants to know.

    Args:
        frames: Frames, any number.
        tables: EntropyTables, of which only the networks and the shapes of the PMF rows matter.
        step_index: as in `encode_block`.
        frames_per_block: contexts begin anew after that many frames.

    Returns:
        list of int64 arrays shaped like the tables' PMF rows: side information, module 0, module 1, ...
    """
    rows = [tables.side_pmf_rows] + [module.pmf_rows for module in tables.modules[: len(frames.modules)]]
    counts = [np.zeros(array.shape, np.int64) for array in rows]
    for block in frames.blocks(frames_per_block):
        for total, plan in zip(counts, _plan(block, tables, step_index), strict=True):
            total += plan.counts()
    return counts


def decode_blocks(blocks, frame_counts, tables, step_index=0, modules=None):
    """Decodes several blocks side by side, which is much faster than one after another.

    Args:
        blocks: list of blocks, each a list of payloads as `encode_block` returns it.
        frame_counts: number of frames in each block.
        tables: EntropyTables.
        step_index: as in `encode_block`.
        modules: decode the first so many modules only; None for all that the blocks hold.

    Returns:
        list of Frames, one per block.

    Raises:
        DamagedFileError: payloads that `encode_block` did not write.

    Example:
        >>> first, second = decode_blocks([payloads, more_payloads], [50, 17], tables)
    """
    if not blocks:
        return []
    modules = len(blocks[0]) - 1 if modules is None else modules
    if modules > len(tables.modules) or any(len(payloads) <= modules for payloads in blocks):
        raise DamagedFileError("The file and its preset differ in the number of modules; get the file again.")
    side = decode_side([payloads[0] for payloads in blocks], frame_counts, tables)  # (B, F, 18)
    context, shift = side_features(side), scale_shift(step_index, tables.scales_per_octave_q8)
    decoded = kind(tables).decode_modules(blocks, frame_counts, tables, context, shift, modules)
    return [
        Frames(side[b, :n, :LSF_SYMBOLS], side[b, :n, LSF_SYMBOLS:], [symbols[b, :n] for symbols in decoded])
        for b, n in enumerate(frame_counts)
    ]


def _plan(frames, tables, step_index):
    """Yields the `CodingPlan` of each payload of a block."""
    side = frames.side.astype(np.int64)
    context, shift = side_features(side), scale_shift(step_index, tables.scales_per_octave_q8)
    yield plan_side(side, context, tables)
    yield from kind(tables).plan_modules(frames, tables, context, shift)


def kind(tables):
    """The payloads of the modules that the tables are for."""
    return nested_payload if isinstance(tables, NestedTables) else module_payload
