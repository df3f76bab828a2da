"""Validation: bitrate and quality as the real encoder and decoder have them, as coded or at a given bitrate."""
import numpy as np
import pytest

from neuralcodec.model.cascade import Cascade
from neuralcodec.training.validation import PrefixValidation, Validation
from neuralcodec.zoo.folder import WEIGHTS


@pytest.fixture(scope="module")
def cascade(codec):
    cascade = Cascade(codec.preset.config)
    cascade.load_weights(codec.preset.directory / WEIGHTS)
    return cascade


@pytest.fixture(scope="module")
def recordings(clip):
    return [clip[0][:32000], 0.3 * clip[0][32000:64000]]


def test_bitrate_and_quality_are_those_of_files(cascade, recordings, codec):
    figures = Validation(recordings)(cascade)
    sizes = [len(codec.encode(samples, 16000)) for samples in recordings]
    assert figures["valid_kbps"] == pytest.approx(sum(sizes) * 8 / 4 / 1000, rel=0.03)  # they have a header
    errors = [np.sum((codec.decode(codec.encode(samples, 16000))[0] - samples) ** 2) / np.sum(samples ** 2)
              for samples in recordings]
    assert figures["valid_si_sdr"] == pytest.approx(np.mean(-10 * np.log10(errors)), abs=0.3)


@pytest.mark.parametrize("factor", [0.85, 1.15])
def test_quality_at_a_bitrate(cascade, recordings, factor):
    as_coded = Validation(recordings)(cascade)
    figures = Validation(recordings, factor * as_coded["valid_kbps"])(cascade)
    assert figures["valid_kbps"] == pytest.approx(factor * as_coded["valid_kbps"], rel=0.01)
    assert (figures["valid_si_sdr"] > as_coded["valid_si_sdr"]) == (factor > 1)


def test_more_bits_alone_are_not_better(cascade, recordings):
    """Finer steps gain nothing at the bitrate of before; they lose, as the entropy model has not learnt them."""
    before = Validation(recordings)(cascade)
    steps = [(module.log_step, module.log_step.numpy()) for module in cascade.chain]
    for step, values in steps:
        step.assign(values - 0.3)
    try:
        finer, same_rate = Validation(recordings)(cascade), Validation(recordings, before["valid_kbps"])(cascade)
    finally:
        for step, values in steps:
            step.assign(values)
    assert finer["valid_si_sdr"] > before["valid_si_sdr"] + 1
    assert before["valid_si_sdr"] - 1 < same_rate["valid_si_sdr"] <= before["valid_si_sdr"]


def test_a_prefix_is_what_files_of_fewer_modules_are(cascade, recordings, codec):
    validate = Validation(recordings, modules=1)
    files = [codec.encode(samples, 16000, modules=1) for samples in recordings]
    figures = validate(cascade)
    assert validate.rate(cascade) == pytest.approx(figures["valid_kbps"], abs=1e-3)
    assert figures["valid_kbps"] == pytest.approx(sum(map(len, files)) * 8 / 4 / 1000, rel=0.03)
    assert figures["valid_kbps"] < Validation(recordings).rate(cascade)
    errors = [np.sum((codec.decode(data)[0] - samples) ** 2) / np.sum(samples ** 2)
              for data, samples in zip(files, recordings, strict=True)]
    assert figures["valid_si_sdr"] == pytest.approx(np.mean(-10 * np.log10(errors)), abs=0.3)


def test_prefixes_are_scored_each_at_its_bitrate(cascade, recordings):
    kbps = 0.9 * Validation(recordings, modules=1).rate(cascade)
    validations = Validation(recordings, kbps, 1), Validation(recordings, modules=2)
    first, both = (validate(cascade) for validate in validations)
    figures = PrefixValidation(validations)(cascade)
    assert first["valid_kbps"] == pytest.approx(kbps, rel=0.01) and figures["valid_kbps"] == both["valid_kbps"]
    for name in ("valid_si_sdr", "valid_pesq"):
        assert figures[name] == pytest.approx((first[name] + both[name]) / 2, abs=1e-4) and first[name] != both[name]
