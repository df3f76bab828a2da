"""How far a command is, on standard error: a bar on a terminal, elsewhere a line every 30 s."""

import sys
import time

from tqdm import tqdm

from neuralcodec.progress import Status

DELAY = 2  # seconds before a bar appears


class ProgressBar:
    """Shows how far work is, once it takes long.

    Args:
        total: of what there is to do.
        quiet: whether nothing is shown.

    Example:
        >>> with ProgressBar(len(files)) as bar:
        ...     for done, path in enumerate(files, start=1):
        ...         bar.show(done)
    """

    def __init__(self, total, quiet=False):
        self.bar = tqdm(total=total, disable=quiet or None, delay=DELAY, file=sys.stderr, leave=False,
                        bar_format="{percentage:3.0f}% |{bar}| {elapsed} < {remaining}")
        self.status = Status(verbose=not quiet)

    def show(self, done):
        """Moves the bar to `done` of its total."""
        if self.bar.disable:  # no terminal
            self.status.count(f"{100 * done / max(self.bar.total, 1):.0f} % done.")
        else:
            self.bar.update(done - self.bar.n)

    def note(self, text):
        """Prints a line, above the bar where there is one."""
        if self.bar.disable or time.time() < self.bar.start_t + DELAY:
            print(text, file=sys.stderr)
        else:
            self.bar.write(text, file=sys.stderr)

    def __enter__(self):
        self.status.__enter__()
        return self

    def __exit__(self, *exception):
        self.status.__exit__(*exception)
        self.bar.close()
