"""Linear prediction in keras.ops: analysis to LSFs, LSFs to predictors, and an exact pair of time-varying filters.

Nothing before the quantiser is trainable, so no gradient passes through `analysis`; everything from quantised LSFs to
the waveform is differentiable.

References: Makhoul, "Linear prediction: a tutorial review", Proc. IEEE 1975; Kabal and Ramachandran, "The computation
of line spectral frequencies using Chebyshev polynomials", IEEE TASSP 1986; ITU-T G.722.2, section 5.2.
"""
import numpy as np
from keras import ops

from neuralcodec.architecture.framing import FRAME_SAMPLES, SUBFRAME
from neuralcodec.architecture.lpc import (
    COSINES,
    EXPANSION,
    GRID,
    HALF,
    HIGHEST,
    INTERPOLATION,
    LAG_WINDOW,
    MIN_GAP,
    ORDER,
    PAST,
    SILENCE,
    SPREAD,
    UNIFORM,
    WINDOW,
)


def analysis(x):
    """Predictors and LSFs of every frame.

    Args:
        x: waveform (B, T), T a multiple of 320.

    Returns:
        a: predictors (B, F, 17) with a[..., 0] = 1, F = T / 320.
        lsf: line spectral frequencies (B, F, 16) in radians, ascending.
    """
    r = ops.multiply(autocorrelation(ops.pad(x, [[0, 0], [PAST, 0]])), LAG_WINDOW)
    r = ops.concatenate([r[..., :1] + SILENCE, r[..., 1:]], axis=-1)
    a = ops.multiply(levinson_durbin(r), EXPANSION)
    return a, ops.stop_gradient(lsf_from_lpc(a))


def autocorrelation(x):
    """10 ms from before the first frame and whole frames (B, 160 + 320 F) -> (B, F, 17), windowed."""
    count = (x.shape[1] - PAST) // FRAME_SAMPLES
    before, frames = (ops.reshape(part, (-1, count, FRAME_SAMPLES)) for part in (x[:, : -PAST], x[:, PAST:]))
    windows = ops.multiply(ops.concatenate([before[..., :PAST], frames], axis=-1), WINDOW)  # (B, F, 480)
    n = WINDOW.size
    return ops.stack([ops.sum(windows[..., : n - k] * windows[..., k:], axis=-1) for k in range(ORDER + 1)], axis=-1)


def levinson_durbin(r):
    """Autocorrelation (..., 17) -> predictor (..., 17), minimum phase."""
    a, error = [ops.ones_like(r[..., 0])], r[..., 0]
    for i in range(1, ORDER + 1):
        k = -sum(a[j] * r[..., i - j] for j in range(i)) / error
        a = [a[0]] + [a[j] + k * a[i - j] for j in range(1, i)] + [k]
        error = error * (1 - k * k)
    return ops.stack(a, axis=-1)


def lsf_from_lpc(a):
    """Predictor (..., 17) -> LSFs (..., 16): sign changes of the deflated sum and difference polynomials on a grid.

    Two roots in one grid cell show no sign change; such a frame gets the LSFs of a flat spectrum.
    """
    last = ops.zeros_like(a[..., :1])
    forward, backward = ops.concatenate([a, last], axis=-1), ops.concatenate([last, ops.flip(a, axis=-1)], axis=-1)
    roots, found = zip(_roots(_deflate(forward + backward, 1.0)), _roots(_deflate(forward - backward, -1.0)))
    lsf = ops.sort(ops.concatenate(roots, axis=-1), axis=-1)
    whole = ops.logical_and(found[0] >= HALF, found[1] >= HALF)
    whole = ops.logical_and(whole, ops.all(ops.isfinite(lsf), axis=-1, keepdims=True))
    return ops.where(whole, lsf, UNIFORM)


def _deflate(c, sign):
    """Divides the known root at z = -1 (sum) or z = 1 (difference) out of the polynomial (..., 18)."""
    out = [c[..., 0]]
    for i in range(1, ORDER + 1):
        out.append(c[..., i] - sign * out[-1])
    return out


def _roots(c):
    """Symmetric polynomial (17 coefficients) -> its 8 angles, and how many sign changes there were."""
    series = ops.stack([c[HALF]] + [2 * c[HALF - k] for k in range(1, HALF + 1)], axis=-1)
    values = ops.matmul(series, COSINES)  # (..., 1025)
    change = ops.cast(values[..., :-1] * values[..., 1:] < 0, "float32")
    _, cell = ops.top_k(ops.multiply(change, np.arange(2 * GRID, GRID, -1, dtype="float32")), HALF)
    left = ops.take_along_axis(values, cell, axis=-1)
    right = ops.take_along_axis(values, cell + 1, axis=-1)
    inside = ops.clip(left / (left - right + 1e-12), 0.0, 1.0)
    return (ops.cast(cell, "float32") + inside) * (np.pi / GRID), ops.sum(change, axis=-1, keepdims=True)


