"""Linear prediction against SciPy, NumPy's root finder and the Keras model."""

import numpy as np
import pytest
import scipy.signal
from keras import ops

from neuralcodec.model import lpc as keras_lpc
from neuralcodec.runtime import lpc


def with_past(x):
    return np.concatenate([np.zeros(lpc.PAST, np.float32), x])


def predictors_of(x):
    """One predictor per sub-frame (S, 17), as the codec interpolates them."""
    lsf = lpc.order_lsf(lpc.Analysis()(x)[1])
    return lpc.lpc_from_lsf(lpc.interpolate_lsf(lsf, np.concatenate([lsf[:1], lsf[:-1]])))


def test_levinson_durbin_solves_the_normal_equations(speech):
    r = lpc.autocorrelation(with_past(speech)).astype(np.float64) * lpc.LAG_WINDOW
    r[:, 0] += lpc.SILENCE
    for row, a in zip(r, lpc.levinson_durbin(r)):
        np.testing.assert_allclose(a[1:], scipy.linalg.solve_toeplitz(row[:-1], -row[1:]), atol=1e-6)


def test_lsfs_are_the_angles_of_the_sum_and_difference_polynomials(speech):
    r = lpc.autocorrelation(with_past(speech)) * lpc.LAG_WINDOW
    r[:, 0] += lpc.SILENCE
    a = lpc.levinson_durbin(r) * lpc.EXPANSION
    for predictor, lsf in zip(a, lpc.lsf_from_lpc(a)):
        forward, backward = np.append(predictor, 0.0), np.append(0.0, predictor[::-1])
        roots = np.concatenate([np.roots(forward + backward), np.roots(forward - backward)])
        angles = np.sort(np.angle(roots))
        expected = angles[(angles > 1e-3) & (angles < np.pi - 1e-3)]
        np.testing.assert_allclose(lsf, expected, atol=1e-3)


def test_predictors_have_the_lsfs_they_come_from(speech):
    lsf = lpc.order_lsf(lpc.Analysis()(speech)[1])
    predictors = lpc.lpc_from_lsf(lsf)
    np.testing.assert_allclose(predictors, keras_lpc.lpc_from_lsf(lsf.astype(np.float64)), atol=1e-4)
    np.testing.assert_allclose(lpc.lsf_from_lpc(predictors), lsf, atol=2e-3)


def test_a_root_that_is_missed_gives_a_flat_spectrum():
    lsf = np.linspace(0.2, 3.0, 16)[None].copy()
    lsf[0, 5:8] = (500.2 + np.array([0.0, 0.3, 0.6])) * np.pi / lpc.GRID  # two roots of a polynomial in one grid cell
    np.testing.assert_array_equal(lpc.lsf_from_lpc(lpc.lpc_from_lsf(lsf)), lpc.UNIFORM[None])


def test_any_lsfs_become_ordered():
    rng = np.random.default_rng(0)
    lsf = lpc.order_lsf(rng.uniform(-4, 8, (200, 16)).astype(np.float32))
    assert np.diff(lsf, axis=1, prepend=0).min() > 0.99 * lpc.MIN_GAP
    assert lsf.max() < np.pi - 0.99 * lpc.MIN_GAP
    np.testing.assert_allclose(lsf, keras_lpc.order_lsf(ops.convert_to_tensor(lsf)), atol=1e-5)


def test_filters_of_a_damaged_file_are_bounded_and_forgotten(speech):
    """LSFs crowded in a corner have no stable filter in any floating-point numbers."""
    crowded = lpc.lpc_from_lsf(lpc.order_lsf(np.full((200, 16), 5, np.float32)))
    a = predictors_of(speech)
    residual = lpc.AnalysisFilter()(speech, a)
    synthesis = lpc.SynthesisFilter()
    broken = synthesis(residual[:16000], crowded)
    assert np.abs(broken).max() == lpc.MAX_OUTPUT
    np.testing.assert_allclose(synthesis(residual, a)[8000:], speech[8000:], atol=1e-4)


@pytest.mark.parametrize("chunk", [80, 320, 16000])
def test_filters_are_those_of_scipy_and_inverse_to_each_other(speech, chunk):
    a = predictors_of(speech)
    residual = lpc.AnalysisFilter()(speech, a)
    synthesis = lpc.SynthesisFilter()
    y = np.concatenate([synthesis(residual[i: i + chunk], a[i // 80: (i + chunk) // 80])
                        for i in range(0, len(speech), chunk)])
    np.testing.assert_allclose(y, speech, atol=1e-5)

    noise = np.random.default_rng(0).standard_normal(3 * 80).astype(np.float32)
    expected = scipy.signal.lfilter([1.0], a[100], noise)
    np.testing.assert_allclose(lpc.SynthesisFilter()(noise, a[[100] * 3]), expected, atol=1e-5 * np.abs(expected).max())
    expected = scipy.signal.lfilter(a[100], [1.0], noise)
    np.testing.assert_allclose(lpc.AnalysisFilter()(noise, a[[100] * 3]), expected, atol=1e-5)
