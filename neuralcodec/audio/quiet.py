"""Silence for libraries in C that write to standard error themselves."""

import contextlib
import os
import threading

_lock = threading.Lock()
_users = 0
_saved = None


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
            try:
                _saved = os.dup(2)
            except OSError:  # closed: nothing can be seen anyway
                return
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