def order_lsf(lsf):
    """Sorts LSFs (..., 16) and keeps them MIN_GAP apart and below pi, so that 1/A(z) is stable.

    That holds for any spectrum of sound. Sixteen LSFs crowded into a corner, as only damage makes them, have no filter
    that is stable in floating point; the runtime bounds its output instead.
    """
    lsf = ops.sort(lsf, axis=-1)
    gaps = lsf - ops.concatenate([ops.zeros_like(lsf[..., :1]), lsf[..., :-1]], axis=-1)
    return ops.minimum(ops.cumsum(ops.maximum(gaps, MIN_GAP), axis=-1), HIGHEST)


def interpolate_lsf(lsf, before):
    """LSFs per 20 ms (B, F, 16), and those of the frame before each -> per 5 ms (B, 4 F, 16)."""
    smooth = ops.stack([before * (1 - w) + lsf * w for w in INTERPOLATION], axis=2)
    return ops.reshape(smooth, (-1, len(INTERPOLATION) * lsf.shape[1], ORDER))


def lpc_from_lsf(lsf):
    """LSFs (..., 16) -> predictors (..., 17): two products of second-order factors."""

    def product(cosines):
        out = [ops.ones_like(cosines[..., 0])]
        for i in SPREAD:
            b, n = -2 * cosines[..., i], len(out)
            out = [sum(term for term in ((out[j] if j < n else None), (b * out[j - 1] if 1 <= j <= n else None),
                                         (out[j - 2] if j >= 2 else None)) if term is not None) for j in range(n + 2)]
        return out

    cosines = ops.cos(lsf)
    p, q = product(cosines[..., 0::2]), product(cosines[..., 1::2])
    p = [p[0]] + [p[i] + p[i - 1] for i in range(1, ORDER + 1)]
    q = [q[0]] + [q[i] - q[i - 1] for i in range(1, ORDER + 1)]
    return ops.stack([(u + v) / 2 for u, v in zip(p, q)], axis=-1)


def analysis_filter(x, a, n=SUBFRAME):
    """A(z): x (B, T), one predictor per n samples a (B, T/n, 17) -> residual (B, T)."""
    length = x.shape[1]
    past = ops.pad(x, [[0, 0], [ORDER, 0]])
    blocks = [ops.reshape(past[:, ORDER - k: ORDER - k + length], (-1, length // n, n)) for k in range(ORDER + 1)]
    return ops.reshape(sum(a[..., k: k + 1] * block for k, block in enumerate(blocks)), (-1, length))


def synthesis_filter(r, a, n=SUBFRAME):
    """1/A(z), the exact inverse of `analysis_filter`.

    In blocks of 16 samples the filter is y[t] = M y[t-1] + H r[t]: H is the Toeplitz matrix of the impulse response and
    M = -H U carries the 16 outputs before the block. H r is computed for all blocks at once; only the products with M
    are left for the scan over time.

    Args:
        r: residual (B, T).
        a: predictors (B, T/n, 17), n a multiple of 16.

    Returns:
        y: waveform (B, T).
    """
    frames, inner = r.shape[1] // n, n // ORDER
    response = _toeplitz(_impulse_response(a))  # H (B, F, 16, 16)
    memory = ops.matmul(response, _memory(a))  # M (B, F, 16, 16)
    drive = ops.einsum("bfij,bfnj->fbni", response, ops.reshape(r, (-1, frames, inner, ORDER)))

    def frame(before, inputs):
        memory, drive = inputs  # (B, 16, 16), (B, n / 16, 16)
        blocks, block = [], before[:, -ORDER:]
        for i in range(inner):
            block = ops.sum(memory * block[:, None], axis=-1) + drive[:, i]
            blocks.append(block)
        out = ops.concatenate(blocks, axis=-1)
        return out, out

    start = ops.reshape(ops.zeros_like(drive[0]), (-1, n))
    _, y = ops.scan(frame, start, (ops.transpose(memory, (1, 0, 2, 3)), drive))  # (F, B, n)
    return ops.reshape(ops.transpose(y, (1, 0, 2)), (-1, frames * n))


def _impulse_response(a):
    """First 16 samples of 1/A(z): (..., 17) -> list of 16 (...)."""
    h = [ops.ones_like(a[..., 0])]
    for n in range(1, ORDER):
        h.append(-sum(a[..., k] * h[n - k] for k in range(1, n + 1)))
    return ops.stack(h, axis=-1)


_BELOW = np.subtract.outer(np.arange(ORDER), np.arange(ORDER))  # row - column


def _toeplitz(h):
    """(..., 16) -> lower triangular (..., 16, 16) with h[row - column]."""
    padded = ops.concatenate([h, ops.zeros_like(h[..., :1])], axis=-1)
    return ops.take(padded, np.where(_BELOW >= 0, _BELOW, ORDER), axis=-1)


def _memory(a):
    """-U: what the 16 samples before a block add to its input, (..., 17) -> (..., 16, 16) of -a[16 + row - column]."""
    padded = ops.concatenate([-a, ops.zeros_like(a[..., :1])], axis=-1)
    return ops.take(padded, np.where(_BELOW <= 0, ORDER + _BELOW, ORDER + 1), axis=-1)
