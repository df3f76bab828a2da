"""Noise beside what is decoded: in its bands, at its level, never in the way of what else learns."""
import keras
import numpy as np
import pytest
from gradients import gradients
from keras import ops

from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
from neuralcodec.architecture.noise import NOISE_BESIDE
from neuralcodec.model.cascade import Cascade
from neuralcodec.model.noise_substitution import NoiseSubstitution

SMALL = {"encoder_width": 16, "decoder_width": 24, "step_width": 8, "context_width": 8}


def levels(hop, above, level, samples=32000):
    return np.full((1, samples // hop, 16 - above // 500), level, "float32")


def test_the_noise_has_a_power_of_one_and_is_the_same_for_ever():
    assert abs(np.mean(np.square(NOISE_BESIDE)) - 1) < 0.02
    np.testing.assert_allclose(NOISE_BESIDE[-2:], [0.763226, -0.287444], atol=1e-6)


@pytest.mark.parametrize("hop", [320, 160, 80])
def test_noise_lies_above_and_is_as_loud_as_it_should_be(hop):
    layer = NoiseSubstitution(hop, 4000)
    noise = ops.convert_to_numpy(layer(levels(hop, 4000, 0.5)))[0]
    assert noise.shape == (32000,)
    spectrum = np.square(np.abs(np.fft.rfft(noise * np.hanning(32000))))
    hz = np.fft.rfftfreq(32000, 1 / 16000)
    assert spectrum[hz < 3800].sum() < 0.01 * spectrum.sum()
    assert np.mean(np.square(noise[320:-320])) == pytest.approx(0.5 ** 2 / 2, rel=0.1)  # half of the spectrum


def test_powers_are_those_of_original_decoded_and_noise():
    rng = np.random.default_rng(0)
    clean = rng.standard_normal((2, 32000)).astype("float32")
    powers = ops.convert_to_numpy(NoiseSubstitution(80, 2000).powers(
        clean, 0.5 * clean, np.repeat(levels(80, 2000, 0.3), 2, axis=0)))
    assert powers.shape == (3, 2, 100, 12)
    np.testing.assert_allclose(powers.mean(axis=(1, 2, 3)), [1, 0.25, 0.09], rtol=0.03)


def noisy_cascade():
    keras.utils.set_random_seed(1)
    return Cascade(CascadeConfig("trained", (ModuleConfig(hop=160, **SMALL), ModuleConfig(hop=80, **SMALL)), 3000))


def test_noise_comes_on_top_and_changes_no_code(voice):
    cascade = noisy_cascade()
    plain = Cascade(CascadeConfig("trained", cascade.config.modules))
    for mine, yours in zip(plain.parts(), [part for part in cascade.parts() if part is not cascade.noise]):
        mine.set_weights(yours.get_weights())
    with_noise, without = cascade(voice), plain(voice)
    np.testing.assert_array_equal(*(ops.convert_to_numpy(out["kbps"]) for out in (with_noise, without)))
    assert np.abs(ops.convert_to_numpy(with_noise["decoded"] - without["decoded"])).max() > 1e-4
    assert "powers" not in without


def test_only_the_level_learns_from_the_noise():
    cascade, rng = noisy_cascade(), np.random.default_rng(0)
    given = [rng.standard_normal(shape).astype("float32")  # target, so far, decoded, condition
             for shape in ((1, 3200), (1, 3200), (1, 20, 160), (1, 20, 34))]

    def loudness(*given):
        noise, powers = cascade.substitute(*given)
        return ops.sum(ops.square(noise)) + ops.sum(powers["powers"])

    found = gradients(loudness, given, cascade.noise.trainable_variables)
    assert not any(gradient.any() for gradient in found[:4])
    assert any(gradient.any() for gradient in found[4:])
