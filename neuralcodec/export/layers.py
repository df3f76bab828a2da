"""The layers of step graphs, the same as in `runtime`. K counts the code frames of a step."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, GAIN_FRAME, SUBFRAME
from neuralcodec.architecture.layout import BLOCK_KERNEL, LEAKY_SLOPE, noise_layout
from neuralcodec.architecture.lpc import GAIN_MEAN, GAIN_SPREAD, GAINS, ORDER
from neuralcodec.architecture.noise import (
    BAND_HZ,
    BANDS,
    FIRST_NOISE_LOGIT,
    MAX_NOISE_LEVEL,
    NOISE,
    NOISE_BESIDE,
    POWER_FLOOR,
)
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.export.steps import Stream

LOWEST_LOGIT = -80.0  # below it the exponential would overflow
SUBFRAMES = FRAME_SAMPLES // SUBFRAME

# What the networks know of a frame: normalised LSFs of its sub-frames, gain symbols, and the logarithm of the file's
# global step scale, 2^(step index / 256).
SIDE_INPUTS = {"lsf": np.zeros((SUBFRAMES, ORDER), np.float32), "gain": np.zeros(GAINS, np.int32),
               "log_scale": np.zeros(1, np.float32)}


def leaky_relu(step, x):
    return step.ops.maximum(x, LEAKY_SLOPE * x)


def sigmoid(step, x):
    return 1.0 / (1.0 + step.ops.exp(0.0 - step.ops.maximum(x, LOWEST_LOGIT)))


def dense(step, name, x):
    """(K, C) -> (K, width)."""
    y, bias = x @ step.weights[f"{name}/kernel"], step.weights.get(f"{name}/bias")
    return y if bias is None else y + bias


def causal_conv(step, name, stream, kernel, lookahead=0):
    """Stream of (K, C) -> of (K, width), later by the look-ahead."""
    count = stream.rows.shape[0]
    rows = step.history(step.real(stream), kernel - 1)
    rows = step.ops.concat([rows[i: i + count] for i in range(kernel)], axis=1)
    return Stream(dense(step, name, rows), stream.lag + lookahead)


def correction(step, name, layout, stream, condition):
    """The CNN of an encoder or decoder: coefficients and side information -> a correction of the coefficients.

    Args:
        name: prefix of its arrays.
        layout: CorrectionLayout.
        stream: coefficients (K, inputs).
        condition: Stream of (K, C), not later than the coefficients.

    Returns:
        Stream of (K, outputs).
    """
    entered = causal_conv(step, f"{name}/enter", stream, layout.kernel, layout.lookahead)
    h = entered.rows + dense(step, f"{name}/condition", step.align(condition, entered.lag).rows)
    for block in (f"{name}/block_{i}" for i in range(layout.blocks)):
        y = leaky_relu(step, dense(step, f"{block}/squeeze", h))
        y = causal_conv(step, f"{block}/conv", Stream(y, entered.lag), BLOCK_KERNEL).rows
        h = h + dense(step, f"{block}/expand", leaky_relu(step, y))
    return Stream(dense(step, f"{name}/leave", leaky_relu(step, h)), entered.lag)


def transform(step, basis, stream):
    """Lapped transform with a basis (2 hop, hop): samples (K, hop) -> coefficients (K, hop)."""
    count = stream.rows.shape[0]
    rows = step.history(step.real(stream), 1)
    return Stream(step.ops.concat([rows[0:count], rows[1: count + 1]], axis=1) @ basis, stream.lag)


def inverse_transform(step, basis, stream):
    """Overlap-add of the transposed transform: coefficients (K, hop) -> samples (K, hop), later by one hop."""
    count, hop = stream.rows.shape
    halves = stream.rows @ np.ascontiguousarray(basis.T)
    tails = step.history(halves[:, hop: 2 * hop], 1)
    return Stream(tails[0:count] + halves[:, 0:hop], stream.lag + 1)


def side_condition(step, hop, lsf, gain):
    """Side information of each code frame and of the one before it, Stream of (K, C), as in `runtime.side`."""
    count = FRAME_SAMPLES // hop
    ends = np.eye(SUBFRAMES, dtype=np.float32)[hop // SUBFRAME - 1:: hop // SUBFRAME]  # sub-frames that end with one
    gain = (step.ops.as_float(gain) - GAIN_MEAN) / GAIN_SPREAD
    if count == 1:
        gains = step.ops.reshape(gain, (1, GAINS))
    else:
        gains = np.repeat(np.eye(GAINS, dtype=np.float32), GAIN_FRAME // hop, axis=0) @ step.ops.reshape(gain, (-1, 1))
    now = step.ops.concat([ends @ lsf, gains], axis=1)
    is_first = 1.0 - step.ops.above(step.place(count, 0), 0.5)  # the first one stands for the one before it
    before = step.history(now, 1)[0:count] + now * step.ops.reshape(is_first, (count, 1))
    return Stream(step.ops.concat([now, before], axis=1))


def step_sizes(step, names, condition, log_scale):
    """Step size of every coefficient (K, N).

    Args:
        names: of the array of logarithms and of both layers.
        condition: (K, C).
        log_scale: (1,), logarithm of the file's global step scale.
    """
    log_step, hidden, out = names
    return step.ops.exp(step.weights[log_step] + log_scale
                        + dense(step, out, leaky_relu(step, dense(step, hidden, condition))))


def is_zero(step, symbols):
    """1 where a symbol is 0, else 0."""
    return 1.0 - step.ops.above(step.ops.abs(symbols), 0.5)


def noise_fill(step, log_level, symbols):
    """Symbols, Stream of (K, hop) -> noise in units of the step (K, hop), 0 where the symbol is not."""
    noise = NOISE.reshape(-1, len(log_level)) * np.exp(log_level)
    return is_zero(step, symbols.rows) * step.noise(noise, symbols.lag)


def noise_substitution(step, above, stream, condition, prefixes=0):
    """Noise beside what is decoded, in bands of 500 Hz from `above` Hz on.

    Args:
        stream: decoded coefficients of the first module (K, hop).
        condition: what the network knows (K, C), not later than these.
        prefixes: in a nested cascade, of how many it knows which one is decoded.

    Returns:
        Stream of (K, hop), a waveform.
    """
    hop, first = stream.rows.shape[1], above // BAND_HZ
    band = np.repeat(np.eye(BANDS, dtype=np.float32), hop // BANDS, axis=1)  # (bands, hop)
    power = (stream.rows * stream.rows) @ (band.T * np.float32(BANDS / hop))
    loudness = Stream(step.ops.log(power + POWER_FLOOR), stream.lag)
    logit = correction(step, "noise_substitution/network", noise_layout(hop, above, prefixes), loudness, condition)
    levels = MAX_NOISE_LEVEL * sigmoid(step, logit.rows + FIRST_NOISE_LOGIT)
    noise = step.noise(NOISE_BESIDE.reshape(-1, hop), logit.lag) * (levels @ band[first:])
    return inverse_transform(step, lapped_basis(hop), Stream(noise, logit.lag))
