"""Coding rounds of a payload: arrays of symbols that are coded at once, each followed by values that were escaped."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neuralcodec.bitstream.range_coder import (
    FREQUENCY_BITS,
    SymbolDecoder,
    SymbolEncoder,
)


@dataclass
class CodingPlan:
    """What there is to code in a payload, in coding order: rounds of N symbols, each followed by its escapes."""

    places: np.ndarray  # (rounds, N) in the zigzag order; from the alphabet's last entry on, a place is escaped
    rows: np.ndarray  # (rounds, N) number of the PMF row that codes each
    escapes: np.ndarray  # (rounds, N) what is coded uniformly where a place is escaped
    escape_size: int
    frequencies_minus_one: np.ndarray  # float32 (R, A), of the PMF rows

    def __post_init__(self):
        escape = self.frequencies_minus_one.shape[1] - 1
        self.escaped = self.places >= escape
        self.symbols = np.minimum(self.places, escape).astype(np.int32)

    def encode(self):
        """All of it as bytes that hold nothing else."""
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
    """Where symbols are escaped, bool (B, N), and their coded values, int32 (E,), in the order of that mask."""

    mask: np.ndarray
    values: np.ndarray


class SymbolDecoders:
    """The coders of one payload in each of several blocks, of which some are shorter than others.

    Args:
        payloads: list of bytes; a `SymbolDecoder` goes on where it stands.
        frame_counts: number of frames in each block.
    """

    def __init__(self, payloads, frame_counts):
        self._coders = [one if isinstance(one, SymbolDecoder) else SymbolDecoder(one) for one in payloads]
        self._frame_counts = frame_counts

    def ended(self, frame):
        """Which blocks have no frame of that number: a list of bool (B,)."""
        return [frame >= count for count in self._frame_counts]

    def decode_round(self, frame, frequencies_minus_one, escape_size):
        """Decodes one round of the blocks that have so many frames, and the escaped values after it.

        Args:
            frame: number of the frame within its block.
            frequencies_minus_one: float32 (B, N, A), a PMF row for each symbol.
            escape_size: number of values that an escaped one can have.

        Returns:
            places: int32 (B, N), 0 in blocks that have ended.
            escapes: Escapes, or None where nothing is escaped.
        """
        places = np.zeros(frequencies_minus_one.shape[:2], np.int32)
        for block, coder in enumerate(self._coders):
            if frame < self._frame_counts[block]:
                places[block] = coder.decode(frequencies_minus_one[block])
        mask = places == frequencies_minus_one.shape[2] - 1
        if not mask.any():
            return places, None
        counts = mask.sum(axis=1)
        values = [self._coders[block].uniform(counts[block], escape_size) for block in counts.nonzero()[0]]
        return places, Escapes(mask, np.concatenate(values))
