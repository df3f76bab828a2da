"""Metrics: known values, order, and what happens where they are undefined."""

import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.errors import ConfigError, MissingDependencyError
from neuralcodec.evaluation.metrics import (
    DEFAULT_METRICS,
    METRICS,
    _mel_filters,
    bootstrap_interval,
    installed_metrics,
    score,
)

INSTALLED = installed_metrics(METRICS)  # the test extra leaves out what needs PyTorch


@pytest.fixture
def noise():
    return np.random.default_rng(1).standard_normal(48000)


def test_equal_signals_get_the_best_scores(speech):
    best = score(speech, speech, metrics=INSTALLED)
    assert list(best) == INSTALLED and len(INSTALLED) >= 6
    assert best["pesq"] == pytest.approx(4.644, abs=0.001)
    assert best["stoi"] == pytest.approx(1) and best["estoi"] == pytest.approx(1)
    assert best["si_sdr"] == pytest.approx(100)
    assert best["mel_distance"] == 0
    assert best["visqol"] > 3.9


def test_every_metric_hears_more_noise(speech, noise):
    little = score(speech, speech + 0.003 * noise, metrics=INSTALLED)
    much = score(speech, speech + 0.05 * noise, metrics=INSTALLED)
    for name in set(INSTALLED) - {"distillmos"}:  # a synthetic voice tells it little
        worse = much[name] > little[name] if name == "mel_distance" else much[name] < little[name]
        assert worse, name


def test_si_sdr_is_the_ratio_of_orthogonal_parts_whatever_the_gain():
    time = np.arange(16000) / 16000
    reference, error = np.sin(2 * np.pi * 440 * time), 0.1 * np.cos(2 * np.pi * 440 * time)
    for gain in (1.0, 0.01, -3.0):
        assert score(reference, gain * (reference + error), ["si_sdr"])["si_sdr"] == pytest.approx(20, abs=0.01)


def test_mel_distance_is_in_decibels(noise):
    """Half the amplitude is 6 dB less in every band of a loud signal."""
    assert score(noise, 0.5 * noise, ["mel_distance"])["mel_distance"] == pytest.approx(6.02, abs=0.01)


def test_every_mel_band_hears_something():
    assert _mel_filters().shape == (513, 80)
    assert (_mel_filters().max(axis=0) > 0.3).all()


@pytest.mark.parametrize("length", [0, 1, 100, 4799])
def test_too_short_a_clip_is_nan_not_an_error(speech, length):
    clip = speech[20000:20000 + length]
    scores = score(clip, clip + np.float32(0.001), metrics=INSTALLED)
    for name in set(INSTALLED) - {"si_sdr", "mel_distance"}:
        assert np.isnan(scores[name]), name


@pytest.mark.parametrize("length", [4800, 8000, 12000])
def test_a_short_clip_raises_nothing(speech, noise, length):
    scores = score(speech[:length], speech[:length] + 0.01 * noise[:length], metrics=INSTALLED)
    assert np.isfinite(scores["pesq"]) and np.isfinite(scores["si_sdr"])
    assert scores["stoi"] != 1e-5  # pystoi's way of saying that it does not know


@pytest.mark.parametrize("reference", [np.zeros(32000), np.full(32000, 0.1)], ids=["zeros", "offset"])
def test_a_silent_original_is_nan(reference, speech):
    for decoded in (reference, speech[:32000]):
        scores = score(reference, decoded, metrics=INSTALLED)
        for name in set(INSTALLED) - {"mel_distance"}:
            assert np.isnan(scores[name]), name


def test_distillmos_hears_no_original(clip, noise, capfd):
    """It is what the package itself says, and prints nothing."""
    torch, distillmos = pytest.importorskip("torch"), pytest.importorskip("distillmos")
    speech = clip[0][:48000]
    decoded = (speech + 0.003 * noise).astype(np.float32)
    alike, other = (score(reference, decoded, ["distillmos"])["distillmos"] for reference in (speech, 0.5 * speech))
    worse = score(speech, speech + 0.05 * noise, ["distillmos"])["distillmos"]
    assert capfd.readouterr() == ("", "")
    with torch.no_grad():
        said = float(distillmos.ConvTransformerSQAModel().eval()(torch.tensor(decoded)[None]))
    assert alike == other == pytest.approx(said, abs=1e-5) and 1 < worse < said - 0.5 and said < 5


def test_decoded_silence_gets_the_worst_scores(speech):
    scores = score(speech, np.zeros_like(speech), metrics=INSTALLED)
    assert (scores["pesq"], scores["si_sdr"], scores["visqol"], scores.get("distillmos", 1)) == (1.04, -100, 1, 1)
    assert scores["stoi"] < 0.1 and scores["estoi"] < 0.1


def test_minutes_of_speech_do_not_crash_pesq(speech, noise):
    """A single call of the reference code ends the process at five minutes with pauses."""
    phrase = np.concatenate([speech, np.zeros(16000)])
    clip = np.tile(phrase, 80)
    decoded = np.tile(np.concatenate([speech + 0.003 * noise, np.zeros(16000)]), 80)
    long = score(clip, decoded, ["pesq"])["pesq"]
    short = score(clip[:320000], decoded[:320000], ["pesq"])["pesq"]
    assert long == pytest.approx(short, abs=0.05)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="differ in shape"):
        score(np.zeros(5), np.zeros(6))


@pytest.mark.parametrize("module, metric, install", [
    ("pesq", "pesq", "pip install 'pesq'"), ("pystoi", "estoi", "pip install 'pystoi'"),
    ("visqol", "visqol", r"pip install 'visqol-python\[lattice\]'"),
    ("ai_edge_litert", "visqol", r"pip install 'visqol-python\[lattice\]'"),
    ("distillmos", "distillmos", "pip install 'distillmos'")])
def test_a_missing_package_matters_only_when_asked_for(monkeypatch, speech, module, metric, install):
    monkeypatch.setitem(sys.modules, module, None)  # an import of it fails now
    with pytest.raises(MissingDependencyError, match=install):
        score(speech, speech, [metric])
    assert metric not in score(speech, speech)
    assert "si_sdr" in score(speech, speech)


def test_what_takes_long_is_not_computed_unasked(speech):
    assert tuple(score(speech, speech)) == DEFAULT_METRICS
    assert not {"visqol", "distillmos"} & set(DEFAULT_METRICS)


def test_an_unknown_metric_lists_the_known():
    with pytest.raises(ConfigError, match="no metric 'mos'; it must be one of pesq, stoi.*, lines"):
        score(np.zeros(5), np.zeros(5), ["mos"])


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_the_interval_holds_the_mean(values):
    mean, low, high = bootstrap_interval(values, resamples=200)
    assert mean == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_the_interval_is_that_of_the_normal_distribution():
    values = np.random.default_rng(0).normal(4.0, 0.3, 400)
    mean, low, high = bootstrap_interval(values)
    error = values.std() / 20
    assert low == pytest.approx(mean - 1.96 * error, abs=0.1 * error)
    assert high == pytest.approx(mean + 1.96 * error, abs=0.1 * error)
    assert bootstrap_interval(values) == (mean, low, high)  # the same every time


def test_nan_is_left_out():
    assert bootstrap_interval([1.0, np.nan, 3.0])[0] == 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(bootstrap_interval([np.nan])).all() and np.isnan(bootstrap_interval([])).all()
