import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.range_coder import FREQUENCY_TOTAL
from neuralcodec.bitstream.scale_tables import (
    MODULE_SCALES,
    MODULE_SCALES_PER_OCTAVE_Q8,
    SIDE_SCALES,
    fit_pmf_rows,
    logistic_pmf_rows,
    module_prior,
    side_prior,
)


def test_scales_reach_from_end_to_end():
    np.testing.assert_allclose([MODULE_SCALES[0], MODULE_SCALES[63]], [0.04, 40.0])
    np.testing.assert_allclose([SIDE_SCALES[0], SIDE_SCALES[15]], [0.08, 8.0])
    octave = MODULE_SCALES_PER_OCTAVE_Q8 / 256
    np.testing.assert_allclose(0.04 * (40 / 0.04) ** (octave / 63), 0.08, rtol=1e-3)


def test_logistic_row_is_the_rounded_distribution():
    scale, mean = 1.3, 0.25
    draws = np.random.default_rng(0).logistic(mean, scale, 1_000_000)
    row = logistic_pmf_rows([scale], [mean], alphabet=6)[0]
    rounded = np.rint(draws)
    observed = [np.mean(rounded == value) for value in (0, 1, -1, 2, -2)]
    np.testing.assert_allclose(row[:5], observed, atol=2e-3)
    np.testing.assert_allclose(row[5], np.mean(np.abs(rounded) > 2), atol=2e-3)


def test_tails_keep_their_precision():
    row = logistic_pmf_rows([0.08], [0.0], alphabet=8)[0]
    for place, value in ((5, 3), (6, -3)):
        np.testing.assert_allclose(row[place], np.exp(-(abs(value) - 0.5) / 0.08), rtol=1e-5)


@pytest.mark.parametrize("prior, shape", [(side_prior(), (128, 32)), (module_prior(16), (64, 16))])
def test_priors_are_distributions(prior, shape):
    assert prior.shape == shape
    assert (prior >= 0).all()
    np.testing.assert_allclose(prior.sum(axis=1), 1)


def test_the_fraction_moves_the_mean():
    prior = side_prior().reshape(16, 8, 32)
    np.testing.assert_allclose(prior[3, 0, 1], prior[3, 0, 2])  # +1 and -1 are equally likely around 0
    assert prior[3, 4, 0] == pytest.approx(prior[3, 4, 1])  # 0 and +1 around 1/2


@given(st.integers(0, 2**32), st.integers(2, 64), st.sampled_from([0, 1, 100, 10**9]), st.sampled_from([1e-9, 1, 1e6]))
def test_fitted_rows_sum_exactly(seed, alphabet, most, weight):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, most + 1, (5, alphabet)) * (rng.random((5, alphabet)) < 0.3)
    rows = fit_pmf_rows(counts, weight * logistic_pmf_rows(np.geomspace(0.04, 40, 5), np.zeros(5), alphabet))
    assert rows.dtype == np.uint32
    assert rows.min() >= 1
    assert (rows.sum(axis=1, dtype=np.int64) == FREQUENCY_TOTAL).all()


def test_fitted_rows_follow_the_counts():
    counts = np.array([[700, 200, 100, 0]])
    rows = fit_pmf_rows(counts, np.full((1, 4), 1e-3))
    np.testing.assert_allclose(rows[0] / FREQUENCY_TOTAL, [0.7, 0.2, 0.1, 0], atol=1e-5)


def test_equal_shares_are_split_in_order():
    rows = fit_pmf_rows(np.zeros((1, 3)), np.ones((1, 3)))
    assert rows.tolist() == [[5592406, 5592405, 5592405]]
