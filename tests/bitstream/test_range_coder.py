import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from neuralcodec.bitstream.range_coder import (
    FREQUENCY_TOTAL,
    SymbolDecoder,
    SymbolEncoder,
)
from neuralcodec.errors import DamagedFileError


def frequencies(seed, alphabet, skew):
    """A row of integers >= 1 that sum to 2^24; the larger the skew, the more of it in one place."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(alphabet, 10.0**-skew))
    row = 1 + np.floor(shares * (FREQUENCY_TOTAL - alphabet)).astype(np.int64)
    row[np.argmax(row)] += FREQUENCY_TOTAL - row.sum()
    return row


def as_weights(rows):
    return np.ascontiguousarray(np.atleast_2d(rows) - 1, np.float32)


class IntegerRangeCoder:
    """A range encoder in Python's integers: the interval's low end, its width, and how far both are scaled up."""

    def __init__(self):
        self.low, self.width, self.scale_bits = 0, (1 << 64) - 1, 64

    def encode(self, first, count, total_bits=24):
        unit = self.width >> total_bits
        self.low += unit * first
        self.width = unit * count
        if self.width < 1 << 32:
            self.low <<= 32
            self.width <<= 32
            self.scale_bits += 32

    def contains(self, data):
        number = int.from_bytes(data, "big") << self.scale_bits >> 8 * len(data)
        return self.low <= number < self.low + self.width

    def shortest(self):
        """Least number of bytes of any number inside the interval."""
        for count in range(self.scale_bits // 8 + 1):
            unit = 1 << self.scale_bits - 8 * count
            if -(-self.low // unit) * unit < self.low + self.width:
                return count
        raise AssertionError


@st.composite
def messages(draw):
    """(symbols, rows of frequencies), one row per symbol, symbols drawn evenly so that unlikely ones are frequent."""
    alphabet = draw(st.integers(2, 64))
    length = draw(st.integers(0, 80))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    skew = draw(st.sampled_from([-2, 0, 1, 2, 4]))
    rows = np.array([frequencies(rng.integers(2**32), alphabet, skew) for _ in range(length)]).reshape(-1, alphabet)
    if draw(st.booleans()):
        symbols = rng.integers(0, alphabet, length)
    else:
        symbols = rows.argmax(axis=1) if length else np.zeros(0)
    return symbols.astype(np.int32), rows


@settings(deadline=None, max_examples=200)
@given(messages(), st.lists(st.tuples(st.integers(2, 1 << 20), st.floats(0, 1)), max_size=20))
def test_writes_the_shortest_string_of_the_exact_integer_interval(message, uniform):
    symbols, rows = message
    encoder, reference = SymbolEncoder(), IntegerRangeCoder()
    encoder.encode(symbols, as_weights(rows) if len(rows) else np.zeros((0, 2), np.float32))
    for symbol, row in zip(symbols, rows):
        reference.encode(int(row[:symbol].sum()), int(row[symbol]))
    values = [(size, min(int(place * size), size - 1)) for size, place in uniform]
    for size, value in values:
        encoder.uniform(np.array([value], np.int32), size)
        share = FREQUENCY_TOTAL // size
        reference.encode(share * value, share if value < size - 1 else FREQUENCY_TOTAL - share * value)

    data = encoder.finish()

    assert reference.contains(data)
    assert len(data) <= reference.shortest()
    assert not data.endswith(b"\0")
    decoder = SymbolDecoder(data)
    if len(rows):
        np.testing.assert_array_equal(decoder.decode(as_weights(rows)), symbols)
    for size, value in values:
        assert decoder.uniform(1, size).tolist() == [value]


@pytest.mark.parametrize("alphabet", [2, 3, 31, 32, 33, 64])
@pytest.mark.parametrize("skew", [-3, 0, 2, 5])
def test_every_symbol_has_exactly_its_frequency(alphabet, skew):
    row = frequencies(7, alphabet, skew)
    edges = np.concatenate([[0], np.cumsum(row)])
    # A first symbol of the cumulative count c makes the decoder's 24-bit quantile c: both ends of each interval.
    unit = ((1 << 64) - 1) >> 24
    for symbol in range(alphabet):
        for quantile in (edges[symbol], edges[symbol + 1] - 1):
            point = (int(quantile) * unit).to_bytes(8, "big")
            assert SymbolDecoder(point).decode(as_weights(row)).tolist() == [symbol]


@pytest.mark.parametrize("ones", [1, 63])
def test_extreme_rows_stay_exact(ones):
    alphabet = ones + 1
    for likely in (0, alphabet - 1):
        row = np.ones(alphabet, np.int64)
        row[likely] = FREQUENCY_TOTAL - ones
        symbols = np.tile(np.arange(alphabet), 5).astype(np.int32)
        weights = as_weights(np.tile(row, (len(symbols), 1)))
        encoder = SymbolEncoder()
        encoder.encode(symbols, weights)
        data = encoder.finish()
        np.testing.assert_array_equal(SymbolDecoder(data).decode(weights), symbols)
        assert 8 * len(data) < 24 * 5 * ones + 16


near_carries = st.lists(st.sampled_from([b"\0", b"\x01", b"\x7f", b"\x80", b"\xff"]), max_size=40).map(b"".join)


@given(near_carries | st.binary(max_size=40), st.integers(2, 5), st.integers(0, 200))
def test_finds_a_string_no_longer_than_any_that_decodes_to_the_same(data, size, count):
    try:
        symbols = SymbolDecoder(data).uniform(count, size)
    except DamagedFileError:  # the remainder of an interval that no symbol owns
        reject()
    encoder, reference = SymbolEncoder(), IntegerRangeCoder()
    encoder.uniform(symbols, size)
    share = FREQUENCY_TOTAL // size
    for symbol in symbols.tolist():
        reference.encode(share * symbol, share if symbol < size - 1 else FREQUENCY_TOTAL - share * symbol)
    found = encoder.finish()
    assert len(found) <= len(data)
    assert reference.contains(found)


def test_nothing_is_written_for_nothing():
    assert SymbolEncoder().finish() == b""


def test_foreign_bytes_are_refused():
    rows = as_weights(np.tile(frequencies(1, 8, 0), (2000, 1)))
    with pytest.raises(DamagedFileError):
        for seed in range(200):
            SymbolDecoder(np.random.default_rng(seed).bytes(200) + b"\xff" * 4000).decode(rows)


FIRST_USE = """
import sys
import numpy as np
import neuralcodec.bitstream.range_coder as coder

def interrupt(*_):
    raise KeyboardInterrupt

words = np.arange(2, dtype=np.uint32)
sys.settrace(interrupt)
coder.constriction.stream.queue.RangeDecoder(words)
"""


def test_a_signal_at_the_first_use_finds_no_python_code_inside_the_library():
    """Where Python code runs, a signal's handler may raise; inside the library that would be a panic."""
    run = subprocess.run([sys.executable, "-c", FIRST_USE], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
