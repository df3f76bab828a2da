"""Linear prediction against scipy.signal, numpy.roots and the textbook."""
import keras
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from neuralcodec.model import lpc
from neuralcodec.model.side import previous

ORDER, FRAME_SAMPLES, SUBFRAME = 16, 320, 80


def numpy_of(tensor):
    return keras.ops.convert_to_numpy(tensor)


def with_past(x):
    return np.pad(x, [[0, 0], [lpc.PAST, 0]])


def predictors(x):
    """Interpolated predictors (B, T / 80, 17) as the cascade uses them."""
    lsf = lpc.order_lsf(lpc.analysis(x)[1])
    return lpc.lpc_from_lsf(lpc.interpolate_lsf(lsf, previous(lsf)))


def test_autocorrelation_is_that_of_the_windowed_samples(voice):
    r = numpy_of(lpc.autocorrelation(with_past(voice)))
    for frame in (1, 40, 99):
        segment = voice[0, frame * FRAME_SAMPLES - 160: (frame + 1) * FRAME_SAMPLES].astype("float64") * lpc.WINDOW
        expected = np.correlate(segment, segment, "full")[segment.size - 1:][: ORDER + 1]
        np.testing.assert_allclose(r[0, frame], expected, rtol=1e-4, atol=1e-5 * expected[0])


def test_levinson_durbin_solves_the_normal_equations(voice):
    r = numpy_of(lpc.autocorrelation(with_past(voice))).astype("float64") * lpc.LAG_WINDOW
    a = numpy_of(lpc.levinson_durbin(keras.ops.convert_to_tensor(r.astype("float32"))))
    for frame in (5, 50):
        expected = solve_toeplitz(r[0, frame, :ORDER], -r[0, frame, 1:])
        np.testing.assert_allclose(a[0, frame, 1:], expected, atol=2e-3)


def test_lsfs_are_the_roots_that_numpy_finds(voice):
    a, lsf = (numpy_of(v) for v in lpc.analysis(voice))
    for frame in (10, 30, 70):
        padded = np.append(a[0, frame], 0.0)
        angles = np.concatenate([np.angle(np.roots(padded + padded[::-1])), np.angle(np.roots(padded - padded[::-1]))])
        expected = np.sort(angles[(angles > 1e-4) & (angles < np.pi - 1e-4)])
        np.testing.assert_allclose(lsf[0, frame], expected, atol=2e-4)


def test_lpc_from_lsf_undoes_lsf_from_lpc(voice):
    a, lsf = lpc.analysis(voice)
    np.testing.assert_allclose(numpy_of(lpc.lpc_from_lsf(lsf)), numpy_of(a), atol=5e-3)


def test_filters_agree_with_scipy_frame_by_frame(voice):
    a = predictors(voice)
    filtered = lpc.analysis_filter(voice, a)
    residual, decoded = numpy_of(filtered)[0], numpy_of(lpc.synthesis_filter(filtered, a))[0]
    a = numpy_of(a)
    history, output = np.zeros(ORDER), []
    for i, block in enumerate(residual.reshape(-1, SUBFRAME).astype("float64")):
        state = [-np.dot(a[0, i, k + 1:], history[: ORDER - k]) for k in range(ORDER)]  # outputs before, newest first
        y, _ = lfilter([1.0], a[0, i].astype("float64"), block, zi=state)
        history = y[::-1][:ORDER]
        output.append(y)
    np.testing.assert_allclose(decoded, np.concatenate(output), atol=1e-5)


def test_filters_are_inverse_of_one_another(voice):
    a = predictors(voice)
    residual = lpc.analysis_filter(voice, a)
    np.testing.assert_allclose(numpy_of(lpc.synthesis_filter(residual, a)), voice, atol=1e-5)
    excitation = numpy_of(residual)[:, ::-1].copy()  # flat like a residual, but not that of these filters
    back = lpc.analysis_filter(lpc.synthesis_filter(excitation, a), a)
    np.testing.assert_allclose(numpy_of(back), excitation, atol=1e-5)


def test_hard_signals_have_stable_predictors_and_survive_the_filters(hard_signals):
    a = predictors(hard_signals)
    radius = [np.abs(np.roots(row)).max() for row in numpy_of(a).reshape(-1, ORDER + 1)[::7].astype("float64")]
    assert max(radius) < 1.0
    back = numpy_of(lpc.synthesis_filter(lpc.analysis_filter(hard_signals, a), a))
    np.testing.assert_allclose(back, hard_signals, atol=1e-4)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=ORDER, max_size=ORDER))
def test_whatever_was_decoded_lsfs_come_out_ordered_and_apart(values):
    lsf = numpy_of(lpc.order_lsf(keras.ops.convert_to_tensor(np.array([values], "float32"))))[0]
    assert lsf[0] > 0.02 and lsf[-1] < np.pi - 0.02 and np.all(np.diff(lsf) > 0.02)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-0.08, 0.08), min_size=ORDER, max_size=ORDER))
def test_spread_lsfs_make_stable_filters(shifts):
    lsf = lpc.order_lsf(keras.ops.convert_to_tensor((lpc.UNIFORM + np.array(shifts, "float32"))[None]))
    a = numpy_of(lpc.lpc_from_lsf(lsf))[0]
    assert np.abs(np.roots(a.astype("float64"))).max() < 1.0


def test_ordered_lsfs_with_room_between_them_are_left_alone():
    lsf = np.linspace(0.1, 3.0, ORDER, dtype="float32")[None]
    np.testing.assert_allclose(numpy_of(lpc.order_lsf(lsf)), lsf, atol=1e-6)


def test_interpolation_ends_on_the_frame_and_starts_from_the_one_before():
    lsf = np.stack([np.full(ORDER, 1.0), np.full(ORDER, 2.0)]).astype("float32")[None]
    smooth = numpy_of(lpc.interpolate_lsf(lsf, previous(lsf)))[0, :, 0]
    np.testing.assert_allclose(smooth, [1, 1, 1, 1, 1.625, 1.875, 2, 2])
