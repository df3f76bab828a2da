"""Callbacks: learning rate, end of the training, best weights, and what is printed."""
from types import SimpleNamespace

import pytest

from neuralcodec.training import callbacks as module
from neuralcodec.training.callbacks import WARMUP_STEPS, BestWeights, CosineSchedule, FinetuneReport, TrainingReport


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    time = SimpleNamespace(now=0.0, monotonic=lambda: time.now)
    monkeypatch.setattr(module, "time", time)
    return time


def run(schedule, clock, steps, seconds_a_step=1.0, at_once=1):
    """Runs steps as Keras does, some of them in each call; returns the learning rates of the calls."""
    model = SimpleNamespace(optimizer=SimpleNamespace(learning_rate=None), stop_training=False)
    schedule.set_model(model)
    schedule.set_params({"steps": 50, "epochs": 4})
    schedule.on_train_begin()
    rates = []
    for step in range(0, steps, at_once):
        schedule.on_train_batch_begin(step % 50)
        rates.append(model.optimizer.learning_rate)
        clock.now += seconds_a_step * at_once
        schedule.on_train_batch_end(step % 50 + at_once - 1)
        if model.stop_training:
            break
    return rates


def test_the_learning_rate_rises_and_falls(clock):
    schedule = CosineSchedule(1e-3)
    rates = run(schedule, clock, 150)
    assert rates[0] < 1e-4 and max(rates) == rates[WARMUP_STEPS] > 0.9e-3
    assert rates[100] == pytest.approx(5e-4, rel=0.02)
    assert schedule.done() == 0.75 and schedule.left() == 50
    assert run(schedule, clock, 500)[-1] < 2e-5 and schedule.steps == 200


def test_the_learning_rate_is_the_same_in_calls_of_ten_steps(clock):
    single, schedule = run(CosineSchedule(1e-3), clock, 200), CosineSchedule(1e-3)
    assert run(schedule, clock, 200, at_once=10) == single[::10]
    assert schedule.steps == 200 and schedule.done() == 1.0


def test_training_ends_in_time(clock):
    schedule = CosineSchedule(1e-3, seconds=60)
    rates = run(schedule, clock, 1000, seconds_a_step=0.5)
    assert len(rates) == 120 and rates[-1] < 3e-5 and schedule.left() == 0


def test_a_stop_ends_it_after_the_step(clock):
    schedule = CosineSchedule(1e-3)
    schedule.stop()
    assert len(run(schedule, clock, 10)) == 1


def test_the_best_weights_are_kept():
    scores, weights = iter([3.0, 3.5, 3.2]), iter("abc")
    cascade = SimpleNamespace(get_weights=lambda: next(weights))
    best = BestWeights(cascade, lambda cascade: {"valid_kbps": 9.0, "valid_pesq": next(scores), "valid_si_sdr": 0.0})
    for epoch in range(3):
        logs = {}
        best.on_epoch_end(epoch, logs)
    assert best.weights == "b" and logs["valid_pesq"] == 3.2


@pytest.fixture
def said():
    """A Status that remembers: (kind, text)."""
    class Remembers(list):
        def say(self, text):
            self.append(("line", text))

        def count(self, text):
            self.append(("count", text))

    return Remembers()


def report_on(report, clock, steps, epoch=0, seconds_a_step=1.0):
    """Runs steps of an epoch of 50 as Keras does, ten in each call, of 4 epochs; the first call compiles."""
    report.set_params({"steps": 50, "epochs": 4})
    report.on_train_begin()
    clock.now += 60
    report.on_epoch_begin(epoch)
    for step in range(0, steps, 10):
        clock.now += 10 * seconds_a_step
        report.on_train_batch_end(step + 9)
    report.on_epoch_end(epoch, {"loss": 1.25, "kbps": 9.01})


def test_a_line_tells_step_time_left_loss_and_rate(clock, said):
    report_on(TrainingReport(said), clock, 50)
    assert said[0] == ("line", "Compiling the training step; this takes up to a minute.")
    assert said[1] == ("count", "step 20 of 200, 3 min left in this phase") and said[4][0] == "count"
    assert said[5:] == [("line", "step 50 of 200, 2 min left in this phase: loss 1.25, kbps 9.01"),
                        ("count", "step 50 of 200, 2 min left in this phase")]


def test_a_run_that_goes_on_counts_on(clock, said):
    report_on(TrainingReport(said), clock, 50, epoch=2)
    assert said[-1] == ("count", "step 150 of 200, 1 min left in this phase")


def test_a_fine_tuning_has_the_time_that_its_schedule_has(clock, said):
    schedule = CosineSchedule(1e-3)
    run(schedule, clock, 50)
    report_on(FinetuneReport(said, schedule), clock, 50)
    assert said[-2][1].startswith("epoch 1, step 50, ") and said[-2][1].endswith(" min left: loss 1.25, kbps 9.01")
