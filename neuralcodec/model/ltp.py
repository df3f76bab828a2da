"""Long-term prediction of symbols, as `bitstream.ltp` does it in integers, for all code frames at once.

It learns nothing, and nothing learns from it.
"""
from keras import ops

from neuralcodec.bitstream.features import FEATURE_ONE
from neuralcodec.bitstream.ltp import CORRELATION_WINDOW, HISTORY, MAX_CORRELATION, MAX_LAG, MAX_PREDICTION, MIN_LAG
from neuralcodec.bitstream.symbols import MEAN_FRACTIONS

MAX_SAMPLE = 16.0
GRAIN = 1 / 32  # an integer of the comparison, relative to the mean level
FFT = 256  # at least HISTORY / 2 samples


def predict(symbols, basis, step):
    """Guesses code frames from those before.

    Args:
        symbols: (B, K, N), those that are sent, without gradient.
        basis: (2 hop, N), of the module's transform.
        step: (N,), of its coefficients, without what depends on the side information.

    Returns:
        predictions: (B, K, N), in symbols.
        correlation: (B, K, 1), 0 to 255 / 64.
    """
    basis, step = ops.stop_gradient(basis), ops.stop_gradient(step)
    past = histories(ops.matmul(symbols * step, ops.transpose(basis)))
    lag, correlation = find_lag(past)
    places = HISTORY - lag + ops.mod(ops.arange(basis.shape[0], dtype="int32"), lag)  # (B, K, 2 hop)
    predictions = ops.matmul(ops.take_along_axis(past, places, axis=-1), basis) / step
    limit = MAX_PREDICTION / MEAN_FRACTIONS
    return ops.clip(predictions, -limit, limit), correlation


def histories(parts):
    """What a decoder has of the waveform when it comes to each code frame.

    Args:
        parts: (B, K, 2 hop), each code frame's part of the waveform.

    Returns:
        (B, K, HISTORY).
    """
    hop, frames = parts.shape[-1] // 2, parts.shape[1]
    older = ops.pad(parts[:, :-1, hop:], [[0, 0], [1, 0], [0, 0]])
    complete = ops.clip(parts[..., :hop] + older, -MAX_SAMPLE, MAX_SAMPLE)  # row k: from hop (k - 1) to hop k
    rows = ops.pad(complete, [[0, 0], [HISTORY // hop, 0], [0, 0]])
    return ops.concatenate([rows[:, i: i + frames] for i in range(HISTORY // hop)], axis=-1)


def find_lag(past):
    """The lag at which the end of the past correlates best with what was before: at half the sample rate, then in full.

    Args:
        past: (B, K, HISTORY).

    Returns:
        lag: int32 (B, K, 1), in samples.
        correlation: (B, K, 1), 0 to 255 / 64.
    """
    half = past[..., 0::2] + past[..., 1::2]
    window, count = CORRELATION_WINDOW // 2, (MAX_LAG - MIN_LAG) // 2 + 1
    energy = ops.cumsum(ops.pad(ops.square(half), [[0, 0], [0, 0], [1, 0]]), axis=-1)
    powers = ops.maximum(energy[..., window: window + count] - energy[..., :count], 0.0)
    products = cross_correlation(half[..., -window:], half)[..., :count]
    scores, _ = normalised_correlation(half[..., -window:], products, powers)
    lag = MAX_LAG - 2 * ops.cast(ops.argmax(scores, axis=-1), "int32")[..., None]
    lags = ops.clip(ops.concatenate([lag, lag - 1, lag + 1], axis=-1), MIN_LAG, MAX_LAG)  # (B, K, 3)
    end, start = past[..., -CORRELATION_WINDOW:], HISTORY - CORRELATION_WINDOW - lags
    places = ops.arange(CORRELATION_WINDOW, dtype="int32")
    candidates = [ops.take_along_axis(past, start[..., i: i + 1] + places, axis=-1) for i in range(3)]
    products, powers = (ops.stack([ops.sum(c * other, axis=-1) for c, other in pairs], axis=-1)
                        for pairs in (zip(candidates, 3 * [end]), zip(candidates, candidates)))
    scores, power = normalised_correlation(end, products, powers)
    best = ops.argmax(scores, axis=-1)[..., None]
    correlation = ops.take_along_axis(scores, best, axis=-1) / (power + GRAIN ** 2)
    return ops.take_along_axis(lags, best, axis=-1), ops.minimum(correlation, 1.0) * (MAX_CORRELATION / FEATURE_ONE)


def cross_correlation(end, x):
    """Sum over n of end[n] x[s + n] for each s: (..., N), (..., M) -> (..., FFT)."""
    a_real, a_imaginary = ops.rfft(end, fft_length=FFT)
    b_real, b_imaginary = ops.rfft(x, fft_length=FFT)
    product = (a_real * b_real + a_imaginary * b_imaginary, a_real * b_imaginary - a_imaginary * b_real)
    return ops.irfft(product, fft_length=FFT)


def normalised_correlation(end, products, powers):
    """What a prediction from earlier windows explains of the power of the end.

    Args:
        end: (B, K, N).
        products, powers: (B, K, L), of the end with each window, and of each window.

    Returns:
        (B, K, L); the power of the end (B, K, 1).
    """
    power = ops.sum(ops.square(end), axis=-1, keepdims=True)
    return ops.square(ops.relu(products)) / (powers + power / 32 + GRAIN ** 2), power
