"""Coding rounds of a payload: arrays of symbols that are coded at once, each followed by values that were escaped."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from neuralcodec import kernels
from neuralcodec.bitstream.range_coder import (
    FREQUENCY_BITS,
    SymbolDecoder,
    SymbolEncoder,
    shortest,
)


@dataclass
class CodingPlan:
    """What there is to code in a payload, in coding order: rounds of N symbols, each followed by its escapes."""

    places: np.ndarray  # (rounds, N) in the zigzag order; from the alphabet's last entry on, a place is escaped
    rows: np.ndarray  # (rounds, N) number of the PMF row that codes each
    escapes: np.ndarray  # (rounds, N) what is coded uniformly where a place is escaped
    escape_size: int
    frequencies_minus_one: np.ndarray  # float32 (R, A), of the PMF rows

    @cached_property
    def escaped(self):
        """Whether a place is escaped, bool (rounds, N)."""
        return self.places >= self.frequencies_minus_one.shape[1] - 1

    @cached_property
    def symbols(self):
        """Entries of the alphabet, int32 (rounds, N)."""
        return np.minimum(self.places, self.frequencies_minus_one.shape[1] - 1).astype(np.int32)

    def encode(self):
        """All of it as bytes that hold nothing else."""
        if kernels.loops:
            arrays = (np.ascontiguousarray(array, np.int64) for array in (self.places, self.rows, self.escapes))
            alphabet = self.frequencies_minus_one.shape[1]
            head, low, width = kernels.loops.encode(*arrays, self.places.shape[1], self.frequencies_minus_one, alphabet,
                                                    self.escape_size)
            return shortest(int.from_bytes(head, "big"), len(head), low, width)
        encoder = SymbolEncoder()
        self.write(encoder)
        return encoder.finish()

    def write(self, encoder):
        """Adds it to what a `SymbolEncoder` holds."""
        rounds_with_escapes = self.escaped.any(axis=1)
        for number, (symbols, rows) in enumerate(zip(self.symbols, self.rows, strict=True)):
            encoder.encode(symbols, self.frequencies_minus_one.take(rows, axis=0))
            if rounds_with_escapes[number]:
                values = self.escapes[number][self.escaped[number]]
                encoder.uniform(values.astype(np.int32), self.escape_size)

    def ideal_bits(self):
        frequencies = self.frequencies_minus_one[self.rows, self.symbols].astype(np.float64) + 1.0
        bits = np.sum(FREQUENCY_BITS - np.log2(frequencies))
        return float(bits + np.count_nonzero(self.escaped) * np.log2(self.escape_size))

    def counts(self):
        shape = self.frequencies_minus_one.shape
        entries = self.rows * shape[1] + self.symbols
        return np.bincount(entries.ravel(), minlength=math.prod(shape)).reshape(shape)


class Escapes(NamedTuple):
    """Where symbols are escaped, bool (B, N), and their coded values, (E,), in the order of that mask."""

    mask: np.ndarray
    values: np.ndarray


class SymbolDecoders:
    """The coders of one payload in each of several blocks, of which some are shorter than others.

    Args:
        payloads: list of bytes; a `SymbolDecoder` goes on where it stands.
        frame_counts: number of frames in each block.
    """

    def __init__(self, payloads, frame_counts):
        self._frame_counts = np.array(frame_counts)
        self._coders = [one if isinstance(one, SymbolDecoder) else SymbolDecoder(one) for one in payloads]

    def ended(self, frame):
        """Which blocks have no frame of that number, bool (B,)."""
        return frame >= self._frame_counts

    def decode_round(self, frame, rows, frequencies_minus_one, escape_size):
        """Decodes one round of the blocks that have so many frames, and the escaped values after it.

        Args:
            frame: number of the frame within its block.
            rows: int64 (B, N), the PMF row of each symbol.
            frequencies_minus_one: float32 (R, A), of the PMF rows.
            escape_size: number of values that an escaped one can have.

        Returns:
            places: integers (B, N), 0 in blocks that have ended.
            escapes: Escapes, or None where nothing is escaped.

        Raises:
            DamagedFileError: the bytes cannot come from an encoder.
        """
        places, pmf_rows = np.zeros(rows.shape, np.int32), frequencies_minus_one.take(rows, axis=0)  # (B, N, A)
        for block in (~self.ended(frame)).nonzero()[0]:
            places[block] = self._coders[block].decode(pmf_rows[block])
        mask = places == frequencies_minus_one.shape[1] - 1
        if not mask.any():
            return places, None
        counts = mask.sum(axis=1)
        values = [self._coders[block].uniform(counts[block], escape_size) for block in counts.nonzero()[0]]
        return places, Escapes(mask, np.concatenate(values))
