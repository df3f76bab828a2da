"""Ctrl-C and SIGTERM in a training: heard between two calls, each of some steps."""
import contextlib
import signal
import sys
import threading

from neuralcodec.training.callbacks import DeferredSignals


@contextlib.contextmanager
def heard_between_steps():
    """Lets signals wait for the end of a call while the callback that it gives takes part in `fit`.

    Signals reach the main thread only: elsewhere nothing changes.
    """
    signals = DeferredSignals()
    if threading.current_thread() is threading.main_thread():
        signals.listen()
    try:
        yield signals
    finally:
        signals.leave()


@contextlib.contextmanager
def ctrl_c_stops(schedule):
    """Lets the first Ctrl-C end the training after its call, and the second one everything, at once.

    Signals reach the main thread only: elsewhere nothing changes.

    Args:
        schedule: CosineSchedule of the training.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        signal.signal(signal.SIGINT, before)
        print("\nStopping; the best weights so far are kept. Press Ctrl-C again to leave without them.",
              file=sys.stderr, flush=True)
        schedule.stop()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
