"""The payload of the side information: LSFs and gains of each frame, in two stages of nine symbols.

The second stage sees the first one's symbols of the same frame; both see the two frames before.
"""

import numpy as np

from neuralcodec.architecture.layout import CONTEXT_FRAMES, SIDE_LIMIT, SIDE_SYMBOLS, STAGE_SYMBOLS, STAGES
from neuralcodec.bitstream import compiled_payloads
from neuralcodec.bitstream.features import delayed, side_distributions, side_features
from neuralcodec.bitstream.range_coder import check_possible
from neuralcodec.bitstream.symbol_stream import CodingPlan, SymbolDecoders
from neuralcodec.bitstream.symbols import MODULE_VALUES, SIDE_VALUES, from_zigzag, to_zigzag

_SYMBOL = from_zigzag(np.arange(MODULE_VALUES)).astype(np.int8)  # by place in the zigzag order


def plan_side(side, features, tables):
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


def decode_side(payloads, frame_counts, tables):
    """Side symbols of several blocks.

    Returns:
        int64 (B, F, 18), zeros after a block's last frame.

    Raises:
        DamagedFileError: symbols that no encoder writes.
    """
    if compiled_payloads.can_decode(payloads):
        return compiled_payloads.decode_side(payloads, frame_counts, tables)
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
            places, escapes = decoders.decode_round(frame, rows, tables.side_frequencies_minus_one, SIDE_VALUES)
            symbols = _SYMBOL.take(places) + centers
            if escapes:
                symbols[escapes.mask] = _SYMBOL[escapes.values]
            symbols[decoders.ended(frame)] = 0
            check_possible(np.abs(symbols).max() <= SIDE_LIMIT, "The side information")
            side[:, frame, stage] = symbols
            features[:, 2 * SIDE_SYMBOLS :] = side_features(symbols)  # stage B reads stage A's
        previous = side[:, frame]
        features[:, SIDE_SYMBOLS : 2 * SIDE_SYMBOLS] = features[:, :SIDE_SYMBOLS]
        features[:, :SIDE_SYMBOLS] = side_features(previous)
    return side


def _stage(number):
    """Which of the 18 side symbols a stage codes."""
    return slice(number, None, STAGES)
