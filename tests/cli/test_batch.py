"""Batches: quiet where work is quick; each note once."""

import warnings

from neuralcodec.cli import batch
from neuralcodec.cli.progress import ProgressBar
from neuralcodec.errors import ConversionWarning


def work(source, target, progress):
    for done in range(11):
        progress(done, 10)


def test_quick_work_shows_no_bar(standard_error, tmp_path):
    terminal = standard_error(terminal=True)
    batch.run([("a", tmp_path / "b")], work)
    assert terminal.getvalue().strip("\r\n ") == ""


def test_nothing_is_shown_where_no_terminal_is(standard_error, monkeypatch, tmp_path):
    stream = standard_error(terminal=False)
    monkeypatch.setattr("neuralcodec.cli.progress.DELAY", 0)
    batch.run([("a", tmp_path / "b")], work)
    assert stream.getvalue() == ""


def test_a_note_is_shown_once(capsys):
    with ProgressBar(1) as bar, batch.notes(bar):
        for text in ("a", "b", "a"):
            warnings.warn(text, ConversionWarning, stacklevel=1)
    assert capsys.readouterr().err == "Note: a\nNote: b\n"
