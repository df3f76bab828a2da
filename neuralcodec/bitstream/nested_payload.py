"""Payloads of nested modules: a module's symbols say where in its cell each coefficient of the module below lies.

Three kinds of symbols share a table of rows, one family of rows each, in which the network's output, the scale index,
chooses:

    fresh   coefficients that the module below does not send: zigzag, with an escape
    zero    those that are zero below: 0 stays zero, 1 becomes +1, 2 becomes -1
    half    those that are not, by |symbol below| = 1, 2, 3 and more: 0 the half nearer to zero, 1 the other

The first module is decoded code frame by code frame, from its own past; a later one sees all symbols of the module
below, and none of its own, so that a whole block is decoded at once. Integers only.
"""

import numpy as np

from neuralcodec import kernels
from neuralcodec.architecture.framing import FRAME_SAMPLES, GAIN_FRAME
from neuralcodec.architecture.layout import CONTEXT_SIZES, MODULE_LIMIT
from neuralcodec.bitstream import compiled_payloads
from neuralcodec.bitstream.features import INDEX_FACTOR, delayed, limited
from neuralcodec.bitstream.nested_tables import FRESH, HALF, SCALE_INDICES, SLOPE_BITS, ZERO
from neuralcodec.bitstream.range_coder import check_possible
from neuralcodec.bitstream.symbol_stream import CodingPlan, SymbolDecoders
from neuralcodec.bitstream.symbols import LSF_SYMBOLS, MODULE_VALUES, from_zigzag, to_zigzag

_SYMBOL = from_zigzag(np.arange(MODULE_VALUES))  # by place in the zigzag order


def refined(lower, symbols):
    """Symbols of a module from those below and what the module sends: (..., N) both."""
    return 2 * lower + np.where(lower < 0, -symbols, symbols)


def refinement(lower, values):
    """What a module sends, from the symbols below and its own: the inverse of `refined`."""
    sent = values - 2 * lower
    return np.where(lower < 0, -sent, sent)


def side_features_by_code_frame(features, hop):
    """Features of side symbols (..., F, 18) -> of code frames (..., K, 34): LSFs and gain, now and one before."""
    frames, per_gain = FRAME_SAMPLES // hop, GAIN_FRAME // hop
    lsf, gains = features[..., :LSF_SYMBOLS], features[..., LSF_SYMBOLS:]
    gains = np.repeat(gains.reshape(*gains.shape[:-2], -1, 1), per_gain, axis=-2)
    lsf, before = (np.repeat(part, frames, axis=-2) for part in (lsf, delayed(lsf, 1)))
    return np.concatenate([lsf, gains, before, delayed(gains, 1)], axis=-1)


def magnitude(symbols, magnitude_feature):
    """Magnitude features of symbols, float64; those beyond the first module's limit count as the limit."""
    return magnitude_feature.take(np.minimum(np.abs(symbols), MODULE_LIMIT)).astype(np.float64)


def plan_first(symbols, module, magnitude_feature, side, shift):
    """The plan of the first module's symbols in a block.

    Args:
        symbols: int (K, N), of the coefficients that are sent.
        module: NestedModuleTables.
        magnitude_feature: uint8 (128,).
        side: features of code frames float64 (K, 34).
        shift: scale indices to go down, for the file's global step scale.

    Returns:
        Plan, one array per code frame; scale indices uint8 (K, N).
    """
    own = magnitude(symbols, magnitude_feature)
    index = module.network.forward(np.concatenate([delayed(own, 1), delayed(own, 2), side], axis=-1))
    rows, places = SCALE_INDICES * FRESH + limited(index - shift, SCALE_INDICES), to_zigzag(symbols)
    plan = CodingPlan(places, rows, places, MODULE_VALUES, module.frequencies_minus_one)
    return plan, limited(index, SCALE_INDICES).astype(np.uint8)


