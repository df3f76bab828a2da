"""The course of a fine-tuning: learning rate, end, Ctrl-C, the best weights, and what is said about it."""
import contextlib
import math
import signal
import sys
import threading
import time

import keras
import numpy as np

from neuralcodec.training.train import Report

WARMUP = 25  # steps over which the learning rate rises
FINAL = 0.01  # of the learning rate
EVERY = 5  # steps between changes of the learning rate: on JAX each of them costs some milliseconds


class Course(keras.callbacks.Callback):
    """Lets the learning rate fall along a cosine to the end, which is a number of steps or a time.

    Args:
        learning_rate: at its highest.
        seconds: time after which the training ends; by default it ends with the last epoch.
    """

    def __init__(self, learning_rate, seconds=None):
        super().__init__()
        self.learning_rate, self.seconds, self.stopped = learning_rate, seconds, False

    def on_train_begin(self, logs=None):
        self.steps, self.started = 0, time.monotonic()

    def on_train_batch_begin(self, batch, logs=None):
        if self.steps % EVERY == 0:
            cosine = FINAL + (1 - FINAL) * 0.5 * (1 + math.cos(math.pi * self.done()))
            self.model.optimizer.learning_rate = self.learning_rate * cosine * min(1.0, (self.steps + 1) / WARMUP)

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == 1:
            self.compiled = time.monotonic()
        if self.stopped or self.done() >= 1:
            self.model.stop_training = True

    def stop(self):
        """Ends the training after this step."""
        self.stopped = True

    def done(self):
        """How much of the training is done, 0 to 1."""
        if self.seconds:
            return min(1.0, (time.monotonic() - self.started) / self.seconds)
        return min(1.0, self.steps / (self.params["steps"] * self.params["epochs"]))

    def left(self):
        """Seconds that are left, as far as it can be told; the first step, which compiles, tells nothing."""
        if self.seconds:
            return max(0.0, self.seconds - (time.monotonic() - self.started))
        total = self.params["steps"] * self.params["epochs"]
        return (time.monotonic() - self.compiled) / max(self.steps - 1, 1) * (total - self.steps)


class Best(keras.callbacks.Callback):
    """Judges the held-back speech after every epoch and keeps the best weights.

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


class CourseReport(Report):
    """A line an epoch, and a running counter on a terminal."""

    def __init__(self, course):
        super().__init__()
        self.course = course

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def _position(self):
        return f"epoch {self.epoch}, step {self.steps}, {self.course.left() / 60:.1f} min left"


@contextlib.contextmanager
def ctrl_c_stops(course):
    """Lets the first Ctrl-C end a course, and the second one everything. Signals reach the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        signal.signal(signal.SIGINT, before)
        print("\nStopping; the best weights so far are kept. Press Ctrl-C again to leave without them.",
              file=sys.stderr, flush=True)
        course.stop()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
