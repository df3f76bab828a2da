"""Noise beside what is decoded, for what the cascade has lost: the same on every machine, of a level that is learned.

Reference: Herre and Schulz, "Extending the MPEG-4 AAC codec by perceptual noise substitution", AES 104th convention,
1998. There the encoder sends the level; here the decoder infers it.
"""
import keras
import numpy as np
from keras import ops

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
from neuralcodec.model.cnn import Correction
from neuralcodec.model.transform import inverse_transform, transform


def band_power(t):
    """Coefficients (B, K, hop) -> their mean square in bands of 500 Hz, (B, K, 16)."""
    return ops.mean(ops.square(ops.reshape(t, (-1, t.shape[1], BANDS, t.shape[2] // BANDS))), axis=-1)


class NoiseSubstitution(keras.layers.Layer):
    """Noise beside what is decoded, in bands of 500 Hz, for what the cascade has lost there.

    Where bits are few, a waveform loses power: a wrong phase costs more than a hole, in training as in most metrics.
    What the decoder knows, LSFs, gain and its own coefficients, tells how much is missing.

    The class' name and its attribute `network` are paths in `model.weights.h5`: see `architecture.layout`.

    Args:
        hop: samples per code frame of the first module, of whose code frames the level is constant.
        above: Hz, from where on noise is added.
        prefixes: in a nested cascade, of how many it knows which one is decoded.
    """

    def __init__(self, hop, above, prefixes=0, **kwargs):
        super().__init__(**kwargs)
        self.first_band = above // BAND_HZ
        self.noise, self.basis = NOISE_BESIDE.reshape(-1, hop), lapped_basis(hop)
        self.network = Correction(noise_layout(hop, above, prefixes), name="network")
        self.network.build()
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
        each = ops.repeat(ops.pad(levels, [[0, 0], [0, 0], [self.first_band, 0]]), hop // BANDS, axis=-1)
        return inverse_transform(ops.multiply(each, np.resize(self.noise, (count, hop))), self.basis)

    def powers(self, target, decoded, levels):
        """What the noise is to make up for, to learn its level.

        Args:
            target, decoded: (B, T), what the modules code and what they have decoded.
            levels: of the noise (B, K, bands).

        Returns:
            (3, B, F, bands): mean power per frame of original, decoded and noise.
        """
        waveforms = [band_power(transform(x, self.basis))[..., self.first_band:] for x in (target, decoded)]
        frames = levels.shape[1] * self.noise.shape[1] // FRAME_SAMPLES
        powers = ops.stack([*waveforms, ops.square(levels)])
        return ops.mean(ops.reshape(powers, (3, -1, frames, levels.shape[1] // frames, levels.shape[2])), axis=3)
