"""Noise beside what is decoded, for what the cascade has lost: the same on every machine, of a level that is learned.

Reference: Herre and Schulz, "Extending the MPEG-4 AAC codec by perceptual noise substitution", AES 104th convention,
1998. There the encoder sends the level; here the decoder infers it.
"""
import keras
import numpy as np
from keras import ops

from neuralcodec.architecture.config import (
    BAND_HZ,
    BANDS,
    FIRST_NOISE_LOGIT,
    FRAME_SAMPLES,
    MAX_NOISE_LEVEL,
    NOISE_FRAMES,
    NOISE_WIDTH,
    POWER_FLOOR,
)
from neuralcodec.architecture.noise import NOISE_BESIDE
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.model.module import Correction
from neuralcodec.model.transform import inverse_transform, transform


def band_power(t):
    """Coefficients (B, K, hop) -> their mean square in bands of 500 Hz, (B, K, 16)."""
    return ops.mean(ops.square(ops.reshape(t, (-1, t.shape[1], BANDS, t.shape[2] // BANDS))), axis=-1)


class NoiseSubstitution(keras.layers.Layer):
    """Noise beside what is decoded, in bands of 500 Hz, for what the cascade has lost there.

    Where bits are few, a waveform loses power: a wrong phase costs more than a hole, in training as in most metrics.
    What the decoder knows, LSFs, gain and its own coefficients, tells how much is missing.

    Args:
        hop: samples per code frame of the first module, of whose frames the level is constant.
        condition: width of the side information.
        above: Hz, from where on noise is added.
    """

    def __init__(self, hop, condition, above, **kwargs):
        super().__init__(**kwargs)
        self.first = above // BAND_HZ  # band
        self.noise, self.basis = NOISE_BESIDE.reshape(-1, hop), lapped_basis(hop)
        self.network = Correction(BANDS - self.first, NOISE_WIDTH, 1, kernel=NOISE_FRAMES, name="network")
        self.network.build((None, None, BANDS), (None, None, condition))
        self.built = True

    def levels(self, t, condition):
        """RMS of the noise in every band.

        Args:
            t: decoded coefficients of the first module (B, K, hop).
            condition: (B, K, C).

        Returns:
            (B, K, bands), of the bands that get noise.
        """
        loudness = ops.log(band_power(t) + POWER_FLOOR)
        return MAX_NOISE_LEVEL * ops.sigmoid(self.network(loudness, condition) + FIRST_NOISE_LOGIT)

    def call(self, levels):
        """Levels (B, K, bands) -> noise (B, K hop)."""
        count, hop = levels.shape[1], self.noise.shape[1]
        each = ops.repeat(ops.pad(levels, [[0, 0], [0, 0], [self.first, 0]]), hop // BANDS, axis=-1)
        return inverse_transform(each * np.resize(self.noise, (count, hop)), self.basis)

    def powers(self, target, decoded, levels):
        """What the noise is to make up for, to learn its level.

        Args:
            target, decoded: (B, T), what the modules code and what they have decoded.
            levels: of the noise (B, K, bands).

        Returns:
            (3, B, F, bands): mean power per frame of original, decoded and noise.
        """
        waveforms = [band_power(transform(x, self.basis))[..., self.first:] for x in (target, decoded)]
        frames = levels.shape[1] * self.noise.shape[1] // FRAME_SAMPLES
        powers = ops.stack([*waveforms, ops.square(levels)])
        return ops.mean(ops.reshape(powers, (3, -1, frames, levels.shape[1] // frames, levels.shape[2])), axis=3)
