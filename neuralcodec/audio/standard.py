"""Standard input and output as binary files."""

import sys

from neuralcodec.errors import NeuralCodecError


def standard_input():
    """Standard input; NeuralCodecError where the process was started without one."""
    return _binary(sys.stdin, "input")


def standard_output():
    """Standard output; NeuralCodecError where the process was started without one."""
    return _binary(sys.stdout, "output")


def _binary(stream, name):
    if stream is None:
        raise NeuralCodecError(f"Standard {name} is closed; name a file instead of '-'.")
    return stream.buffer
