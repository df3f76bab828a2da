"""Progress: a bar on terminals only, never before two seconds; elsewhere a line now and then."""

import time

import pytest

from neuralcodec import progress as status
from neuralcodec.cli import progress
from neuralcodec.cli.progress import ProgressBar


def test_a_bar_moves_with_files_and_within_them(standard_error, monkeypatch):
    terminal = standard_error(terminal=True)
    monkeypatch.setattr(progress, "DELAY", 0)
    with ProgressBar(2) as bar:
        bar.show(0)
        bar.bar.mininterval = 0
        for done in (0.5, 1, 2):
            bar.show(done)
    assert " 25%" in terminal.getvalue() and " 50%" in terminal.getvalue() and "100%" in terminal.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_quick_work_shows_nothing(standard_error, terminal):
    stream = standard_error(terminal)
    with ProgressBar(2) as bar:
        bar.show(1)
        bar.show(2)
    assert stream.getvalue().strip("\r\n ") == ""


def test_a_line_now_and_then_where_no_terminal_is(standard_error, monkeypatch):
    stream = standard_error(terminal=False)
    monkeypatch.setattr(status, "INTERVAL", 0.2)
    with ProgressBar(8) as bar:
        bar.show(1)
        bar.show(2)
        time.sleep(0.5)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "25 % done." and len(lines) < 4


def test_a_bar_that_appears_late_has_counted_from_the_beginning(standard_error, monkeypatch):
    terminal = standard_error(terminal=True)
    with ProgressBar(4) as bar:
        bar.show(1)
        bar._begun -= 100
        bar.show(2)
        bar.note("Note: a")
    assert terminal.getvalue().startswith("\r 50% |") and "| 01:40 < 01:40" in terminal.getvalue()
    assert "Note: a\n" in terminal.getvalue()


def test_notes_come_at_once(standard_error):
    stream = standard_error(terminal=False)
    with ProgressBar(8) as bar:
        bar.note("Note: a")
        assert stream.getvalue() == "Note: a\n"
