"""Linear prediction in NumPy: analysis to LSFs, LSFs to predictors, and an exact pair of time-varying filters.

The same algorithms as `model.lpc`, with memory instead of a batch axis. F counts frames of 20 ms, S sub-frames of 5 ms.

References: Makhoul, "Linear prediction: a tutorial review", Proc. IEEE 1975; Kabal and Ramachandran, "The computation
of line spectral frequencies using Chebyshev polynomials", IEEE TASSP 1986; ITU-T G.722.2, section 5.2.
"""

import numpy as np

from neuralcodec import kernels
from neuralcodec.architecture.framing import FRAME_SAMPLES, SUBFRAME
from neuralcodec.architecture.lpc import (
    COSINES,
    EXPANSION,
    GRID,
    HALF,
    HIGHEST,
    INTERPOLATION,
    LAG_WINDOW,
    MAX_OUTPUT,
    MIN_GAP,
    ORDER,
    PAST,
    SILENCE,
    UNIFORM,
    WINDOW,
)
from neuralcodec.architecture.windows import windows
from neuralcodec.runtime.layers import Product, SteadyProduct


class Analysis:
    """Predictors and LSFs of every frame."""

    def __init__(self):
        self._past = np.zeros(PAST, np.float32)
        self._products = SteadyProduct(COSINES), SteadyProduct(COSINES)

    def __call__(self, x):
        """Analyses the next frames.

        Args:
            x: waveform float32 (320 F,).

        Returns:
            a: predictors (F, 17) with a[:, 0] = 1.
            lsf: line spectral frequencies float32 (F, 16) in radians, ascending.
        """
        x = np.concatenate([self._past, x])
        self._past = x[-PAST:]
        r = autocorrelation(x) * LAG_WINDOW
        r[:, 0] += SILENCE
        a = levinson_durbin(r) * EXPANSION
        return a, lsf_from_lpc(a, *self._products)


def autocorrelation(x):
    """10 ms from before the first frame and whole frames (160 + 320 F,) -> (F, 17), windowed."""
    frames = windows(x, WINDOW.size, FRAME_SAMPLES) * WINDOW  # (F, 480)
    n = WINDOW.size
    return np.stack([np.einsum("fi,fi->f", frames[:, : n - k], frames[:, k:]) for k in range(ORDER + 1)], axis=1)


def levinson_durbin(r):
    """Autocorrelation (F, 17) -> predictors (F, 17), minimum phase."""
    r = np.ascontiguousarray(r.T)  # (17, F)
    a, error = np.zeros_like(r), r[0].copy()
    a[0] = 1
    for i in range(1, ORDER + 1):
        k = -np.einsum("jf,jf->f", a[:i], r[i:0:-1]) / error
        a[1: i + 1] += k * a[i - 1:: -1]
        error *= 1 - k * k
    return a.T


def lsf_from_lpc(a, of_sum=Product(COSINES), of_difference=Product(COSINES)):
    """LSFs of predictors: sign changes of the deflated sum and difference polynomials on a grid.

    Two roots in one grid cell show no sign change; such a frame gets the LSFs of a flat spectrum.

    Args:
        a: predictors (F, 17).
        of_sum, of_difference: what multiplies each polynomial with the grid's cosines.

    Returns:
        (F, 16).
    """
    a = np.ascontiguousarray(a.T)  # (17, F)
    last = np.zeros_like(a[:1])
    forward, backward = np.concatenate([a, last]), np.concatenate([last, a[::-1]])
    low, low_found = _roots(forward + backward, 1.0, of_sum)
    high, high_found = _roots(forward - backward, -1.0, of_difference)
    lsf = np.sort(np.concatenate([low, high], axis=1), axis=1)
    whole = low_found & high_found & np.isfinite(lsf).all(axis=1)
    return np.where(whole[:, None], lsf, UNIFORM)


def _roots(c, sign, product):
    """Sum (sign 1) or difference (-1) polynomial (18, F) -> its 8 angles (F, 8), and whether there are so many (F,)."""
    for i in range(1, ORDER + 1):  # divides the known root at z = -1 or z = 1 out
        c[i] -= sign * c[i - 1]
    series = 2 * c[HALF:: -1]  # (9, F)
    series[0] /= 2
    values = product(series.T)  # (F, 1025)
    below = values < 0
    change = below[:, :-1] != below[:, 1:]
    counts = np.count_nonzero(change, axis=1)
    places = np.append(np.flatnonzero(change), np.zeros(HALF, np.intp))  # of all frames, one after another
    first = np.cumsum(counts) - counts
    cell = places[first[:, None] + np.arange(HALF)] % GRID  # meaningless where there are fewer than 8
    place = cell + values.shape[1] * np.arange(len(cell))[:, None]
    left, right = values.take(place), values.take(place + 1)
    inside = np.clip(left / (left - right + np.float32(1e-12)), 0, 1)
    return (cell.astype(np.float32) + inside) * np.float32(np.pi / GRID), counts >= HALF


def order_lsf(lsf):
    """Sorts LSFs (F, 16) and keeps them MIN_GAP apart and below pi: whatever was decoded, 1/A(z) is stable."""
    gaps = np.diff(np.sort(lsf, axis=1), axis=1, prepend=np.float32(0))
    return np.minimum(np.cumsum(np.maximum(gaps, np.float32(MIN_GAP)), axis=1), HIGHEST)


def interpolate_lsf(lsf, before):
    """LSFs per 20 ms (F, 16), and those of the frame before each -> per 5 ms (S, 16)."""
    weight = np.array(INTERPOLATION, np.float32)[:, None]
    return (before[:, None] * (1 - weight) + lsf[:, None] * weight).reshape(-1, ORDER)


