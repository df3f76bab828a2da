"""Range coding of whole arrays of symbols, exact on every machine.

The range coder itself is `constriction` (Bamler, "Understanding entropy coding with asymmetric numeral systems (ANS)",
2022), whose models take probabilities as floats. No float ever rounds here, because they are integers in disguise: for
a row of n weights, constriction computes

    scale = (2^24 - n) / sum(row)          left cumulative of symbol j = floor(scale * sum(row[:j])) + j

A row of integer weights w_j >= 0 with sum exactly 2^24 - n makes scale exactly 1.0; every partial sum is an integer
below 2^24, hence exact in float32 in whatever order it is added up. Symbol j then has exactly w_j + 1 chances in 2^24.
"""

import constriction
import numpy as np

from neuralcodec.errors import DamagedFileError

FREQUENCY_BITS = 24
FREQUENCY_TOTAL = 1 << FREQUENCY_BITS

_STATE_BITS = 64
_WORD_BYTES = 4
_ROWS_MODEL = constriction.stream.model.Categorical(perfect=False)
# The first array that constriction sees makes it run Python code of numpy's; a signal whose handler raises there would
# make it panic. So that happens here, before anyone handles signals.
constriction.stream.queue.RangeDecoder(np.zeros(1, np.uint32))


class SymbolEncoder:
    """Writes symbols into one range-coder byte string.

    Example:
        >>> encoder = SymbolEncoder()
        >>> encoder.encode(symbols, rows)
        >>> payload = encoder.finish()
    """

    def __init__(self):
        self._coder = constriction.stream.queue.RangeEncoder()

    def encode(self, symbols, rows):
        """Encodes each symbol with its own row of frequencies.

        Args:
            symbols: int32 (N,), each in [0, A).
            rows: float32 (N, A), C-contiguous: frequencies minus 1, integers that sum to 2^24 - A.
        """
        self._coder.encode(symbols, _ROWS_MODEL, rows)

    def uniform(self, symbols, size):
        """Encodes symbols that are all equally likely.

        Args:
            symbols: int32 (N,), each in [0, size).
            size: number of possible values, 2 to 2^24.
        """
        self._coder.encode(symbols, constriction.stream.model.Uniform(size))

    def finish(self):
        """The shortest byte string that decodes to what was encoded; b"" when nothing was."""
        num_words, (low, width) = self._coder.pos()  # the interval is [low, low + width) after num_words whole words
        words = self._coder.get_compressed()[:num_words]
        head = int.from_bytes(words.astype(">u4").tobytes(), "big")
        # Where the interval reaches over a carry into the head, get_compressed() has carried already if its own choice,
        # low + 2^32 - 1, lies past the carry.
        if low + (1 << 32) - 1 >= 1 << _STATE_BITS:
            head -= 1
        return shortest(head, num_words * _WORD_BYTES, low, width)


def shortest(head, head_bytes, low, width):
    """The shortest byte string inside a coder's final interval, any number of which identifies the symbols.

    A decoder reads zeros past the end: the number with the most trailing zero bytes is taken, the zeros are left away.

    Args:
        head: int, what is written already.
        head_bytes: how many bytes that are.
        low, width: the interval is [low, low + width) in the 8 bytes after them.

    Returns:
        bytes.
    """
    if low + width > 1 << _STATE_BITS:  # it reaches over a carry into the head: head + 1 followed by zeros lies inside
        tail, head = 0, head + 1
    else:
        tail = _roundest(low, width)
    number = head << _STATE_BITS | tail
    return number.to_bytes(head_bytes + _STATE_BITS // 8, "big").rstrip(b"\0")


def _roundest(low, width):
    """The number in [low, low + width) with the most trailing zero bytes."""
    for shift in range(_STATE_BITS, 0, -8):
        number = -(-low >> shift) << shift  # low, rounded up
        if number < low + width:
            return number
    return low


class SymbolDecoder:
    """Reads back what a `SymbolEncoder` wrote, given the same rows in the same order.

    Args:
        data: the byte string of `SymbolEncoder.finish`.
    """

    def __init__(self, data):
        padded = data + bytes(-len(data) % _WORD_BYTES)
        words = np.frombuffer(padded, ">u4").astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)

    def decode(self, rows):
        """Decodes one symbol per row.

        Args:
            rows: float32 (N, A), C-contiguous, as given to `SymbolEncoder.encode`.

        Returns:
            int32 (N,).

        Raises:
            DamagedFileError: the bytes cannot come from a `SymbolEncoder`.
        """
        return self._decode(_ROWS_MODEL, rows)

    def uniform(self, count, size):
        """Decodes `count` symbols written by `SymbolEncoder.uniform`.

        Returns:
            int32 (count,).

        Raises:
            DamagedFileError: the bytes cannot come from a `SymbolEncoder`.
        """
        return self._decode(constriction.stream.model.Uniform(size), count)

    def _decode(self, model, parameter):
        try:
            return self._coder.decode(model, parameter)
        except AssertionError:  # what constriction raises for a number outside of every interval
            check_whole(False)


def check_whole(whole):
    """Raises DamagedFileError where a payload is not what an encoder writes."""
    if not whole:
        raise DamagedFileError("The coded symbols are damaged; get the file again from its source.")


def check_possible(possible, holder="A module"):
    """Raises DamagedFileError where `holder` has symbols that no encoder writes."""
    if not possible:
        raise DamagedFileError(f"{holder} holds symbols that no encoder writes; get the file again from its source.")
