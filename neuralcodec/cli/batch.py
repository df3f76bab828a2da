"""Work on one file after another, with a progress bar, going on after a bad one."""

import contextlib
import os
import sys
import warnings

from neuralcodec.cli.progress import ProgressBar
from neuralcodec.errors import ConversionWarning, NeuralCodecError
from neuralcodec.files.folders import make_folder
from neuralcodec.files.names import shown
from neuralcodec.files.outputs import is_full, reason_of
from neuralcodec.files.streams import is_stream


def run(plan, work, *, finished=None, describe=None, quiet=False, processes=1):
    """Works through all jobs; with a single one its error is raised as it is.

    Args:
        plan: jobs.Plan.
        work: called as work(source, target, progress, again), with progress(done, total); `again` is whether an output
            that is there and not complete is to be made again. With several processes it is sent to each of them, and
            so is `finished`.
        finished: called as finished(source, target): True if the output is complete and need not be made, False if it
            is there and not complete, None otherwise. By default nobody asks.
        describe: called as describe(target), returns what was written; it is told on a terminal.
        quiet: whether nothing but errors is told.
        processes: how many files are worked on at the same time.

    Raises:
        NeuralCodecError: that of the only job, or one that lists all failures.
    """
    tally = _Tally(plan)
    with ProgressBar(len(plan.jobs), quiet) as bar, notes(bar, quiet), tally.told_anyway(bar):
        for note in plan.notes if not quiet else ():
            bar.note(f"Note: {note}")
        each = _in_turn if min(processes, len(plan.jobs)) == 1 else _at_once
        each(plan.jobs, _Job(work, finished), processes, tally, bar, lambda target: _tell(bar, describe, target, quiet))
    tally.conclude(quiet)


def _in_turn(jobs, job, _, tally, bar, tell):
    for number, (source, target) in enumerate(jobs):
        with tally.failures(source):
            is_done = job(source, target, lambda done, total: bar.show(number + done / max(total, 1)))
            if is_done:
                tell(target)
            tally.count(is_done)
        bar.show(number + 1)
        if tally.is_full:
            return


def _at_once(jobs, job, processes, tally, bar, tell):
    from neuralcodec.cli.parallel import in_parallel

    with contextlib.closing(in_parallel(jobs, job, min(processes, len(jobs)), bar.show)) as outcomes:
        for number, outcome in outcomes:
            source, target = jobs[number]
            for note in outcome.notes:
                warnings.warn(note, ConversionWarning, stacklevel=1)
            if outcome.reason is not None:
                tally.fail(source, outcome.reason, outcome.is_full)
                if tally.is_full:
                    return
            else:
                if outcome.result:
                    tell(target)
                tally.count(outcome.result)


class _Job:
    """What is done with a file, unless its output is complete.

    Args:
        work, finished: as for `run`.
    """

    def __init__(self, work, finished):
        self.work, self.finished = work, finished

    def __call__(self, source, target, progress):
        """Works on a file; returns whether there was anything to do."""
        state = self.finished(source, target) if self.finished is not None and not is_stream(target) else None
        if state is True:
            return False
        if not is_stream(target):
            make_folder(os.path.dirname(os.path.abspath(target)))
        self.work(source, target, progress, state is False)
        return True


def _tell(bar, describe, target, quiet):
    if describe is not None and sys.stderr.isatty() and not quiet and not is_stream(target):
        bar.note(f"Wrote {shown(target)[1:-1]}: {describe(target)}.")


class _Tally:
    """How many files were done, left out and failed, and why."""

    def __init__(self, plan):
        self.done = self.skipped = 0
        self.total, self.is_full = len(plan.jobs), False
        self.failed, self.lines = 0, [f"  {sentence}" for sentence in plan.unreadable]

    def count(self, is_done):
        self.done += is_done
        self.skipped += not is_done

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
            self.fail(source, reason_of(error), is_full(error))

    def fail(self, source, reason, is_full):
        """Notes why a file failed."""
        self.failed += 1
        self.lines.append(f"  {shown(source)[1:-1]}: {reason}")
        self.is_full = is_full

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
