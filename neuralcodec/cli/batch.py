"""Work on one file after another, with a progress bar, going on after a bad one."""

import contextlib
import os
import sys
import warnings

from neuralcodec.cli.progress import ProgressBar
from neuralcodec.errors import ConversionWarning, NeuralCodecError
from neuralcodec.files.folders import make_folder
from neuralcodec.files.names import shown
from neuralcodec.files.outputs import is_full
from neuralcodec.files.streams import is_stream


def run(plan, work, *, finished=None, describe=None, quiet=False):
    """Works through all jobs; with a single one its error is raised as it is.

    Args:
        plan: jobs.Plan.
        work: called as work(source, target, progress, again), with progress(done, total); `again` is whether an output
            that is there and not complete is to be made again.
        finished: called as finished(source, target): True if the output is complete and need not be made, False if it
            is there and not complete, None otherwise. By default nobody asks.
        describe: called as describe(target), returns what was written; it is told on a terminal.
        quiet: whether nothing but errors is told.

    Raises:
        NeuralCodecError: that of the only job, or one that lists all failures.
    """
    tally = _Tally(plan)
    with ProgressBar(len(plan.jobs), quiet) as bar, notes(bar, quiet), tally.told_anyway(bar):
        for note in plan.notes if not quiet else ():
            bar.note(f"Note: {note}")
        for number, (source, target) in enumerate(plan.jobs):
            state = None
            with tally.failures(source):
                state = finished(source, target) if finished is not None and not is_stream(target) else None
                if state is not True:
                    _do(work, source, target, state is False, bar, number)
                    _tell(bar, describe, target, quiet)
                tally.count(state)
            bar.show(number + 1)
            if tally.is_full:
                break
    tally.conclude(quiet)


def _do(work, source, target, again, bar, number):
    if not is_stream(target):
        make_folder(os.path.dirname(os.path.abspath(target)))
    work(source, target, lambda done, total: bar.show(number + done / max(total, 1)), again)


def _tell(bar, describe, target, quiet):
    if describe is not None and sys.stderr.isatty() and not quiet and not is_stream(target):
        bar.note(f"Wrote {shown(target)[1:-1]}: {describe(target)}.")


class _Tally:
    """How many files were done, left out and failed, and why."""

    def __init__(self, plan):
        self.done = self.skipped = 0
        self.total, self.is_full = len(plan.jobs), False
        self.failed, self.lines = 0, [f"  {sentence}" for sentence in plan.unreadable]

    def count(self, state):
        self.skipped += state is True
        self.done += state is not True

    @contextlib.contextmanager
    def failures(self, source):
        """Notes what goes wrong with one of several files."""
        try:
            yield
        except BrokenPipeError:
            raise
        except (NeuralCodecError, OSError) as error:
            if self.total == 1 and not self.lines:
                raise
            self.failed += 1
            reason = error if isinstance(error, NeuralCodecError) else f"{error.strerror or error}."
            self.lines.append(f"  {shown(source)[1:-1]}: {reason}")
            self.is_full = is_full(error)

    @contextlib.contextmanager
    def told_anyway(self, bar):
        """What failed before an interruption is told, too."""
        try:
            yield
        except BaseException:
            if self.lines:
                bar.note("\n".join(self._listing()))
            raise

    def _listing(self):
        left = self.total - self.done - self.skipped - self.failed
        lines = [f"{self.failed} of {self.total} files failed:" if self.failed else "Not everything could be read:",
                 *self.lines, self._summary()]
        return lines + ([f"The disk is full: {left} files were not tried."] if self.is_full and left else [])

    def _summary(self):
        return f"{self.done} done, {self.skipped} skipped, {self.failed} failed."

    def conclude(self, quiet):
        """Says how it went; raises NeuralCodecError if anything failed."""
        if self.lines:
            raise NeuralCodecError("\n".join(self._listing()))
        if not quiet and (self.skipped or (self.total > 1 and sys.stderr.isatty())):
            print(self._summary(), file=sys.stderr)


@contextlib.contextmanager
def notes(bar, quiet=False):
    """Shows warnings as notes on standard error, above a bar, each of them once however many codecs read a file."""
    told = set()

    def tell_once(message, *_):
        if str(message) not in told and not quiet:
            told.add(str(message))
            bar.note(f"Note: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", ConversionWarning)
        warnings.showwarning = tell_once
        yield


def listed(failures, total):
    """A sentence and a line for each of the files that could not be read.

    Args:
        failures: dict of path -> reason.
        total: number of files.
    """
    lines = [f"  {shown(path)[1:-1]}: {reason}" for path, reason in failures.items()]
    return "\n".join([f"{len(failures)} of {total} files could not be read:", *lines])
