"""Care that libraries in C need: some print things themselves, and some call back."""

import contextlib
import ctypes
import os
import threading

_lock = threading.Lock()
_users = 0
_saved = {}  # descriptor -> copy of it


def undisturbed(function, *arguments, **options):
    """Calls a function of libsndfile in another thread, where no signal interrupts it.

    Python handles signals in the main thread, wherever that is. In a function that libsndfile has called to read or
    write, Ctrl-C would get lost, and look like the end of the file or a full disk. Here it is heard once the call has
    ended, as nothing may be closed that another thread still reads.
    """
    call = _Call(lambda: function(*arguments, **options))
    thread = threading.Thread(target=call.run, daemon=True)
    try:
        thread.start()
        thread.join()
    except BaseException:
        call.forget()
        raise
    return call.result()


class _Call:
    """A call that another thread makes, unless it is forgotten before."""

    def __init__(self, function):
        self._function, self._running, self._is_wanted = function, threading.Lock(), True
        self._value, self._error = None, None

    def run(self):
        with self._running:
            try:
                if self._is_wanted:
                    self._value = self._function()
            except BaseException as error:
                self._error = error

    def forget(self):
        """Returns when the call has ended, or will never begin."""
        while True:
            with contextlib.suppress(KeyboardInterrupt, SystemExit), self._running:  # somebody in a hurry
                self._is_wanted = False
                return

    def result(self):
        if self._error is not None:
            raise self._error
        return self._value


@contextlib.contextmanager
def quiet():
    """Nothing that C code prints meanwhile is seen, or gets into a pipe, whichever thread does it; keep it short."""
    _begin()
    try:
        yield
    finally:
        _end()


def _begin():
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _print_all()
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for number in (1, 2):
                with contextlib.suppress(OSError):  # closed: nothing can be seen anyway
                    _saved[number] = os.dup(number)
                    os.dup2(nowhere, number)
            os.close(nowhere)


def _end():
    global _users
    with _lock:
        _users -= 1
        if not _users:
            _print_all()
            while _saved:
                number, saved = _saved.popitem()
                os.dup2(saved, number)
                os.close(saved)


def _print_all():
    """What C code has printed may wait in its own buffers."""
    with contextlib.suppress(OSError, TypeError, AttributeError):  # Windows has no library of this process
        ctypes.CDLL(None).fflush(None)
