"""Processes that leave no others behind: what a shell or a pool has started ends with them, whatever happens."""

import contextlib
import os
import signal
import subprocess


@contextlib.contextmanager
def process_group(command, **options):
    """Starts a process in a group of its own, and kills what there is of the group when the block is left.

    Args:
        command: list of words.
        options: of `subprocess.Popen`.

    Example:
        >>> with process_group(["sh", "-c", "sleep 100; echo late"]) as process:
        ...     process.wait(timeout=1)
    """
    process = subprocess.Popen([str(word) for word in command], start_new_session=True, **options)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
