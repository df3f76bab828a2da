"""Batches: quiet where work is quick; each note once; all failures told, whatever ends the work."""

import errno
import warnings

import pytest

from neuralcodec.cli import batch
from neuralcodec.cli.jobs import Plan
from neuralcodec.cli.progress import ProgressBar
from neuralcodec.errors import AudioError, ConversionWarning, NeuralCodecError, OutputError


def work(source, target, progress, again):
    for done in range(11):
        progress(done, 10)


def jobs(folder, *names, unreadable=(), notes=()):
    return Plan([(name, folder / name) for name in names], list(unreadable), list(notes))


def test_quick_work_shows_no_bar(standard_error, tmp_path):
    terminal = standard_error(terminal=True)
    batch.run(jobs(tmp_path, "a"), work)
    assert terminal.getvalue().strip("\r\n ") == ""


def test_nothing_is_shown_where_no_terminal_is(standard_error, monkeypatch, tmp_path):
    stream = standard_error(terminal=False)
    monkeypatch.setattr("neuralcodec.cli.progress.DELAY", 0)
    batch.run(jobs(tmp_path, "a", "b"), work, describe=lambda target: "much")
    assert stream.getvalue() == ""


def test_a_terminal_is_told_what_was_written(standard_error, tmp_path):
    terminal = standard_error(terminal=True)
    batch.run(jobs(tmp_path, "a"), work, describe=lambda target: "1,234 bytes, 24.1 kbps")
    assert terminal.getvalue().strip("\r\n ") == f"Wrote {tmp_path / 'a'}: 1,234 bytes, 24.1 kbps."
    terminal = standard_error(terminal=True)
    batch.run(jobs(tmp_path, "a", "b"), work, describe=lambda target: "much")
    assert terminal.getvalue().endswith("2 done, 0 skipped, 0 failed.\n") and terminal.getvalue().count("Wrote") == 2


def test_quiet(standard_error, tmp_path):
    def noisy(*arguments):
        warnings.warn("This and that.", ConversionWarning, stacklevel=1)

    terminal = standard_error(terminal=True)
    batch.run(jobs(tmp_path, "a", "b", notes=["Left out."]), noisy, describe=lambda target: "much", quiet=True,
              finished=lambda source, target: source == "a" or None)
    assert terminal.getvalue() == ""


def test_a_note_is_shown_once(capsys):
    with ProgressBar(1) as bar, batch.notes(bar):
        for text in ("a", "b", "a"):
            warnings.warn(text, ConversionWarning, stacklevel=1)
    assert capsys.readouterr().err == "Note: a\nNote: b\n"


def failing(errors):
    """Work that fails for some sources."""
    def fail(source, *_):
        if source in errors:
            raise errors[source]

    return fail


def test_all_that_fails_is_listed_in_the_end(tmp_path):
    errors = {"a": AudioError("Bad."), "c": OSError(errno.ENAMETOOLONG, "File name too long")}
    with pytest.raises(NeuralCodecError) as caught:
        batch.run(jobs(tmp_path, "a", "b", "c", "d", unreadable=["The folder 'x' cannot be read."]), failing(errors),
                  finished=lambda source, target: source == "d" or None)
    assert str(caught.value).splitlines() == [
        "2 of 4 files failed:", "  The folder 'x' cannot be read.", "  a: Bad.", "  c: File name too long.",
        "1 done, 1 skipped, 2 failed."]


def test_a_folder_that_cannot_be_read_is_a_failure(tmp_path):
    with pytest.raises(NeuralCodecError, match="(?s)Not everything could be read:.*x.*1 done, 0 skipped, 0 failed"):
        batch.run(jobs(tmp_path, "a", unreadable=["The folder 'x' cannot be read."]), work)


def test_the_only_error_is_raised_as_it_is(tmp_path):
    with pytest.raises(AudioError, match="^Bad.$"):
        batch.run(jobs(tmp_path, "a"), failing({"a": AudioError("Bad.")}))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"),
                                   OutputError("'b' cannot be written: No space left on device.", errno.ENOSPC)])
def test_a_full_disk_ends_the_work_with_the_list(tmp_path, error):
    tried = []

    def fill(source, *_):
        tried.append(source)
        failing({"a": AudioError("Bad."), "b": error})(source)

    with pytest.raises(NeuralCodecError) as caught:
        batch.run(jobs(tmp_path, "a", "b", "c", "d"), fill)
    lines = str(caught.value).splitlines()
    assert tried == ["a", "b"] and lines[0] == "2 of 4 files failed:" and lines[1] == "  a: Bad."
    assert lines[-1] == "The disk is full: 2 files were not tried."


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, BrokenPipeError])
def test_an_interruption_does_not_hide_what_failed_before(tmp_path, capsys, interruption):
    with pytest.raises(interruption):
        batch.run(jobs(tmp_path, "a", "b"), failing({"a": AudioError("Bad."), "b": interruption()}))
    assert "  a: Bad.\n0 done, 0 skipped, 1 failed.\n" in capsys.readouterr().err


def test_outputs_that_are_complete_are_skipped_and_broken_ones_made_again(tmp_path, capsys):
    states, calls = {"a": True, "b": False, "c": None}, []
    batch.run(jobs(tmp_path, *states), lambda source, target, progress, again: calls.append((source, again)),
              finished=lambda source, target: states[source])
    assert calls == [("b", True), ("c", False)]
    assert capsys.readouterr().err == "2 done, 1 skipped, 0 failed.\n"


def test_what_the_failures_are_called():
    assert batch.listed({"a\x1b.wav": "Bad."}, 3) == "1 of 3 files could not be read:\n  a\\x1b.wav: Bad."
