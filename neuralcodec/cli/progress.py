"""How far a command is, on standard error: a bar on a terminal, elsewhere a line every 30 s."""

import sys
import time

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
        self.total, self.bar = total, None
        self.status = Status(verbose=not quiet)
        self._begun, self._may_appear = time.time(), not quiet and sys.stderr.isatty()

    def show(self, done):
        """Moves the bar to `done` of its total."""
        if not self._may_appear:
            self.status.count(f"{100 * done / max(self.total, 1):.0f} % done.")
        elif time.time() >= self._begun + DELAY:
            self.bar = self.bar or self._appear()
            self.bar.update(done - self.bar.n)

    def _appear(self):
        from tqdm import tqdm  # takes longer to import than a short clip to code

        bar = tqdm(total=self.total, delay=DELAY, file=sys.stderr, leave=False,
                   bar_format="{percentage:3.0f}% |{bar}| {elapsed} < {remaining}")
        bar.start_t = bar.last_print_t = self._begun
        return bar

    def note(self, text):
        """Prints a line, above the bar where there is one."""
        if self.bar is None:
            print(text, file=sys.stderr)
        else:
            self.bar.write(text, file=sys.stderr)

    def __enter__(self):
        self.status.__enter__()
        return self

    def __exit__(self, *exception):
        self.status.__exit__(*exception)
        if self.bar is not None:
            self.bar.close()
