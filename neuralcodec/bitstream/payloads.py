"""How a block of frames becomes byte strings and comes back.

A block is coded into one payload for the side information and one for each module; payload i needs only the payloads
before it. Contexts begin anew with every block, so that each block can be decoded on its own. The encoder knows all
frames of a block and looks at them at once; the decoder goes frame by frame, in several blocks side by side.
"""

import numpy as np

from neuralcodec.architecture.layout import (
    CONTEXT_FRAMES,
    MODULE_SYMBOLS,
    SIDE_LIMIT,
    SIDE_SYMBOLS,
    STAGE_SYMBOLS,
    STAGES,
)
from neuralcodec.bitstream.features import (
    delayed,
    limited,
    scale_shift,
    shared_features,
    side_distributions,
    side_features,
)
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.ltp_payload import decode_predicted, plan_predicted
from neuralcodec.bitstream.nested_payload import decode_modules, plan_modules
from neuralcodec.bitstream.nested_tables import NestedTables
from neuralcodec.bitstream.symbol_stream import CodingPlan, SymbolDecoders
from neuralcodec.bitstream.symbols import (
    FRAMES_PER_BLOCK,
    LSF_SYMBOLS,
    MODULE_VALUES,
    SIDE_VALUES,
    from_zigzag,
    to_zigzag,
)
from neuralcodec.errors import DamagedFileError

_SYMBOL = from_zigzag(np.arange(MODULE_VALUES)).astype(np.int8)  # by place in the zigzag order


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
    side = _decode_side([payloads[0] for payloads in blocks], frame_counts, tables)  # (B, F, 18)
    context, shift = side_features(side), scale_shift(step_index, tables.scales_per_octave_q8)
    if isinstance(tables, NestedTables):
        decoded, remaining = decode_modules(blocks, frame_counts, tables, context, shift, modules), ()
    else:
        decoded, remaining, lower_module = [], tables.modules[:modules], None
    for number, module in enumerate(remaining):
        payloads, feature = [block[1 + number] for block in blocks], tables.magnitude_feature
        if module.predictor:
            symbols, lower_module = decode_predicted(payloads, frame_counts, module, feature, context, shift)
        else:
            shared = shared_features(context, lower_module)  # (B, F, 36 or 116)
            symbols, lower_module = _decode_module(payloads, frame_counts, module, feature, shared, shift)
        decoded.append(symbols)
    return [
        Frames(side[b, :n, :LSF_SYMBOLS], side[b, :n, LSF_SYMBOLS:], [symbols[b, :n] for symbols in decoded])
        for b, n in enumerate(frame_counts)
    ]


def _plan(frames, tables, step_index):
    """Yields the `CodingPlan` of each payload of a block."""
    side = frames.side.astype(np.int64)
    context, shift = side_features(side), scale_shift(step_index, tables.scales_per_octave_q8)
    yield _plan_side(side, context, tables)
    if isinstance(tables, NestedTables):
        yield from plan_modules(frames, tables, context, shift)
        return
    lower_module = None
    for module, symbols in zip(tables.modules[: len(frames.modules)], frames.modules, strict=True):
        features = tables.magnitude_feature[np.abs(symbols)].astype(np.float64)  # (F, 320)
        if module.predictor:
            yield plan_predicted(symbols, module, tables.magnitude_feature, context, shift)
        else:
            yield _plan_module(symbols, features, module, shared_features(context, lower_module), shift)
        lower_module = features


def _plan_module(symbols, features, module, shared, shift):
    """The `CodingPlan` of a module's symbols (F, 320) with magnitude features (F, 320): one round per frame."""
    own = [delayed(features, back) for back in range(1, CONTEXT_FRAMES + 1)]
    scale_indices = module.network.forward(np.concatenate([*own, shared], axis=1)) - shift
    rows = limited(scale_indices, len(module.pmf_rows))
    places, escape = to_zigzag(symbols.astype(np.int64)), module.pmf_rows.shape[1] - 1
    return CodingPlan(places, rows, places - escape, MODULE_VALUES - escape, module.frequencies_minus_one)


