"""Integer context networks: what is decoded already chooses the distribution of what comes next.

Floating point differs between machines, so what is chosen by floats here may be chosen otherwise elsewhere. These
networks are integers throughout (Balle, Johnston, Minnen, "Integer networks for data compression with latent-variable
models", ICLR 2019), yet run at BLAS speed: the matrix products are done on float64 arrays that hold integers, where
every partial sum stays far below 2^53 and is exact in whatever order it is added up. In C they are integers of 16 bits,
whose products add up to the same.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuralcodec import kernels
from neuralcodec.errors import PresetError

FEATURE_LIMIT = 255  # of features and hidden units
OUTPUT_ONE = 8  # outputs are in 1/8

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
        hidden, outputs = self.w1.shape[1], self.w2.shape[-1] if self.w2.ndim else 0
        if self.b1.shape != (hidden,) or self.w2.shape != (hidden, outputs) or self.b2.shape != (outputs,):
            raise PresetError("A context network has layers that do not fit; install the preset again.")

    @property
    def num_inputs(self):
        """Number of features the network looks at."""
        return self.w1.shape[0]

    @property
    def num_hidden(self):
        """Number of hidden units."""
        return self.w1.shape[1]

    @property
    def num_outputs(self):
        """Number of values the network puts out."""
        return self.w2.shape[1]

    @cached_property
    def arrays(self):
        """Weights and biases as loops in C take them: a row of weights for each unit."""
        return tuple(np.ascontiguousarray(array) for array in (self.w1.T, self.b1, self.w2.T, self.b2))

    @cached_property
    def _floats(self):
        """The same as float64 arrays for NumPy.

        The shifts become powers of two inside the weights (exact), the rounding halves become part of the biases.
        """
        scale1, scale2 = 2.0**-_HIDDEN_SHIFT, 2.0**-_OUTPUT_SHIFT
        return (self.w1 * scale1, (self.b1 + np.int64(1 << _HIDDEN_SHIFT - 1)) * scale1,
                self.w2 * scale2, (self.b2 + np.int64(1 << _OUTPUT_SHIFT - 1)) * scale2)

    def forward(self, features):
        """Runs the network.

        Args:
            features: integers (..., I) in [-255, 255], as any numeric type; float64 saves a conversion.

        Returns:
            int64 (..., O), in 1/8.
        """
        if kernels.loops:
            outputs = np.empty((*features.shape[:-1], self.num_outputs), np.int64)
            kernels.loops.run_network(self.arrays, np.ascontiguousarray(features, np.float64), outputs)
            return outputs
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
        return features @ self._floats[0][first : first + features.shape[-1]]

    def finish(self, sums):
        """Everything after the first matrix product.

        Args:
            sums: float64 (..., H), the sum of partials that cover all features; overwritten.

        Returns:
            int64 (..., O), in 1/8.
        """
        _, b1, w2, b2 = self._floats
        sums += b1
        np.floor(sums, out=sums)
        np.maximum(sums, 0, out=sums)
        np.minimum(sums, FEATURE_LIMIT, out=sums)
        outputs = sums @ w2
        outputs += b2
        return np.floor(outputs, out=outputs).astype(np.int64)
