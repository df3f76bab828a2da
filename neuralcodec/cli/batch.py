"""Work on one file after another, with a progress bar, going on after a bad one."""

import contextlib
import warnings
from pathlib import Path

from neuralcodec.cli.progress import ProgressBar
from neuralcodec.errors import ConversionWarning, NeuralCodecError


def run(jobs, work):
    """Works through all jobs; with a single one its error is raised as it is.

    Args:
        jobs: list of (source, target).
        work: called as work(source, target, progress), with progress(done, total).

    Raises:
        NeuralCodecError: that of the only job, or one that lists all failures.
    """
    failures = []
    with ProgressBar(len(jobs)) as bar, notes(bar):
        for number, (source, target) in enumerate(jobs):
            try:
                if target != "-":
                    make_folder(Path(target).parent)
                work(source, target, lambda done, total: bar.show(number + done / max(total, 1)))
            except NeuralCodecError as error:
                if len(jobs) == 1:
                    raise
                failures.append(f"  {source}: {error}")
            bar.show(number + 1)
    if failures:
        raise NeuralCodecError("\n".join([f"{len(failures)} of {len(jobs)} files failed:", *failures]))


@contextlib.contextmanager
def notes(bar):
    """Shows warnings as notes on standard error, above a bar, each of them once however many codecs read a file."""
    shown = set()

    def show_once(message, *_):
        if str(message) not in shown:
            shown.add(str(message))
            bar.note(f"Note: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", ConversionWarning)
        warnings.showwarning = show_once
        yield


def make_folder(folder):
    """Makes a folder for outputs, where there is none.

    Raises:
        NeuralCodecError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NeuralCodecError(f"The folder '{folder}' cannot be made: {error.strerror}.") from error
