"""All Keras callbacks of a training: reports, checkpoints and log, learning rate, best weights, signals.

Keras calls `on_train_batch_begin` and `on_train_batch_end` once for the steps of a call (`many_steps.py`), with the
number of its first and of its last step in the epoch.
"""
import csv
import math
import signal
import time

import keras
import numpy as np

from neuralcodec.training.checkpoint import write_checkpoint

WARMUP_STEPS = 25  # steps over which the learning rate rises
FINAL_SHARE = 0.01  # of the learning rate
STEPS_PER_CHANGE = 5  # least between changes of the learning rate: on JAX each of them costs some milliseconds
LOG = "log.csv"


class TrainingReport(keras.callbacks.Callback):
    """Says where the training stands, and once an epoch its losses and rate.

    Args:
        status: Status that says it.
    """

    def __init__(self, status):
        super().__init__()
        self.status, self.steps = status, 0

    def on_train_begin(self, logs=None):
        self.first = None
        self.status.say("Compiling the training step; this takes up to a minute.")

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.before = epoch + 1, epoch * self.params["steps"]  # a resumed run begins with a later epoch

    def on_train_batch_end(self, batch, logs=None):
        self.steps = self.before + batch + 1
        if self.first is None:  # this call compiled
            self.first, self.compiled = self.steps, time.monotonic()
        else:
            self.status.count(self._position())

    def on_epoch_end(self, epoch, logs=None):
        figures = ", ".join(f"{name} {float(value):.4g}" for name, value in logs.items())
        self.status.say(f"{self._position()}: {figures}")
        self.status.count(self._position())

    def _position(self):
        total = self.params["steps"] * self.params["epochs"]
        pace = (time.monotonic() - self.compiled) / max(self.steps - self.first, 1)
        return f"step {self.steps} of {total}, {pace * (total - self.steps) / 60:.0f} min left in this phase"


class CheckpointAndLog(keras.callbacks.Callback):
    """After every epoch: a line in the log, a checkpoint, and now and then a validation."""

    def __init__(self, cascade, discriminator, config, index, progress, output, validate):
        super().__init__()
        self.cascade, self.discriminator = cascade, discriminator
        self.config, self.index, self.progress = config, index, progress
        self.output, self.validate = output, validate

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self.progress.seconds += time.monotonic() - self.started
        self.progress.phase, self.progress.epoch = self.index, epoch + 1
        self.progress.rate_weight = np.asarray(self.model.rate_control.weight).tolist()
        write_checkpoint(self.output, self.progress, self.cascade, self.discriminator, self.model.optimizer)
        row = {"phase": self.config.phases[self.index].name, "step": (epoch + 1) * self.params["steps"],
               "seconds": round(self.progress.seconds, 1)}
        if self.validate and (epoch + 1) % self.config.validate_epochs == 0:
            logs.update(self.validate(self.cascade))  # callbacks after this one see it too
        weights = np.ravel(self.progress.rate_weight)
        figures = {**logs, **{f"rate_weight_{number}": weight for number, weight in enumerate(weights, start=1)}}
        columns = (*row, *self.model.log_columns, "valid_kbps", "valid_pesq", "valid_si_sdr")
        append_row(self.output / LOG, columns, {name: round(float(value), 5) for name, value in figures.items()} | row)


def append_row(path, columns, row):
    """Adds a line to a CSV file, the header first; what has no column is left out."""
    new = not path.exists()
    with open(path, "a", encoding="utf-8", newline="") as log:
        writer = csv.DictWriter(log, columns, restval="", extrasaction="ignore", lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


class CosineSchedule(keras.callbacks.Callback):
    """Lets the learning rate fall along a cosine to the end, which is a number of steps or a time.

    Args:
        learning_rate: at its highest.
        seconds: time after which the training ends; by default it ends with the last epoch.
    """

    def __init__(self, learning_rate, seconds=None):
        super().__init__()
        self.learning_rate, self.seconds, self.stopped = learning_rate, seconds, False

    def on_train_begin(self, logs=None):
        self.steps, self.changed, self.first, self.started = 0, -STEPS_PER_CHANGE, None, time.monotonic()

    def on_train_batch_begin(self, batch, logs=None):
        self.begun = batch
        if self.steps >= self.changed + STEPS_PER_CHANGE:
            self.changed = self.steps
            cosine = FINAL_SHARE + (1 - FINAL_SHARE) * 0.5 * (1 + math.cos(math.pi * self.done()))
            self.model.optimizer.learning_rate = self.learning_rate * cosine * min(1.0, (self.steps + 1) / WARMUP_STEPS)

    def on_train_batch_end(self, batch, logs=None):
        self.steps += batch + 1 - self.begun
        if self.first is None:  # this call compiled
            self.first, self.compiled = self.steps, time.monotonic()
        if self.stopped or self.done() >= 1:
            self.model.stop_training = True

    def stop(self):
        """Ends the training after the steps of this call."""
        self.stopped = True

    def done(self):
        """How much of the training is done, 0 to 1."""
        if self.seconds:
            return min(1.0, (time.monotonic() - self.started) / self.seconds)
        return min(1.0, self.steps / (self.params["steps"] * self.params["epochs"]))

    def left(self):
        """Seconds that are left, as far as it can be told; the first call, which compiles, tells nothing."""
        if self.seconds:
            return max(0.0, self.seconds - (time.monotonic() - self.started))
        total = self.params["steps"] * self.params["epochs"]
        return (time.monotonic() - self.compiled) / max(self.steps - self.first, 1) * (total - self.steps)


class BestWeights(keras.callbacks.Callback):
    """Scores the held-back speech after every epoch and keeps the best weights.

    Args:
        cascade: the Cascade that is trained.
        validate: a Validation at one bitrate; more bits alone do not make an epoch better.
    """

    def __init__(self, cascade, validate):
        super().__init__()
        self.cascade, self.validate, self.score = cascade, validate, -np.inf

    def on_epoch_end(self, epoch, logs=None):
        figures = self.validate(self.cascade)
        logs.update(figures)  # callbacks after this one see it too
        score = figures.get("valid_pesq", figures["valid_si_sdr"])
        if score > self.score:
            self.score, self.weights = score, self.cascade.get_weights()


class FinetuneReport(TrainingReport):
    """The same for a training that ends with its schedule.

    Args:
        status: Status that says it.
        schedule: CosineSchedule.
    """

    def __init__(self, status, schedule):
        super().__init__(status)
        self.schedule = schedule

    def _position(self):
        return f"epoch {self.epoch}, step {self.steps}, {self.schedule.left() / 60:.1f} min left"


class DeferredSignals(keras.callbacks.Callback):
    """Hands signals that came during a call to their handlers after it.

    Keras swallows every exception that is raised while it waits for the logs of a call, which is most of the time.
    """

    def __init__(self):
        super().__init__()
        self.handlers, self.came = {}, []

    def listen(self):
        self.handlers = {number: signal.signal(number, lambda number, _: self.came.append(number))
                         for number in (signal.SIGINT, signal.SIGTERM)}

    def leave(self):
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def on_train_batch_end(self, batch, logs=None):
        self.hand_over()

    def on_train_end(self, logs=None):
        self.hand_over()  # what came after the last step

    def hand_over(self):
        if self.came:
            number = self.came.pop()
            self.leave()
            signal.raise_signal(number)
