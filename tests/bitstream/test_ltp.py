import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec.bitstream.ltp import (
    HISTORY,
    MAX_LAG,
    MIN_LAG,
    LongTermPredictor,
    find_lag,
)
from neuralcodec.errors import PresetError


@pytest.mark.parametrize("lag", [32, 33, 57, 100, 151, 160])
def test_the_period_of_a_waveform_is_its_lag(lag):
    period = np.random.default_rng(lag).normal(0, 256, lag).astype(int)
    past = np.resize(period[::-1], HISTORY)[::-1].astype(float)[None]
    found, correlation = find_lag(past)
    assert found[0, 0] % lag == 0 and correlation[0, 0] > 240  # two periods are as good as one


def test_lags_are_within_their_limits():
    rng = np.random.default_rng(0)
    found, correlation = find_lag(np.rint(rng.normal(0, 256, (200, HISTORY))))
    assert found.min() >= MIN_LAG and found.max() <= MAX_LAG
    assert 0 <= correlation.min() and correlation.max() < 160
    found, correlation = find_lag(np.zeros((1, HISTORY)))
    assert found[0, 0] == MAX_LAG and correlation[0, 0] == 0


@pytest.mark.parametrize("hop", [80, 160])
def test_symbols_of_a_periodic_waveform_are_predicted(random_predictor, hop):
    predictor, rng = random_predictor(hop), np.random.default_rng(1)
    wave = np.resize(rng.normal(0, 3, 90), 6000)
    frames = np.stack([wave[i : i + 2 * hop] for i in range(0, 6000 - 2 * hop, hop)])
    symbols = np.rint(frames @ predictor.analysis / 2**12)
    predictions, correlation = predictor.predict(predictor.histories(symbols))
    settled = HISTORY // hop + 2
    error = symbols[settled:] - predictions[settled:] / 8
    assert np.mean(error**2) < 0.05 * np.mean(symbols[settled:] ** 2)
    assert correlation[settled:].min() > 230


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([(80, 80), (160, 160), (160, 60)]), st.sampled_from([0.3, 3.0, 127.0]), st.integers(0, 2**32))
def test_what_a_decoder_has_frame_by_frame_is_what_the_encoder_looks_at(random_predictor, sizes, spread, seed):
    from neuralcodec.bitstream.ltp import added

    hop, coded = sizes
    predictor = random_predictor(hop, coded)
    symbols = np.clip(np.rint(np.random.default_rng(seed).laplace(0, spread, (12, coded))), -127, 127)
    past, tail = np.zeros((1, HISTORY)), np.zeros((1, hop))
    for frame, history in zip(symbols, predictor.histories(symbols), strict=True):
        np.testing.assert_array_equal(past[0], history)
        parts = predictor.overlapping(frame[None])
        past = np.concatenate([past[:, hop:], added(tail + parts[:, :hop])], axis=1)
        tail = parts[:, hop:]


def test_numbers_stay_exact_at_their_limits(random_predictor):
    """The loudest waveform there is: every sum and square is an integer below 2^53."""
    past = np.full((1, HISTORY), -4095.0)
    fine = -512  # -4095 >> 3
    power = 160 * fine**2
    assert find_lag(past)[1][0, 0] == 255 * (power**2 // (power + power // 32 + 1)) // (power + 1)
    assert (80 * (2 * fine) ** 2) ** 2 < 2**53 and power**2 < 2**53


@pytest.mark.parametrize("shape, kind", [((160, 80), np.int32), ((160, 81), np.int16), ((160, 0), np.int16),
                                         ((161, 80), np.int16), ((128, 64, 1), np.int16), ((0, 0), np.int16),
                                         ((14, 7), np.int16)])
def test_impossible_predictors_are_refused(shape, kind):
    with pytest.raises(PresetError):
        LongTermPredictor(np.zeros(shape, kind), np.zeros(shape, kind))
