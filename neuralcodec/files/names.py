"""Places that are given by a name: a path, or `-` for standard input and output."""

import os


def is_path(place):
    """Whether a place is given by a name, `-` included."""
    return isinstance(place, (str, os.PathLike))


def shown(path):
    """A name in quotes, fit to be shown: bytes that are no text, and characters that move a cursor, are spelt out."""
    return "'" + "".join(char if char.isprintable() else ascii(char)[1:-1] for char in os.fsdecode(path)) + "'"
