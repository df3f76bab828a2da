"""Signals: what Keras would swallow is raised after the step, and the handlers are put back."""
import contextlib
import signal

import keras
import numpy as np
import pytest

from neuralcodec.training.callbacks import CosineSchedule
from neuralcodec.training.interrupts import ctrl_c_stops, heard_between_steps


class Swallow(keras.callbacks.Callback):
    """A signal arrives, and what it raises is swallowed, as Keras does while it reads the logs of a step."""

    def __init__(self, number):
        super().__init__()
        self.number, self.steps = number, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.steps += 1
        with contextlib.suppress(BaseException):
            signal.raise_signal(self.number)


class Terminated(Exception):
    pass


@pytest.fixture
def handlers():
    """As the command line sets them."""
    def terminate(*_):
        raise Terminated

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, terminate)
    yield terminate
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_ends_the_training_after_the_step(handlers, number, error):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse", run_eagerly=True)
    x, swallow = np.zeros((8, 1)), Swallow(number)
    with pytest.raises(error), heard_between_steps() as signals:
        model.fit(x, x, batch_size=1, verbose=0, callbacks=[swallow, signals])
    assert swallow.steps == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is handlers


def test_a_signal_after_the_last_step_is_not_lost(handlers):
    with pytest.raises(Terminated), heard_between_steps() as signals:
        signal.raise_signal(signal.SIGTERM)
        signals.on_train_end()


def test_nothing_changes_without_a_signal(handlers):
    with heard_between_steps():
        assert signal.getsignal(signal.SIGTERM) is not handlers
    assert signal.getsignal(signal.SIGTERM) is handlers


def test_the_first_ctrl_c_stops_and_the_second_leaves(capsys):
    schedule, before = CosineSchedule(1e-3), signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with ctrl_c_stops(schedule):
            signal.raise_signal(signal.SIGINT)
            assert schedule.stopped and "Press Ctrl-C again" in capsys.readouterr().err
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
