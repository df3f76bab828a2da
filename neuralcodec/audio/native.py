"""Care that libraries in C need: some write to standard error themselves, and some call back."""

import contextlib
import os
import threading

_lock = threading.Lock()
_users = 0
_saved = None


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
    """Nothing that is written to file descriptor 2 meanwhile is seen, whichever thread writes it; keep it short."""
    _begin()
    try:
        yield
    finally:
        _end()


def _begin():
    global _users, _saved
    with _lock:
        _users += 1
        if _users == 1:
            with contextlib.suppress(OSError):  # closed: nothing can be seen anyway
                _saved = os.dup(2)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)


def _end():
    global _users, _saved
    with _lock:
        _users -= 1
        if not _users and _saved is not None:
            os.dup2(_saved, 2)
            os.close(_saved)
            _saved = None
