"""Long work says something at least every 30 s, and not much more."""

import time

from neuralcodec import progress
from neuralcodec.progress import Status


def test_what_takes_long_is_said_again(standard_error, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 0.1)
    stream = standard_error(terminal=False)
    with Status() as status:
        status.say("Compiling.\nMore about it.")
        time.sleep(0.25)
        status.count("step 1 of 9")
        status.count("step 2 of 9")
        time.sleep(0.15)
    text = stream.getvalue()
    assert text.startswith("Compiling.\nMore about it.\nCompiling: 0 s so far.\n") and text.endswith("step 2 of 9\n")
    assert "step 1" not in text
    time.sleep(0.2)
    assert stream.getvalue() == text  # nothing is said once it is over


def test_what_says_something_anyway_is_left_alone(standard_error, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 3)
    stream = standard_error(terminal=False)
    with Status() as status:
        for number in range(8):
            status.say(str(number))
            time.sleep(0.1)
    assert stream.getvalue() == "".join(f"{number}\n" for number in range(8))


def test_a_terminal_has_a_counter(standard_error, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 0.05)
    terminal = standard_error(terminal=True)
    with Status() as status:
        status.count("step 10")
        status.count("step 9")
        status.say("done")
        time.sleep(0.2)
    assert terminal.getvalue() == "\rstep 10\rstep 9 \r      \rdone\n"


def test_nothing_is_said_unless_it_is_wanted(standard_error, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 0.05)
    stream = standard_error(terminal=False)
    with Status(verbose=False) as status:
        status.say("a")
        status.count("b")
        time.sleep(0.2)
    assert stream.getvalue() == ""