def lpc_from_lsf(lsf):
    """LSFs (S, 16) -> predictors float64 (S, 17): two products of second-order factors.

    In float32 the large coefficients that cancel here would cost four digits: 1/A(z) could become unstable.
    """
    lsf = lsf.astype(np.float64)
    b = -2 * np.cos(lsf).T.reshape(HALF, 2, -1)  # (8, 2, S): the sum polynomial's factors, the difference polynomial's
    pq = np.zeros((ORDER + 1, *b.shape[1:]), b.dtype)  # (17, 2, S)
    pq[0] = 1
    for i in range(HALF):
        n = 2 * i + 1  # coefficients so far
        product = pq[:n].copy()
        pq[1: n + 1] += b[i] * product
        pq[2: n + 2] += product
    p, q = pq[:, 0], pq[:, 1]
    p[1:] += p[:-1].copy()
    q[1:] -= q[:-1].copy()
    return ((p + q) / 2).T


class AnalysisFilter:
    """A(z), with memory."""

    def __init__(self):
        self._past = np.zeros(ORDER, np.float32)

    def __call__(self, x, a):
        """Filters the next samples.

        Args:
            x: waveform float32 (80 S,).
            a: predictors (S, 17).

        Returns:
            residual float32 (80 S,).
        """
        x = np.concatenate([self._past, x])
        self._past = x[-ORDER:]
        around = windows(x, ORDER + 1, 1).reshape(-1, SUBFRAME, ORDER + 1)  # oldest sample first
        return np.einsum("snk,sk->sn", around, a[:, ::-1].astype(np.float32)).reshape(-1)


class SynthesisFilter:
    """1/A(z), the exact inverse of `AnalysisFilter`, with memory.

    In blocks of 16 samples the filter is y[t] = M y[t-1] + H r[t]: H is the Toeplitz matrix of the impulse response and
    M = -H U carries the 16 outputs before the block. All matrices are computed at once for all sub-frames; what is left
    for the loop over sub-frames is one product with M^5, from the last block of a sub-frame to that of the next. This
    is done in float64, because terms of the powers of M cancel.
    """

    def __init__(self):
        self._last = np.zeros(ORDER)

    def __call__(self, r, a):
        """Filters the next samples.

        Args:
            r: residual (80 S,).
            a: predictors float64 (S, 17).

        Returns:
            waveform float32 (80 S,), within +-MAX_OUTPUT.
        """
        if kernels.loops:
            y = np.empty(len(r), np.float32)
            r, a = np.ascontiguousarray(r, np.float32), np.ascontiguousarray(a, np.float64)
            kernels.loops.synthesise(r, a, self._last, MAX_OUTPUT, y)
            return y
        response = _impulse_response(a).take(_TOEPLITZ, axis=1)  # H (S, 16, 16)
        memory = response @ np.pad(-a, [[0, 0], [0, 1]]).take(_MEMORY, axis=1)  # M (S, 16, 16)
        drive = r.reshape(-1, SUBFRAME // ORDER, ORDER).astype(np.float64) @ response.transpose(0, 2, 1)  # (S, 5, 16)
        starts = self._starts(memory, _blocks(memory, drive, np.zeros_like(drive[:, 0]))[:, -1])
        y = _blocks(memory, drive, starts).reshape(-1)
        return np.clip(y, -MAX_OUTPUT, MAX_OUTPUT, out=y).astype(np.float32)

    def _starts(self, memory, ends):
        """The block before each sub-frame (S, 16), given the last block that each would have after silence."""
        squared = memory @ memory
        across = squared @ squared @ memory
        affine = np.concatenate([across, ends[:, :, None]], axis=2)  # (S, 16, 17), for a block and a one
        blocks = np.ones((len(ends) + 1, ORDER + 1))
        blocks[0, :ORDER] = self._last
        recursion = list(zip(affine, blocks, blocks[1:, :ORDER]))
        with np.errstate(over="ignore", invalid="ignore"):
            for matrix, before, after in recursion:
                np.dot(matrix, before, out=after)
        if not np.abs(blocks).max() <= MAX_OUTPUT:  # once more, such that the filter recovers; NaN is caught, too
            for matrix, before, after in recursion:
                np.dot(matrix, before, out=after).clip(-MAX_OUTPUT, MAX_OUTPUT, out=after)
        self._last = blocks[-1, :ORDER].copy()
        return blocks[:-1, :ORDER]


def _blocks(memory, drive, block):
    """Outputs (S, 5, 16) of sub-frames that follow the blocks (S, 16)."""
    out = np.empty_like(drive)
    for i in range(drive.shape[1]):
        block = np.matmul(memory, block[..., None])[..., 0] + drive[:, i]
        out[:, i] = block
    return out


def _impulse_response(a):
    """First 16 samples of 1/A(z), then a zero: (S, 17) -> (S, 17)."""
    a, h = a.T, np.zeros_like(a.T)
    h[0] = 1
    for n in range(1, ORDER):
        h[n] = -np.einsum("ks,ks->s", a[1: n + 1], h[n - 1:: -1][:n])
    return np.ascontiguousarray(h.T)


_BELOW = np.subtract.outer(np.arange(ORDER), np.arange(ORDER))  # row - column
_TOEPLITZ = np.where(_BELOW >= 0, _BELOW, ORDER)  # h[row - column]; h[16] stands for zero
_MEMORY = np.where(_BELOW <= 0, ORDER + _BELOW, ORDER + 1)  # -a[16 + row - column]; a[17] stands for zero
