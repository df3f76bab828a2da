"""What long work says on standard error: where it stands, never too much, and never nothing for long."""

import sys
import threading
import time

INTERVAL = 30  # seconds after which something is said, where no terminal shows a counter


class Status:
    """Lines about long work on standard error; a counter on a terminal, and elsewhere where it stands every 30 s.

    Args:
        verbose: whether anything is said.

    Example:
        >>> with Status() as status:
        ...     status.say("Reading the speech.")
        ...     for done, path in enumerate(files):
        ...         status.count(f"{done} of {len(files)} recordings")
    """

    def __init__(self, verbose=True):
        self.verbose, self.on_terminal = verbose, sys.stderr.isatty()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._counter, self._said, self._begun = "", time.monotonic(), time.monotonic()
        self._position = lambda: f"{time.monotonic() - self._begun:.0f} s so far."

    def say(self, text):
        """Prints a line. Until the next one or the next `count` the work is at what it tells."""
        self._begun = time.monotonic()
        self._position = lambda: f"{text.splitlines()[0].rstrip('.')}: {time.monotonic() - self._begun:.0f} s so far."
        self._print(text)

    def count(self, text):
        """Where the work stands: replaces the last count on a terminal; elsewhere it is said every 30 s."""
        self._position = lambda: text
        if self.on_terminal and self.verbose:
            with self._lock:
                print(f"\r{text:<{len(self._counter)}}", end="", file=sys.stderr, flush=True)
                self._counter = text

    def _print(self, text, end="\n"):
        with self._lock:
            if self.verbose:
                erased = f"\r{' ' * len(self._counter)}\r" if self._counter else ""
                print(f"{erased}{text}", end=end, file=sys.stderr, flush=True)
            self._counter, self._said = "", time.monotonic()

    def _repeat(self):
        while not self._ended.wait(self._said + INTERVAL - time.monotonic()):
            if time.monotonic() >= self._said + INTERVAL:
                self._print(self._position())

    def __enter__(self):
        if self.verbose and not self.on_terminal:
            threading.Thread(target=self._repeat, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self._ended.set()
        if self._counter:
            self._print("", end="")