def decode_first(payloads, frame_counts, module, magnitude_feature, side, shift, hop):
    """Symbols of the first module in several blocks.

    Args:
        side: features of code frames float64 (B, K, 34).

    Returns:
        (what the module sends int8 (B, K, hop), symbols int16 (B, K, N), scale indices uint8 (B, K, N)); of no meaning
        after a block's last frame.
    """
    if compiled_payloads.can_decode(payloads):
        return compiled_payloads.decode_first(payloads, frame_counts, module, magnitude_feature, side, shift, hop)
    decoders, coded = SymbolDecoders(payloads, frame_counts), module.coded
    num_blocks, num_code_frames, _ = side.shape
    per_frame = num_code_frames // max(frame_counts)
    hidden = module.network.partial(side, 2 * coded)
    symbols = np.zeros((num_blocks, num_code_frames, coded), np.int16)
    indices = np.zeros(symbols.shape, np.uint8)
    own = np.zeros((num_blocks, 2 * coded))  # magnitude features of the code frame before and of that before it
    for k in range(num_code_frames):
        index = module.network.finish(module.network.partial(own, 0) + hidden[:, k])
        indices[:, k] = limited(index, SCALE_INDICES)
        rows = SCALE_INDICES * FRESH + limited(index - shift, SCALE_INDICES)
        places, escapes = decoders.decode_round(k // per_frame, rows, module.frequencies_minus_one, MODULE_VALUES)
        values = _SYMBOL.take(places)
        if escapes:
            values[escapes.mask] = _SYMBOL[escapes.values]
        symbols[:, k] = values
        own = np.concatenate([magnitude(values, magnitude_feature), own[:, :coded]], axis=-1)
    return widened(symbols.astype(np.int8), hop), symbols, indices


def refinement_rows(lower, index, module, magnitude_feature, side, shift):
    """Which row codes each symbol of a later module.

    Args:
        lower: symbols of the module below, int (K, M).
        index: scale indices with which they were sent first, int (K, M).
        side: features of code frames float64 (K, 34).

    Returns:
        rows: int64 (K, N).
        index: scale indices of all coefficients that are sent now, uint8 (K, N).
    """
    if kernels.loops:
        return compiled_payloads.refinement_rows(lower, index, module, magnitude_feature, side, shift)
    before, coded = module.before, module.coded
    near = magnitude(lower, magnitude_feature)
    after = np.zeros_like(near)
    after[:-1] = near[1:]
    features = np.concatenate([near, delayed(near, 1), after, INDEX_FACTOR * index.astype(np.float64), side], axis=-1)
    out = module.network.forward(features)
    size, place = np.minimum(np.abs(lower), CONTEXT_SIZES - 1), np.arange(before)
    follow = module.shift[size, place] + module.slope[size, place].astype(np.int64) * index
    own = np.where(lower == 0, out[:, :before], out[:, coded:]) + (follow + (1 << SLOPE_BITS - 1) >> SLOPE_BITS)
    fresh = out[:, before:coded]
    family = np.where(lower == 0, ZERO, HALF - 1 + size)
    rows = SCALE_INDICES * family + limited(own - shift, SCALE_INDICES)
    rows = np.concatenate([rows, SCALE_INDICES * FRESH + limited(fresh - shift, SCALE_INDICES)], axis=-1)
    return rows, np.concatenate([index, limited(fresh, SCALE_INDICES).astype(np.uint8)], axis=-1)


def plan_refinement(sent, lower, index, module, magnitude_feature, side, shift):
    """The plan of a later module's symbols in a block, all of them in one array.

    Args:
        sent: int (K, N), what the module sends.
        lower, index, side: as for `refinement_rows`.

    Returns:
        Plan; scale indices uint8 (K, N).
    """
    rows, index = refinement_rows(lower, index, module, magnitude_feature, side, shift)
    places = to_zigzag(sent)
    old = places[:, : module.before]
    np.copyto(old, sent[:, : module.before], where=lower != 0)  # the upper half is 1, not a sign
    places, rows = places.reshape(1, -1), rows.reshape(1, -1)
    return CodingPlan(places, rows, places, MODULE_VALUES, module.frequencies_minus_one), index


def decode_refinement(payloads, frame_counts, lower, index, module, magnitude_feature, side, shift, hop):
    """What a later module sends in several blocks.

    Args:
        lower, index, side: as for `refinement_rows`, with an axis for the blocks in front.

    Returns:
        (sent int8 (B, K, hop), symbols int16 (B, K, N) that it refines those below to, scale indices uint8 (B, K, N));
        zeros after a block's last frame.

    Raises:
        DamagedFileError: symbols that no encoder writes.
    """
    if compiled_payloads.can_decode(payloads):
        return compiled_payloads.decode_refinement(payloads, frame_counts, lower, index, module, magnitude_feature,
                                                   side, shift, hop)
    num_blocks, num_code_frames, _ = side.shape
    per_frame = num_code_frames // max(frame_counts)
    symbols = np.zeros((num_blocks, num_code_frames, module.coded), np.int16)
    sent, indices = np.zeros((*symbols.shape[:2], hop), np.int8), np.zeros(symbols.shape, np.uint8)
    for block, (payload, count) in enumerate(zip(payloads, frame_counts, strict=True)):
        k = count * per_frame
        rows, indices[block, :k] = refinement_rows(lower[block, :k], index[block, :k], module, magnitude_feature,
                                                   side[block, :k], shift)
        places, escapes = SymbolDecoders([payload], [count]).decode_round(0, rows.reshape(1, -1),
                                                                          module.frequencies_minus_one, MODULE_VALUES)
        values = _SYMBOL.take(places)
        if escapes:
            values[escapes.mask] = _SYMBOL[escapes.values]
        values, places = values.reshape(k, -1), places.reshape(k, -1)
        was_zero, half = lower[block, :k] == 0, places[:, : module.before]
        check_possible(not np.any(half > np.where(was_zero, 2, 1)))
        np.copyto(values[:, : module.before], half, where=~was_zero)
        sent[block, :k, : module.coded] = values  # a block at a time stays in the processor's cache
        symbols[block, :k] = refined(widened(lower[block, :k], module.coded), values)
    return sent, symbols, indices


def plan_modules(frames, tables, side, shift):
    """Yields the plan of each module of a block.

    Args:
        frames: Frames.
        tables: NestedTables.
        side: side features float64 (F, 18).
        shift: scale indices to go down.
    """
    side, lower, index = side_features_by_code_frame(side, tables.hop), None, None
    for module, sent in zip(tables.modules[: len(frames.modules)], frames.modules, strict=True):
        sent = sent.reshape(-1, tables.hop)[:, : module.coded].astype(np.int64)  # (K, N)
        if lower is None:
            plan, index = plan_first(sent, module, tables.magnitude_feature, side, shift)
            lower = sent
        else:
            plan, index = plan_refinement(sent, lower, index, module, tables.magnitude_feature, side, shift)
            lower = refined(widened(lower, module.coded), sent)
        yield plan


def decode_modules(blocks, frame_counts, tables, side, shift, modules):
    """What the modules of several blocks sent: list of int8 (B, F, 320).

    Args:
        blocks: list of blocks, each a list of payloads, the side information's first.
        side: side features float64 (B, F, 18).
        modules: how many to decode.

    Raises:
        DamagedFileError: symbols that no encoder writes.
    """
    side, decoded, lower, index = side_features_by_code_frame(side, tables.hop), [], None, None
    for number, module in enumerate(tables.modules[:modules]):
        payloads, feature = [block[1 + number] for block in blocks], tables.magnitude_feature
        if lower is None:
            sent, lower, index = decode_first(payloads, frame_counts, module, feature, side, shift, tables.hop)
        else:
            sent, lower, index = decode_refinement(payloads, frame_counts, lower, index, module, feature, side, shift,
                                                   tables.hop)
        decoded.append(sent.reshape(len(blocks), -1, FRAME_SAMPLES))
    return decoded


def widened(symbols, count):
    """Symbols (..., N) with zeros for those coefficients that are not sent, (..., count)."""
    return np.pad(symbols, [(0, 0)] * (symbols.ndim - 1) + [(0, count - symbols.shape[-1])])
