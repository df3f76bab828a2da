"""Payloads of modules with long-term prediction: one round per code frame, whose symbols have a predicted mean.

The network sees the two code frames before and what the predictor makes of the waveform. It tells for each symbol how
wide it spreads, how far to follow the prediction, and what to add to it. The lowest N symbols of a code frame are sent,
the others are 0.
"""

import numpy as np

from neuralcodec.architecture.layout import MODULE_LIMIT, MODULE_SYMBOLS
from neuralcodec.bitstream import compiled_payloads
from neuralcodec.bitstream.features import (
    code_frame_features,
    delayed,
    ltp_distributions,
    ltp_features,
)
from neuralcodec.bitstream.ltp import HISTORY, added
from neuralcodec.bitstream.range_coder import check_possible
from neuralcodec.bitstream.symbol_stream import CodingPlan, SymbolDecoders
from neuralcodec.bitstream.symbols import MODULE_VALUES, from_zigzag, to_zigzag

_SYMBOL = from_zigzag(np.arange(MODULE_VALUES))  # by place in the zigzag order


def plan_predicted(symbols, module, magnitude_feature, side, shift):
    """The `CodingPlan` of a module's symbols in a block.

    Args:
        symbols: int (F, 320).
        module: ModuleTables with a predictor.
        magnitude_feature: uint8 (128,), of the tables.
        side: side features float64 (F, 18).
        shift: `scale_shift` of the file.

    Returns:
        CodingPlan of F * 320 / hop rounds.
    """
    code_frames = symbols.reshape(-1, module.predictor.hop)[:, : module.predictor.coded].astype(np.int64)  # (K, N)
    predictions, correlation = module.predictor.predict(module.predictor.histories(code_frames))
    magnitudes = magnitude_feature[np.abs(code_frames)].astype(np.float64)
    own = ltp_features(delayed(magnitudes, 1), delayed(magnitudes, 2), delayed(code_frames, 1), predictions,
                       correlation, magnitude_feature)
    outputs = module.network.forward(np.concatenate([own, code_frame_features(side, module.predictor.hop)], axis=-1))
    centers, rows = ltp_distributions(outputs, predictions, shift, len(module.pmf_rows))
    return CodingPlan(to_zigzag(code_frames - centers), rows, to_zigzag(code_frames), MODULE_VALUES,
                      module.frequencies_minus_one)


def decode_predicted(payloads, frame_counts, module, magnitude_feature, side, shift):
    """Symbols of a module with long-term prediction in several blocks.

    Args:
        side: side features float64 (B, F, 18).

    Returns:
        int8 (B, F, 320), zeros after a block's last frame.

    Raises:
        DamagedFileError: symbols that no encoder writes.
    """
    shared = code_frame_features(side, module.predictor.hop)
    if compiled_payloads.can_decode(payloads):
        return compiled_payloads.decode_predicted(payloads, frame_counts, module, magnitude_feature, shared, shift)
    predictor, hop, coded = module.predictor, module.predictor.hop, module.predictor.coded
    num_blocks, num_frames, _ = side.shape
    decoders = SymbolDecoders(payloads, frame_counts)
    hidden = module.network.partial(shared, module.network.num_inputs - shared.shape[-1])  # (B, K, H)
    symbols = np.zeros((num_blocks, hidden.shape[1], hop), np.int64)
    past, tail = np.zeros((num_blocks, HISTORY)), np.zeros((num_blocks, hop))
    before = older = np.zeros((num_blocks, coded))  # magnitude features
    last = symbols[:, 0, :coded]
    for k in range(hidden.shape[1]):
        predictions, correlation = predictor.predict(past)
        own = ltp_features(before, older, last, predictions, correlation, magnitude_feature)
        outputs = module.network.finish(module.network.partial(own, 0) + hidden[:, k])
        centers, rows = ltp_distributions(outputs, predictions, shift, len(module.pmf_rows))
        places, escapes = decoders.decode_round(k * hop // MODULE_SYMBOLS, rows, module.frequencies_minus_one,
                                                MODULE_VALUES)
        last = _SYMBOL.take(places) + centers
        if escapes:
            last[escapes.mask] = _SYMBOL[escapes.values]
        symbols[:, k, :coded] = last = checked(last, decoders, k * hop // MODULE_SYMBOLS)
        before, older = magnitude_feature.take(np.abs(last)).astype(np.float64), before
        parts = predictor.overlapping(last)
        past = np.concatenate([past[:, hop:], added(tail + parts[:, :hop])], axis=1)
        tail = parts[:, hop:]
    return symbols.reshape(num_blocks, num_frames, MODULE_SYMBOLS).astype(np.int8)


def checked(symbols, decoders, frame):
    """Symbols (B, N) with zeros in blocks that have ended."""
    symbols[decoders.ended(frame)] = 0
    check_possible(np.abs(symbols).max() <= MODULE_LIMIT)
    return symbols
