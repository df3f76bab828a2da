"""What context networks see and say: features from what is decoded already, distributions from their outputs."""

import numpy as np

from neuralcodec.architecture.layout import MODULE_LIMIT, MODULE_SYMBOLS, POOL
from neuralcodec.bitstream.integer_network import FEATURE_LIMIT
from neuralcodec.bitstream.ltp import MAX_PREDICTION
from neuralcodec.bitstream.symbols import MEAN_FRACTIONS

FEATURE_ONE = 64  # what stands for 1.0 in features and hidden units
SIDE_FACTOR = 8  # a side symbol's feature is so many times the symbol
MAGNITUDE_FACTOR = 24  # a magnitude's feature is so many times log2(1 + |symbol|)
SIGNED_FACTOR = 32  # a predicted symbol's second feature, which has a sign, is so many times the symbol
POOL_DIVISOR = 4  # the feature of several neighbours is a quarter of their features' sum
INDEX_FACTOR = 4  # a scale index's feature is so many times the index
GATE_LIMIT = 80  # in 1/64: a prediction is followed at most by 1.25 times what it says


def side_features(side):
    """Features of side symbols: 8 times the symbol, hence in [-248, 248].

    Args:
        side: integers (..., 18), LSFs then gains.

    Returns:
        float64 (..., 18).
    """
    return np.multiply(side, float(SIDE_FACTOR))


def pooled_features(features):
    """Features of the lower module, coarser: sums over 8 neighbours, divided by 4.

    Args:
        features: magnitude features (..., 320).

    Returns:
        float64 (..., 40) in [0, 255].
    """
    sums = features.reshape(*features.shape[:-1], -1, POOL).sum(axis=-1)
    return np.minimum(np.floor(sums / POOL_DIVISOR), FEATURE_LIMIT)


def delayed(features, delay):
    """Features of so many frames (or code frames) earlier; zeros before the block begins.

    Args:
        features: (..., F, n).
        delay: how many, >= 1.

    Returns:
        (..., F, n) of the same type.
    """
    earlier = np.zeros_like(features)
    earlier[..., delay:, :] = features[..., :-delay, :]
    return earlier


def shared_features(side, lower_module=None):
    """The part of a module's features that is decoded before the module: lower module, then side information.

    Args:
        side: side features (..., F, 18).
        lower_module: magnitude features of the module below (..., F, 320); None for the first module.

    Returns:
        float64 (..., F, 36), or (..., F, 116) where there is a module below.
    """
    parts = [side, delayed(side, 1)]
    if lower_module is not None:
        pooled = pooled_features(lower_module)
        parts = [pooled, delayed(pooled, 1), *parts]
    return np.concatenate(parts, axis=-1)


def ltp_features(before, older, last, predictions, correlation, magnitude_feature):
    """Features of code frames that come from the module itself, as far as it is decoded.

    Args:
        before, older: magnitude features (B, N) of the code frame before and of that before it.
        last: symbols (B, N) of the code frame before.
        predictions, correlation: of `LongTermPredictor.predict`.
        magnitude_feature: uint8 (128,).

    Returns:
        float64 (B, 4 N + 1).
    """
    predicted = magnitude_feature.take(np.minimum(np.abs(predictions), MODULE_LIMIT).astype(np.int64))
    signed = np.minimum(np.maximum(float(SIGNED_FACTOR) * last, -FEATURE_LIMIT), FEATURE_LIMIT)
    return np.concatenate([before, older, predicted, signed, correlation], axis=-1)


def code_frame_features(side, hop):
    """Features of code frames that do not come from the module: side information, and the place in the frame.

    Args:
        side: side features (..., F, 18).

    Returns:
        float64 (..., K, 36 + 320 / hop).
    """
    per_frame = MODULE_SYMBOLS // hop
    now = shared_features(side)
    places = np.broadcast_to(FEATURE_ONE * np.eye(per_frame), (*side.shape[:-1], per_frame, per_frame))
    both = np.concatenate([np.broadcast_to(now[..., None, :], (*places.shape[:-1], now.shape[-1])), places], axis=-1)
    return both.reshape(*side.shape[:-2], -1, both.shape[-1])


def side_distributions(outputs, previous, num_rows):
    """Reads the outputs of a side network: 9 means, then 9 scale indices.

    A mean is in eighths of a symbol. Its whole part is taken off the symbol; its fraction chooses, with the scale
    index, the PMF row that codes the difference.

    Args:
        outputs: int64 (..., 18) of `IntegerNetwork.forward`.
        previous: the same 9 symbols of the frame before (..., 9).
        num_rows: PMF rows of the side table, 8 per scale.

    Returns:
        (centers, rows), each int64 (..., 9): what is taken off each symbol, and the PMF row that codes the rest.
    """
    count = outputs.shape[-1] // 2
    means = MEAN_FRACTIONS * previous + outputs[..., :count]
    scale_indices = limited(outputs[..., count:], num_rows // MEAN_FRACTIONS)
    return means >> 3, MEAN_FRACTIONS * scale_indices + (means & MEAN_FRACTIONS - 1)


def ltp_distributions(outputs, predictions, shift, num_rows):
    """Reads the outputs of the network: scale indices, gates and offsets of the symbols that are sent.

    Args:
        outputs: int64 (B, 3 N).
        predictions: float64 (B, N), in eighths of a symbol.
        shift: scale indices to go down.
        num_rows: PMF rows of the table, 8 per scale.

    Returns:
        (centers, rows), each int64 (B, N): what is taken off each symbol, and the PMF row that codes the rest.
    """
    scale_index, gate, offset = np.split(outputs, 3, axis=-1)
    gate = np.minimum(np.maximum(gate, 0), GATE_LIMIT)
    mean = (gate * predictions.astype(np.int64) >> 6) + offset
    mean = np.minimum(np.maximum(mean, -MAX_PREDICTION), MAX_PREDICTION)
    scale_index = limited(scale_index - shift, num_rows // MEAN_FRACTIONS)
    return mean >> 3, MEAN_FRACTIONS * scale_index + (mean & MEAN_FRACTIONS - 1)


def limited(indices, size):
    """Indices moved into [0, size)."""
    return np.minimum(np.maximum(indices, 0), size - 1)  # np.clip takes five times as long on small arrays


def scale_shift(step_index, scales_per_octave_q8):
    """How many scale indices a global step scale of 2^(step_index / 256) moves the symbols' spread down.

    Args:
        step_index: k of the file's header, -512 to 512.
        scales_per_octave_q8: round(256 * scales per factor of 2) of the scale table.

    Returns:
        int, k / 256 octaves in scale indices, rounded.
    """
    return (step_index * scales_per_octave_q8 + (1 << 15)) >> 16
