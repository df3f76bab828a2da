"""Noise in the place of zeros."""
import numpy as np
from keras import ops

from neuralcodec.architecture.noise import NOISE
from neuralcodec.model.noise_filling import NoiseFill


def test_the_noise_is_the_same_for_ever():
    assert NOISE.size == 64 * 320 and np.abs(NOISE).max() <= 1
    np.testing.assert_allclose(NOISE[:4], [-0.165956, 0.440649, -0.999771, -0.395335], atol=1e-6)
    assert abs(NOISE.mean()) < 0.01 and abs(NOISE.std() - 3 ** -0.5) < 0.01


def test_only_zeros_are_filled_and_to_the_learned_level():
    fill = NoiseFill(160)
    fill.log_level.assign(np.full(160, np.log(0.3), "float32"))
    symbols = np.random.default_rng(0).integers(-1, 2, (2, 200, 160)).astype("float32")
    filled = ops.convert_to_numpy(fill(symbols))
    assert np.all(filled[symbols != 0] == 0)
    frames = np.resize(NOISE.reshape(-1, 160), (200, 160))  # it begins again after 128 frames
    np.testing.assert_allclose(filled, 0.3 * frames * (symbols == 0), atol=1e-6)
