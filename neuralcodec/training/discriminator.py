"""A small discriminator that tells natural spectrograms from decoded ones, for the last phase at low rates.

Losses that compare with the original prefer a hole to noise of the right level, because a wrong phase costs them more
than silence does. A listener without the original hears the hole. The discriminator is such a listener: it learns the
texture of natural spectrograms, and the codec learns to satisfy it.

References: Jang et al., "UnivNet: a neural vocoder with multi-resolution spectrogram discriminators", Interspeech
2021; Lim and Ye, "Geometric GAN", 2017 (hinge loss); Kumar et al., "MelGAN", NeurIPS 2019, section 2.2 (feature
matching).
"""
import keras
from keras import ops

from neuralcodec.training.losses import power_spectrum

RESOLUTIONS = ((256, 128), (1024, 256))  # window and hop in samples
PATCH, PATCH_HOP = (5, 32), 16  # frames and bins that a first-layer unit sees; bins from one patch to the next
CHANNELS = 24
FLOOR = 1e-3  # amplitude relative to the loud parts, -60 dB, below which nothing counts


def patches(x, frames):
    """Neighbouring frames side by side: (B, F, P, C) -> (B, F - frames + 1, P, frames * C)."""
    count = x.shape[1] - frames + 1
    return ops.concatenate([x[:, i: i + count] for i in range(frames)], axis=-1)


class SpectrogramDiscriminator(keras.layers.Layer):
    """Scores every patch of a log spectrogram of one resolution: natural ones above 0, decoded ones below.

    The convolutions are written as dense layers over patches, which a CPU runs several times faster.

    Args:
        window, hop: of the spectrogram, in samples.
    """

    def __init__(self, window, hop, **kwargs):
        super().__init__(**kwargs)
        self.window, self.hop = window, hop
        self.bands = (window // 2 - PATCH[1]) // PATCH_HOP + 1
        shapes = [(PATCH[0] * PATCH[1], CHANNELS), (3 * CHANNELS, CHANNELS), (CHANNELS, 1)]
        self.kernels = [self.add_weight(shape=shape, name=f"kernel_{i}",
                                        initializer=keras.initializers.GlorotUniform(seed=window + i))
                        for i, shape in enumerate(shapes)]
        self.biases = [self.add_weight(shape=(self.bands, width), initializer="zeros", name=f"bias_{i}")
                       for i, (_, width) in enumerate(shapes)]  # one per band: hiss is natural where a vowel is not
        self.built = True

    def spectrogram(self, x, level):
        """Waveform (B, T) -> log magnitudes (B, F, bands, 32), 0 at the floor."""
        amplitude = ops.sqrt(power_spectrum(x, self.window, self.hop) + 1e-9)[..., : self.window // 2]
        floor = ops.reshape(ops.sqrt(level * (3 * self.window / 8)) * FLOOR, (-1, 1, 1))
        log = ops.log(amplitude / floor + 1.0)
        return ops.stack([log[..., i * PATCH_HOP: i * PATCH_HOP + PATCH[1]] for i in range(self.bands)], axis=2)

    def call(self, x, level, frozen=False):
        """Hidden activations and scores.

        Args:
            x: (B, T).
            level: (B,), power of the loud parts.
            frozen: whether the discriminator itself gets no gradient.

        Returns:
            list of (B, F, bands, ...), the scores last.
        """
        read = ops.stop_gradient if frozen else ops.convert_to_tensor
        kernels, biases = [[read(weight) for weight in weights] for weights in (self.kernels, self.biases)]
        h, out = self.spectrogram(x, level), []
        for i, frames in enumerate((PATCH[0], 3, 1)):
            h = ops.matmul(patches(h, frames), kernels[i]) + biases[i]
            h = h if i == 2 else ops.leaky_relu(h, 0.2)
            out.append(h)
        return out


class Discriminator(keras.Model):
    """Discriminators of two resolutions, with the losses of both sides."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.resolutions = [SpectrogramDiscriminator(window, hop, name=f"window_{window}")
                            for window, hop in RESOLUTIONS]
        self.built = True

    def call(self, clean, coded, level):
        """Losses of one batch.

        Args:
            clean, coded: (B, T).
            level: (B,), power of the loud parts.

        Returns:
            adversarial: loss of the codec, with gradients to `coded` only: hinge loss, plus the distance of the hidden
                activations from those of `clean` (feature matching).
            own: the discriminator's hinge loss, with gradients to its weights only.
        """
        adversarial = own = 0.0
        for discriminator in self.resolutions:
            natural, decoded = discriminator(clean, level), discriminator(ops.stop_gradient(coded), level)
            own += ops.mean(ops.relu(1.0 - natural[-1])) + ops.mean(ops.relu(1.0 + decoded[-1]))
            frozen = discriminator(coded, level, frozen=True)
            matching = sum(ops.mean(ops.abs(ops.stop_gradient(n) - f)) for n, f in zip(natural[:-1], frozen[:-1]))
            adversarial += matching - ops.mean(frozen[-1])
        return adversarial / len(self.resolutions), own / len(self.resolutions)
