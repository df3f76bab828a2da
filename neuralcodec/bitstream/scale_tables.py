"""Scale tables: the distributions from which the PMF rows of the entropy tables are made.

A context network does not put out a distribution but a scale index: its place in a table of logistic distributions,
from narrow to wide. The logistic shape is only the start; each PMF row is then fitted to the symbols that chose it.
"""

import numpy as np

from neuralcodec.bitstream.range_coder import FREQUENCY_TOTAL
from neuralcodec.bitstream.symbols import MEAN_FRACTIONS, from_zigzag

NUM_SIDE_SCALES = 16
NUM_MODULE_SCALES = 64
ALPHABET = 32

SIDE_SCALES = 0.08 * (8.0 / 0.08) ** (np.arange(NUM_SIDE_SCALES) / (NUM_SIDE_SCALES - 1))
MODULE_SCALES = 0.04 * (40.0 / 0.04) ** (np.arange(NUM_MODULE_SCALES) / (NUM_MODULE_SCALES - 1))
MODULE_SCALES_PER_OCTAVE_Q8 = round(256 * np.log(2) / np.log(MODULE_SCALES[1] / MODULE_SCALES[0]))


def logistic_pmf_rows(scales, means, alphabet=ALPHABET):
    """Probabilities of a logistic distribution rounded to integers, in zigzag order, the escape last.

    P(q) = sigmoid((q - mean + 1/2) / scale) - sigmoid((q - mean - 1/2) / scale)

    Args:
        scales: (R,), > 0, in symbols.
        means: (R,), in symbols.
        alphabet: entries of a PMF row; the last holds what is left for all values that have none of their own.

    Returns:
        float64 (R, alphabet), rows sum to 1.
    """
    values = from_zigzag(np.arange(alphabet - 1))
    scales, means = np.asarray(scales)[:, None], np.asarray(means)[:, None]
    distance = np.abs(values - means)  # mirrored to the lower tail, where a difference of sigmoids is precise
    inner, outer = _sigmoid((0.5 - distance) / scales), _sigmoid((-0.5 - distance) / scales)
    rows = inner - outer
    escape = np.maximum(1.0 - rows.sum(axis=1, keepdims=True), 0.0)
    rows = np.concatenate([rows, escape], axis=1)
    return rows / rows.sum(axis=1, keepdims=True)


def side_prior(alphabet=ALPHABET):
    """Probabilities for the side symbols: row = 8 * scale index + fraction, the mean at fraction / 8.

    Returns:
        float64 (128, alphabet).
    """
    return _prior(SIDE_SCALES, alphabet)


def module_prior(alphabet=ALPHABET):
    """Probabilities for the modules' symbols: row = scale index, the mean at 0.

    Returns:
        float64 (64, alphabet).
    """
    return logistic_pmf_rows(MODULE_SCALES, np.zeros(NUM_MODULE_SCALES), alphabet)


def predicted_prior(alphabet=ALPHABET):
    """Probabilities for symbols with a predicted mean: row = 8 * scale index + fraction, the mean at fraction / 8.

    Returns:
        float64 (512, alphabet).
    """
    return _prior(MODULE_SCALES, alphabet)


def nested_prior(alphabet=ALPHABET):
    """Probabilities for the symbols of nested modules: a family of 64 rows each for what is fresh, for what was zero
    below, and for what was 1, 2, 3 and more below (see `nested_payload`).

    Returns:
        float64 (320, alphabet).
    """
    def below(x):  # P(|v| < x) of each scale
        return np.tanh(x / (2 * MODULE_SCALES))

    families = np.zeros((5, NUM_MODULE_SCALES, alphabet))
    size = np.abs(from_zigzag(np.arange(alphabet - 1)))[:, None]
    cells = np.exp(_log_cell(size, 1.0, MODULE_SCALES))  # (alphabet - 1, 64), on one side
    families[0, :, :-1] = np.where(size == 0, 2 * cells, cells).T
    families[0, :, -1] = np.maximum(1 - families[0].sum(axis=1), 0)
    stays = below(1) / below(2)
    families[1, :, :3] = np.stack([stays, (1 - stays) / 2, (1 - stays) / 2], axis=1)
    for size in (1, 2, 3):
        upper = np.exp(_log_cell(2 * size + 1, 1.0, MODULE_SCALES) - _log_cell(2 * size, 2.0, MODULE_SCALES))
        families[1 + size, :, :2] = np.stack([1 - upper, upper], axis=1)
    return families.reshape(-1, alphabet)


def _log_cell(low, width, scale):
    """log P(low <= x < low + width) of a logistic distribution around 0, low >= 0, without cancellation."""
    return (-np.logaddexp(0, -(low + width) / scale) - np.logaddexp(0, low / scale)
            + np.log(-np.expm1(-width / scale)))


def _prior(scales, alphabet):
    """A PMF row for every scale and eighth of a symbol."""
    fractions = np.tile(np.arange(MEAN_FRACTIONS), len(scales))
    return logistic_pmf_rows(np.repeat(scales, MEAN_FRACTIONS), fractions / MEAN_FRACTIONS, alphabet)


def fit_pmf_rows(counts, prior):
    """Frequencies for the range coder from counted symbols.

    Args:
        counts: (R, A), how often each symbol occurred in each PMF row.
        prior: (R, A), counts to add to them, for what was seen too rarely to be judged: the weight times a row of
            `side_prior`, `module_prior` or `predicted_prior`.

    Returns:
        uint32 (R, A): every frequency at least 1, every row's sum exactly 2^24. The same for the same input.

    Example:
        >>> pmf_rows = fit_pmf_rows(counts, 50 * module_prior())
    """
    weights = np.asarray(counts, np.float64) + prior
    num_rows, alphabet = weights.shape
    free = FREQUENCY_TOTAL - alphabet  # each symbol has its one chance already
    shares = weights * (free / weights.sum(axis=1, keepdims=True))
    whole = np.floor(shares)
    # The largest remainders get the chances that are left; equal remainders in the order of the row.
    order = np.argsort(whole - shares, axis=1, kind="stable")
    left = free - whole.sum(axis=1, keepdims=True)
    bonus = np.zeros_like(whole)
    np.put_along_axis(bonus, order, (np.arange(alphabet) < left).astype(np.float64), axis=1)
    return (whole + bonus + 1).astype(np.uint32)


def _sigmoid(x):
    return np.exp(-np.logaddexp(0.0, -x))  # precise for x << 0, no overflow
