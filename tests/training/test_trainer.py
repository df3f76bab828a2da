"""Rate control and the guarded optimiser."""
import keras
import numpy as np
import pytest

from neuralcodec.training.trainer import GuardedAdam, RateControl


@pytest.mark.parametrize("kbps, direction", [(30.0, 1), (24.0, 0), (18.0, -1)])
def test_the_weight_of_the_rate_moves_towards_the_target(kbps, direction):
    control = RateControl(24.0, 0.02)
    for _ in range(10):
        control.update_state(kbps)
    change = np.log(float(control.result()) / 0.02)
    assert np.sign(round(change, 6)) == direction
    assert abs(change) <= 10 * RateControl.MAX_CHANGE + 1e-6


def test_the_weight_survives_an_epoch_and_a_broken_step():
    control = RateControl(24.0, 0.02)
    control.update_state(48.0)
    before = float(control.result())
    control.reset_state()
    control.update_state(float("nan"))
    assert float(control.result()) == pytest.approx(before)


def test_a_weight_that_cannot_steer_stays():
    control = RateControl(24.0, 0.02, steers=False)
    control.update_state(48.0)
    assert float(control.result()) == pytest.approx(0.02)


def test_a_gradient_that_is_not_finite_leaves_the_weights_alone():
    weight = keras.Variable(np.ones(3, "float32"))
    optimizer = GuardedAdam(0.1)
    optimizer.build([weight])
    optimizer.apply([keras.ops.convert_to_tensor(np.array([1.0, np.nan, 1.0], "float32"))], [weight])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), 1.0)
    optimizer.apply([keras.ops.ones(3)], [weight])
    assert np.all(keras.ops.convert_to_numpy(weight) < 1.0)


def test_slow_variables_take_smaller_steps():
    fast, slow = (keras.Variable([1.0]) for _ in range(2))
    optimizer = GuardedAdam(0.1, paces={id(slow): 0.05})
    optimizer.build([fast, slow])
    optimizer.apply([keras.ops.ones(1), keras.ops.ones(1)], [fast, slow])
    moved = [1.0 - float(keras.ops.squeeze(variable)) for variable in (fast, slow)]
    np.testing.assert_allclose(moved, [0.1, 0.005], rtol=1e-4)
