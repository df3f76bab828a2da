"""Ctrl-C and SIGTERM in a training: heard between two steps."""
import contextlib
import signal
import threading

import keras


class Signals(keras.callbacks.Callback):
    """Hands signals that came during a step to their handlers after it.

    Keras swallows every exception that is raised while it waits for the logs of a step, which is most of the time.
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


@contextlib.contextmanager
def heard_between_steps():
    """Lets signals wait for the end of a step while the callback that it gives takes part in `fit`.

    Signals reach the main thread only: elsewhere nothing changes.
    """
    signals = Signals()
    if threading.current_thread() is threading.main_thread():
        signals.listen()
    try:
        yield signals
    finally:
        signals.leave()
