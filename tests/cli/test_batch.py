"""Progress bars: on terminals only, and never before two seconds. Notes above them: each of them once."""

import io
import warnings

import pytest

from neuralcodec.cli import batch
from neuralcodec.errors import ConversionWarning


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def connect(monkeypatch):
    """Makes a stream standard error (only once the test runs: pytest sets its own before)."""
    def connect(stream):
        monkeypatch.setattr("sys.stderr", stream)
        return stream

    return connect


def work(source, target, progress):
    for done in range(11):
        progress(done, 10)


def test_a_bar_moves_with_files_and_within_them(connect, monkeypatch):
    terminal = connect(Terminal())
    monkeypatch.setattr(batch, "_DELAY", 0)
    with batch.progress_bar(2) as bar:
        bar.mininterval = 0
        batch.show(bar, 0.5)
        batch.show(bar, 1)
        batch.show(bar, 2)
        assert bar.n == 2
    assert " 25%" in terminal.getvalue() and " 50%" in terminal.getvalue() and "100%" in terminal.getvalue()


def test_quick_work_shows_no_bar(connect, tmp_path):
    terminal = connect(Terminal())
    batch.run([("a", tmp_path / "b")], work)
    assert terminal.getvalue().strip("\r\n ") == ""


def test_nothing_is_shown_where_no_terminal_is(connect, monkeypatch, tmp_path):
    stream = connect(io.StringIO())
    monkeypatch.setattr(batch, "_DELAY", 0)
    batch.run([("a", tmp_path / "b")], work)
    assert stream.getvalue() == ""


def test_a_note_is_shown_once(capsys):
    with batch.progress_bar(1) as bar, batch.notes(bar):
        for text in ("a", "b", "a"):
            warnings.warn(text, ConversionWarning, stacklevel=1)
    assert capsys.readouterr().err == "Note: a\nNote: b\n"
