"""Keras and TensorFlow without the log lines that TensorFlow writes."""
import contextlib
import faulthandler
import os
import re
import tempfile

from neuralcodec.errors import MissingDependencyError

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_LOG_LINE = re.compile(rb"WARNING: All log messages before absl|[IWE]\d{4} [\d:.]+ +\d+ \S+:\d+\] ")
_NOTHING = re.compile(rb"(?!)")


def import_keras():
    """Imports Keras and its backend, and keeps the log lines to itself.

    Raises:
        MissingDependencyError: Keras or its backend is not installed, as coding needs neither.
    """
    try:
        with log_lines_held_back():
            import keras  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"Training needs the package '{error.name}', which is not installed; "
                                     "pip install 'neuralcodec[train]' brings Keras and TensorFlow.") from error


@contextlib.contextmanager
def log_lines_held_back():
    """Leaves the log lines out that TensorFlow writes inside of the block.

    TensorFlow 2.21 writes some of them to file descriptor 2 whatever its log level is. What else is written meanwhile
    follows afterwards, and all of it where the block fails, or where TF_CPP_MIN_LOG_LEVEL is 0.
    """
    if os.environ.get(_LEVEL, "1") == "1":  # what JAX sets where nobody has set anything
        os.environ[_LEVEL] = "3"
    if os.environ[_LEVEL] == "0":
        yield
        return
    try:
        stderr = os.dup(2)
    except OSError:  # closed
        yield
        return
    tell_of_crashes = not faulthandler.is_enabled()
    with os.fdopen(stderr, "wb") as terminal, tempfile.TemporaryFile() as written:
        left_out = _LOG_LINE
        os.dup2(written.fileno(), 2)
        if tell_of_crashes:  # what kills the process can no longer say so itself
            faulthandler.enable(terminal)
        try:
            yield
        except BaseException:
            left_out = _NOTHING
            raise
        finally:
            if tell_of_crashes:
                faulthandler.disable()
            os.dup2(stderr, 2)
            written.seek(0)
            terminal.write(b"".join(line for line in written if not left_out.match(line)))
