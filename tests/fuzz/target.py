"""What a target of attacks is, and which exceptions are none for people."""

from dataclasses import dataclass


@dataclass
class Target:
    """Something to attack.

    Args:
        name: of the target.
        documents: list of tuples of bytes.
        check: called as check(document); returns what came of it as a word, or raises what is a finding.
        share: how many documents it gets of those of all targets together.
    """

    name: str
    documents: list
    check: object
    share: int


def checked_error(error):
    """Name of an exception of the package; AssertionError where its message is none for people."""
    message = str(error)
    assert message.isprintable() and 10 < len(message) < 1500, f"message: {message!r:.300}"
    assert "pickle" not in message, message
    return type(error).__name__