def _plan_side(side, features, tables):
    """The `CodingPlan` of side symbols (F, 18): two rounds per frame."""
    history = np.concatenate([delayed(features, back) for back in range(1, CONTEXT_FRAMES + 1)], axis=1)  # (F, 36)
    stage_a, stage_b = _stage(0), _stage(1)
    outputs = [
        tables.side_a.forward(history),
        tables.side_b.forward(np.concatenate([history, features[:, stage_a]], axis=1)),
    ]
    previous, places, rows = delayed(side, 1), [], []
    for stage, output in zip((stage_a, stage_b), outputs, strict=True):
        centers, stage_rows = side_distributions(output, previous[:, stage], len(tables.side_pmf_rows))
        places.append(to_zigzag(side[:, stage] - centers))
        rows.append(stage_rows)
    escapes = [to_zigzag(side[:, stage]) for stage in (stage_a, stage_b)]
    # (F, 9) for each stage -> (2 F, 9)
    places, rows, escapes = (np.stack(arrays, axis=1).reshape(-1, STAGE_SYMBOLS) for arrays in (places, rows, escapes))
    return CodingPlan(places, rows, escapes, SIDE_VALUES, tables.side_frequencies_minus_one)


def _stage(number):
    """Which of the 18 side symbols a stage codes."""
    return slice(number, None, STAGES)


def _decode_side(payloads, frame_counts, tables):
    """Side symbols of several blocks.

    Returns:
        int64 (B, F, 18), zeros after a block's last frame.
    """
    decoders = SymbolDecoders(payloads, frame_counts)
    num_blocks, num_frames = len(payloads), max(frame_counts)
    side = np.zeros((num_blocks, num_frames, SIDE_SYMBOLS), np.int64)
    previous = np.zeros((num_blocks, SIDE_SYMBOLS), np.int64)
    features = np.zeros((num_blocks, 2 * SIDE_SYMBOLS + STAGE_SYMBOLS))  # last frame, the one before, stage A
    for frame in range(num_frames):
        for number, network in enumerate((tables.side_a, tables.side_b)):
            stage = _stage(number)
            outputs = network.forward(features[:, : network.num_inputs])
            centers, rows = side_distributions(outputs, previous[:, stage], len(tables.side_pmf_rows))
            frequencies_minus_one = tables.side_frequencies_minus_one.take(rows, axis=0)  # (B, 9, A)
            places, escapes = decoders.decode_round(frame, frequencies_minus_one, SIDE_VALUES)
            symbols = _SYMBOL.take(places) + centers
            if escapes:
                symbols[escapes.mask] = _SYMBOL[escapes.values]
            side[:, frame, stage] = symbols
            features[:, 2 * SIDE_SYMBOLS :] = side_features(symbols)  # stage B reads stage A's
        previous = side[:, frame]
        features[:, SIDE_SYMBOLS : 2 * SIDE_SYMBOLS] = features[:, :SIDE_SYMBOLS]
        features[:, :SIDE_SYMBOLS] = side_features(previous)
    for block, count in enumerate(frame_counts):
        side[block, count:] = 0
    if np.abs(side).max(initial=0) > SIDE_LIMIT:
        raise DamagedFileError("The side information holds symbols that no encoder writes; get the file again.")
    return side


def _decode_module(payloads, frame_counts, module, magnitude_feature, shared, shift):
    """Symbols of one module in several blocks.

    Args:
        shared: features that do not come from the module itself, float64 (B, F, 36 or 116).

    Returns:
        (symbols int8 (B, F, 320), their magnitude features float64 (B, F, 320)); of no meaning after a block's last
        frame.
    """
    decoders = SymbolDecoders(payloads, frame_counts)
    num_blocks, num_frames, _ = shared.shape
    escape = module.pmf_rows.shape[1] - 1
    feature = magnitude_feature[np.abs(_SYMBOL)].astype(np.float64)  # by place in the zigzag order
    symbols = np.zeros((num_blocks, num_frames, MODULE_SYMBOLS), np.int8)
    features = np.zeros(symbols.shape)
    own = np.zeros((num_blocks, CONTEXT_FRAMES * MODULE_SYMBOLS))  # last frame, the one before
    frequencies_minus_one = np.empty((num_blocks, MODULE_SYMBOLS, module.pmf_rows.shape[1]), np.float32)
    hidden = module.network.partial(shared, own.shape[1])  # (B, F, H)
    for frame in range(num_frames):
        scale_indices = module.network.finish(module.network.partial(own, 0) + hidden[:, frame]) - shift
        # The mode limits the scale indices to the table.
        module.frequencies_minus_one.take(scale_indices, axis=0, out=frequencies_minus_one, mode="clip")
        places, escapes = decoders.decode_round(frame, frequencies_minus_one, MODULE_VALUES - escape)
        if escapes:
            places[escapes.mask] += escapes.values
        symbols[:, frame] = _SYMBOL.take(places)
        features[:, frame] = feature.take(places)
        own[:, MODULE_SYMBOLS:] = own[:, :MODULE_SYMBOLS]
        own[:, :MODULE_SYMBOLS] = features[:, frame]
    return symbols, features
