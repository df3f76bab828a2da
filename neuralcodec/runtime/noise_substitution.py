"""Noise beside what is decoded, for what the cascade has lost, with memory."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.layout import noise_layout
from neuralcodec.architecture.noise import (
    BAND_HZ,
    BANDS,
    FIRST_NOISE_LOGIT,
    MAX_NOISE_LEVEL,
    NOISE_BESIDE,
    POWER_FLOOR,
)
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.runtime.cnn import Correction
from neuralcodec.runtime.layers import Cycle
from neuralcodec.runtime.transform import InverseTransform

_LOWEST_LOGIT = np.float32(-80)  # below it the exponential would overflow


def band_power(t):
    """Coefficients (K, hop) -> their mean square in bands of 500 Hz, (K, 16)."""
    return np.mean(np.square(t.reshape(len(t), BANDS, t.shape[1] // BANDS)), axis=2)


class NoiseSubstitution:
    """Noise beside what is decoded, in bands of 500 Hz.

    Args:
        weights: dict of name -> float32 array, of the whole cascade.
        hop: samples per code frame of the first module, of whose code frames the level is constant.
        above: Hz, from where on noise is added.
        prefixes: in a nested cascade, of how many it knows which one is decoded.
        first_frame: number of the frame with which decoding begins: noise belongs to its place in the file.
    """

    def __init__(self, weights, hop, above, prefixes=0, first_frame=0):
        self.first_band = above // BAND_HZ
        self._noise = Cycle(NOISE_BESIDE.reshape(-1, hop), first_frame * FRAME_SAMPLES // hop)
        self._network = Correction(weights, "noise_substitution/network", noise_layout(hop, above, prefixes))
        self._inverse_transform = InverseTransform(lapped_basis(hop))

    def levels(self, t, condition):
        """RMS of the noise in every band.

        Args:
            t: decoded coefficients of the first module (K, hop).
            condition: (at least K, C).

        Returns:
            (K, bands), of the bands that get noise.
        """
        loudness = np.log(band_power(t) + np.float32(POWER_FLOOR))
        logit = self._network(loudness, condition) + np.float32(FIRST_NOISE_LOGIT)
        return np.float32(MAX_NOISE_LEVEL) / (1 + np.exp(-np.maximum(logit, _LOWEST_LOGIT)))

    def coefficients(self, levels):
        """Levels (K, bands) -> noise (K, hop), coefficients of the orthonormal transform."""
        noise = self._noise(len(levels))
        each = np.repeat(levels, noise.shape[1] // BANDS, axis=1)
        quiet = noise.shape[1] - each.shape[1]  # coefficients that get none
        return np.concatenate([np.zeros((len(noise), quiet), np.float32), each * noise[:, quiet:]], axis=1)

    def __call__(self, levels):
        """Levels (K, bands) -> noise (K hop,), at the beginning fewer by one hop."""
        return self._inverse_transform(self.coefficients(levels))
