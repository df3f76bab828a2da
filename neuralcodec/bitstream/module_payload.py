"""Payloads of the modules of a time-domain cascade: each has its own hop, and sees the module before it.

A module sends a frame of 320 symbols in one round, or, with long-term prediction, a code frame in each (`ltp_payload`).
"""

import numpy as np

from neuralcodec.architecture.layout import CONTEXT_FRAMES, MODULE_SYMBOLS
from neuralcodec.bitstream import compiled_payloads
from neuralcodec.bitstream.features import delayed, limited, shared_features
from neuralcodec.bitstream.ltp_payload import decode_predicted, plan_predicted
from neuralcodec.bitstream.symbol_stream import CodingPlan, SymbolDecoders
from neuralcodec.bitstream.symbols import MODULE_VALUES, from_zigzag, to_zigzag

_SYMBOL = from_zigzag(np.arange(MODULE_VALUES)).astype(np.int8)  # by place in the zigzag order


def plan_modules(frames, tables, context, shift):
    """Yields the `CodingPlan` of each module of a block.

    Args:
        frames: Frames.
        tables: EntropyTables.
        context: side features float64 (F, 18).
        shift: scale indices to go down, for the file's global step scale.
    """
    lower_module = None
    for module, symbols in zip(tables.modules[: len(frames.modules)], frames.modules, strict=True):
        features = tables.magnitude_feature[np.abs(symbols)].astype(np.float64)  # (F, 320)
        if module.predictor:
            yield plan_predicted(symbols, module, tables.magnitude_feature, context, shift)
        else:
            yield _plan_module(symbols, features, module, shared_features(context, lower_module), shift)
        lower_module = features


def decode_modules(blocks, frame_counts, tables, context, shift, modules):
    """Symbols of the modules of several blocks: list of int8 (B, F, 320).

    Args:
        blocks: list of blocks, each a list of payloads, the side information's first.
        context: side features float64 (B, F, 18).
        modules: how many to decode.

    Raises:
        DamagedFileError: symbols that no encoder writes.
    """
    decoded = []
    for number, module in enumerate(tables.modules[:modules]):
        payloads, feature = [block[1 + number] for block in blocks], tables.magnitude_feature
        if module.predictor:
            symbols = decode_predicted(payloads, frame_counts, module, feature, context, shift)
        else:
            lower_module = feature.take(np.abs(decoded[-1])).astype(np.float64) if decoded else None
            shared = shared_features(context, lower_module)  # (B, F, 36 or 116)
            symbols = _decode_module(payloads, frame_counts, module, feature, shared, shift)
        decoded.append(symbols)
    return decoded


def _plan_module(symbols, features, module, shared, shift):
    """The `CodingPlan` of a module's symbols (F, 320) with magnitude features (F, 320): one round per frame."""
    own = [delayed(features, back) for back in range(1, CONTEXT_FRAMES + 1)]
    scale_indices = module.network.forward(np.concatenate([*own, shared], axis=1)) - shift
    rows = limited(scale_indices, len(module.pmf_rows))
    places, escape = to_zigzag(symbols.astype(np.int64)), module.pmf_rows.shape[1] - 1
    return CodingPlan(places, rows, places - escape, MODULE_VALUES - escape, module.frequencies_minus_one)


def _decode_module(payloads, frame_counts, module, magnitude_feature, shared, shift):
    """Symbols of one module in several blocks.

    Args:
        shared: features that do not come from the module itself, float64 (B, F, 36 or 116).

    Returns:
        int8 (B, F, 320), of no meaning after a block's last frame.
    """
    if compiled_payloads.can_decode(payloads):
        return compiled_payloads.decode_module(payloads, frame_counts, module, magnitude_feature, shared, shift)
    decoders = SymbolDecoders(payloads, frame_counts)
    num_blocks, num_frames, _ = shared.shape
    escape = module.pmf_rows.shape[1] - 1
    feature = magnitude_feature[np.abs(_SYMBOL)].astype(np.float64)  # by place in the zigzag order
    symbols = np.zeros((num_blocks, num_frames, MODULE_SYMBOLS), np.int8)
    own = np.zeros((num_blocks, CONTEXT_FRAMES * MODULE_SYMBOLS))  # last frame, the one before
    hidden = module.network.partial(shared, own.shape[1])  # (B, F, H)
    for frame in range(num_frames):
        scale_indices = module.network.finish(module.network.partial(own, 0) + hidden[:, frame]) - shift
        rows = limited(scale_indices, len(module.pmf_rows))
        places, escapes = decoders.decode_round(frame, rows, module.frequencies_minus_one, MODULE_VALUES - escape)
        if escapes:
            places[escapes.mask] += escapes.values
        symbols[:, frame] = _SYMBOL.take(places)
        own[:, MODULE_SYMBOLS:] = own[:, :MODULE_SYMBOLS]
        own[:, :MODULE_SYMBOLS] = feature.take(places)
    return symbols
