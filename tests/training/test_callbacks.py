"""The course of a fine-tuning: learning rate, end, Ctrl-C, and what is printed."""
from types import SimpleNamespace

import pytest

from neuralcodec.training import callbacks as module
from neuralcodec.training.callbacks import WARMUP, Best, Course, CourseReport


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    time = SimpleNamespace(now=0.0, monotonic=lambda: time.now)
    monkeypatch.setattr(module, "time", time)
    return time


def run(course, clock, steps, seconds_a_step=1.0):
    """Runs steps as Keras does; returns their learning rates."""
    model = SimpleNamespace(optimizer=SimpleNamespace(learning_rate=None), stop_training=False)
    course.set_model(model)
    course.set_params({"steps": 50, "epochs": 4})
    course.on_train_begin()
    rates = []
    for step in range(steps):
        course.on_train_batch_begin(step)
        rates.append(model.optimizer.learning_rate)
        clock.now += seconds_a_step
        course.on_train_batch_end(step)
        if model.stop_training:
            break
    return rates


def test_the_learning_rate_rises_and_falls(clock):
    course = Course(1e-3)
    rates = run(course, clock, 150)
    assert rates[0] < 1e-4 and max(rates) == rates[WARMUP] > 0.9e-3 and rates[100] == pytest.approx(5e-4, rel=0.02)
    assert course.done() == 0.75 and course.left() == 50
    assert run(course, clock, 500)[-1] < 2e-5 and course.steps == 200


def test_training_ends_in_time(clock):
    course = Course(1e-3, seconds=60)
    rates = run(course, clock, 1000, seconds_a_step=0.5)
    assert len(rates) == 120 and rates[-1] < 3e-5 and course.left() == 0


def test_a_stop_ends_it_after_the_step(clock):
    course = Course(1e-3)
    course.stop()
    assert len(run(course, clock, 10)) == 1


def test_the_best_weights_are_kept():
    scores, weights = iter([3.0, 3.5, 3.2]), iter("abc")
    cascade = SimpleNamespace(get_weights=lambda: next(weights))
    best = Best(cascade, lambda cascade: {"valid_kbps": 9.0, "valid_pesq": next(scores), "valid_si_sdr": 0.0})
    for epoch in range(3):
        logs = {}
        best.on_epoch_end(epoch, logs)
    assert best.weights == "b" and logs["valid_pesq"] == 3.2


def test_a_line_tells_time_left_loss_and_rate(clock, capsys):
    course = Course(1e-3)
    run(course, clock, 50)
    report = CourseReport(course)
    report.on_train_begin()
    report.on_epoch_begin(0)
    report.steps = 50
    report.on_epoch_end(0, {"loss": 1.25, "kbps": 9.01})
    assert capsys.readouterr().err == "\repoch 1, step 50, 2.5 min left: loss 1.25, kbps 9.01\n"
