"""Integer context networks: what is decoded already chooses the distribution of what comes next.

Floating point differs between machines, so what is chosen by floats here may be chosen otherwise elsewhere. These
networks are integers throughout (Balle, Johnston, Minnen, "Integer networks for data compression with latent-variable
models", ICLR 2019), yet run at BLAS speed: the matrix products are done on float64 arrays that hold integers, where
every partial sum stays far below 2^53 and is exact in whatever order it is added up.
"""

from dataclasses import dataclass

import numpy as np

from neuralcodec.bitstream.symbols import MEAN_FRACTIONS, MODULE_SYMBOLS
from neuralcodec.errors import PresetError

FEATURE_LIMIT = 255
POOL = 8
POOLED_FEATURES = MODULE_SYMBOLS // POOL

_HIDDEN_SHIFT = 12  # weights of the first layer are in 1/4096
_OUTPUT_SHIFT = 15  # outputs are in 2^-18, rounded to 1/8


@dataclass(frozen=True, eq=False, repr=False)
class IntegerNetwork:
    """Two dense layers in integers, exact on every machine.

        hidden = clip((features @ w1 + b1 + 2^11) >> 12, 0, 255)
        output = (hidden @ w2 + b2 + 2^14) >> 15

    Features and hidden units are in 1/64, weights in 1/4096, the sums of the second layer in 2^-18, outputs in 1/8.

    Args:
        w1: int16 (I, H).
        b1: int32 (H,).
        w2: int16 (H, O).
        b2: int32 (O,).

    Raises:
        PresetError: a wrong type or shape. (The types bound every sum: 2^16 inputs * 255 * 2^15 + 2^31 < 2^53.)

    Example:
        >>> network.forward(features)  # (..., I) -> int64 (..., O)
    """

    w1: np.ndarray
    b1: np.ndarray
    w2: np.ndarray
    b2: np.ndarray

    def __post_init__(self):
        types = [array.dtype for array in (self.w1, self.b1, self.w2, self.b2)]
        if types != [np.int16, np.int32, np.int16, np.int32]:
            raise PresetError("A context network has arrays of the wrong type; install the preset again.")
        if self.w1.ndim != 2 or not 0 < min(self.w1.shape) <= max(self.w1.shape) < 1 << 16:
            raise PresetError("A context network has a first layer of the wrong shape; install the preset again.")
        hidden, outputs = len(self.b1), len(self.b2)
        if self.b1.shape != self.w1.shape[1:] or self.w2.shape != (hidden, outputs) or self.b2.ndim != 1:
            raise PresetError("A context network has layers that do not fit; install the preset again.")
        # The shifts become powers of two inside the weights (exact), the rounding halves become part of the biases.
        scale1, scale2 = 2.0**-_HIDDEN_SHIFT, 2.0**-_OUTPUT_SHIFT
        precomputed = {
            "_w1": self.w1 * scale1,
            "_b1": (self.b1 + np.int64(1 << _HIDDEN_SHIFT - 1)) * scale1,
            "_w2": self.w2 * scale2,
            "_b2": (self.b2 + np.int64(1 << _OUTPUT_SHIFT - 1)) * scale2,
        }
        for name, array in precomputed.items():
            object.__setattr__(self, name, np.ascontiguousarray(array))

    @property
    def num_inputs(self):
        """Number of features the network looks at."""
        return self.w1.shape[0]

    @property
    def num_outputs(self):
        """Number of values the network puts out."""
        return self.w2.shape[1]

    def forward(self, features):
        """Runs the network.

        Args:
            features: integers (..., I) in [-255, 255], as any numeric type; float64 saves a conversion.

        Returns:
            int64 (..., O), in 1/8.
        """
        return self.finish(self.partial(features, 0))

    def partial(self, features, first):
        """What a run of features, the first of them number `first`, adds to the hidden units.

        A decoder knows most features of all frames at once and only a few frame by frame: sums of several partials
        are as exact as a single product.

        Args:
            features: integers (..., n).
            first: place of features[..., 0] among the network's inputs.

        Returns:
            float64 (..., H), to be added up and given to `finish`.
        """
        return features @ self._w1[first : first + features.shape[-1]]

    def finish(self, sums):
        """Everything after the first matrix product.

        Args:
            sums: float64 (..., H), the sum of partials that cover all features; overwritten.

        Returns:
            int64 (..., O), in 1/8.
        """
        sums += self._b1
        np.floor(sums, out=sums)
        np.maximum(sums, 0, out=sums)
        np.minimum(sums, FEATURE_LIMIT, out=sums)
        outputs = sums @ self._w2
        outputs += self._b2
        return np.floor(outputs, out=outputs).astype(np.int64)


def side_features(side):
    """Features of side symbols: 8 times the symbol, hence in [-248, 248].

    Args:
        side: integers (..., 18), LSFs then gains.

    Returns:
        float64 (..., 18).
    """
    return np.multiply(side, 8.0)


def pooled_features(features):
    """Features of the lower module, coarser: sums over 8 neighbours, divided by 4.

    Args:
        features: magnitude features (..., 320).

    Returns:
        float64 (..., 40) in [0, 255].
    """
    sums = features.reshape(*features.shape[:-1], POOLED_FEATURES, POOL).sum(axis=-1)
    return np.minimum(np.floor(sums / 4.0), FEATURE_LIMIT)


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
