"""The discriminator: who gets which gradient, and that it learns to tell a hole from noise."""
import numpy as np
import pytest
import tensorflow as tf

from neuralcodec.training.discriminator import Discriminator, SpectrogramDiscriminator

LEVEL = np.full(2, 0.01, "float32")


@pytest.fixture
def noise_and_hole():
    """Noise (2, 6400), and the same without its upper half of the spectrum."""
    noise = np.random.default_rng(3).standard_normal((2, 6400)).astype("float32") / 10
    spectrum = np.fft.rfft(noise)
    spectrum[:, 1600:] = 0
    return noise, np.fft.irfft(spectrum).astype("float32")


def test_each_side_gets_its_own_gradient(noise_and_hole):
    clean, coded = map(tf.constant, noise_and_hole)
    discriminator = Discriminator()
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([clean, coded])
        adversarial, own = discriminator(clean, coded, LEVEL)
    weights = discriminator.trainable_variables
    assert tape.gradient(adversarial, clean) is None and tape.gradient(own, coded) is None
    assert np.abs(tape.gradient(adversarial, coded)).max() > 0
    assert all(gradient is None for gradient in tape.gradient(adversarial, weights))
    assert all(np.abs(gradient).max() > 0 for gradient in tape.gradient(own, weights))


def test_it_learns_to_tell_them_apart_and_to_show_the_way(noise_and_hole):
    clean, coded = map(tf.constant, noise_and_hole)
    discriminator, optimizer = Discriminator(), tf.keras.optimizers.Adam(3e-3)
    for _ in range(60):
        with tf.GradientTape() as tape:
            _, own = discriminator(clean, coded, LEVEL)
        optimizer.apply(tape.gradient(own, discriminator.trainable_variables), discriminator.trainable_variables)
    assert float(own) < 1.1  # 2 is chance; lower than 1 cannot be, as the lower bands are the same in both
    partly_filled = coded + 0.5 * (clean - coded)
    assert float(discriminator(clean, partly_filled, LEVEL)[0]) < float(discriminator(clean, coded, LEVEL)[0])


def test_bands_cover_the_spectrum_and_silence_is_zero():
    discriminator = SpectrogramDiscriminator(256, 128)
    spectrogram = discriminator.spectrogram(np.zeros((1, 2560), "float32"), LEVEL[:1])
    assert spectrogram.shape == (1, 19, 7, 32) and np.max(spectrogram) < 0.1
    tone = 0.1 * np.sin(2 * np.pi * 6000 / 16000 * np.arange(2560, dtype="float32"))[None]
    loudest = np.max(discriminator.spectrogram(tone, LEVEL[:1]), axis=(0, 1, 3))
    assert np.argmax(loudest) == 5  # bins 80 to 111 hold bin 96
