"""Several files at the same time, each in a process of its own."""

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

from neuralcodec.errors import ConversionWarning, NeuralCodecError
from neuralcodec.files.outputs import is_full, reason_of

WAITING = 2  # jobs per process that are handed out: one is done, the next is there when it ends
INTERVAL = 0.2  # seconds between two looks at how far the processes are
GRACE = 10  # seconds that a process has to tidy up when it is to end


class Outcome(NamedTuple):
    """What became of a job.

    Args:
        result: what the work returned; None if it failed.
        notes: list of str, what the work warned of.
        reason: sentence that says why it failed; None if it did not.
        is_full: whether that is a full disk.
    """

    result: object
    notes: list
    reason: str | None = None
    is_full: bool = False


def in_parallel(jobs, work, processes, progress):
    """Works through jobs, several at a time; stops handing them out when its caller stops asking.

    Args:
        jobs: list of (source, target).
        work: called as work(source, target, progress) in another process, which it is sent to; what it returns is sent
            back.
        processes: how many of them there are.
        progress: called as progress(done), in jobs and parts of jobs, now and then.

    Yields:
        (number of the job, Outcome), as they are done.

    Raises:
        NeuralCodecError: a process has ended, as it does where memory does not suffice.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks of NumPy's threads in any state
    parts = context.RawArray("d", len(jobs))
    with ProcessPoolExecutor(processes, context, _begin, (work, parts)) as pool:
        try:
            yield from _handed_out(pool, jobs, parts, processes, progress)
        except BrokenProcessPool as error:
            raise NeuralCodecError("A process that worked on a file has ended, for want of memory perhaps; go on with "
                                   "--skip-existing, and fewer --jobs.") from error
        except BaseException:  # Ctrl-C, a signal, or a full disk
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _handed_out(pool, jobs, parts, processes, progress):
    waiting, running, done = list(enumerate(jobs))[::-1], {}, 0
    while waiting or running:
        while waiting and len(running) < WAITING * processes:
            number, job = waiting.pop()
            running[pool.submit(_do, number, *job)] = number
        complete, _ = wait(running, INTERVAL, FIRST_COMPLETED)
        for future in complete:
            number, done = running.pop(future), done + 1
            yield number, future.result()
        progress(done + sum(parts[number] for number in running.values()))


class _Process:
    """What a process was told when it began."""

    work = parts = None
    is_ending = False


def _begin(work, parts):
    """Prepares a process; the parent hears Ctrl-C and ends it, so that no half-written file is left."""
    _Process.work, _Process.parts = work, parts
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end(number, _):
    """Ends the process, in any case: the exit is an exception, which the pool's own code may take for a failed job."""
    _Process.is_ending = True
    timer = threading.Timer(GRACE, os._exit, (128 + number,))
    timer.daemon = True
    timer.start()
    sys.exit(128 + number)


def _end_with_the_parent():
    multiprocessing.parent_process().join()
    os._exit(1)


def _do(number, source, target):
    """Works on a file; returns an Outcome."""
    if _Process.is_ending:
        return None

    def progress(done, total):
        _Process.parts[number] = done / max(total, 1)

    result, reason, full = None, None, False
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ConversionWarning)
        try:
            result = _Process.work(source, target, progress)
        except (NeuralCodecError, OSError) as error:  # said here: on its way to the parent it would lose its cause
            reason, full = reason_of(error), is_full(error)
    notes = [str(note.message) for note in told if issubclass(note.category, ConversionWarning)]
    return Outcome(result, notes, reason, full)
