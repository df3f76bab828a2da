"""Step graphs: functions of a frame and of states, which return what the frame completes and the new states.

A graph takes in as many rows in every step, and has no other beginning than states of zeros. What a decoder with
look-ahead puts out in its first steps therefore lies before the file: such rows are *virtual*. The runtime does not
compute them, and has zeros where they would be remembered; so virtual rows are set to zero before they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.noise import NOISE_PERIOD
from neuralcodec.export.operations import NumpyOperations


class Stream(NamedTuple):
    """Rows of a step.

    Args:
        rows: tensor (K, C).
        lag: how many rows late they are: the last one belongs so many rows before the end of the frame.
    """

    rows: object
    lag: int = 0


@dataclass(frozen=True)
class StepGraph:
    """A step graph before it is written in a format.

    Args:
        name: of its file, without an extension.
        inputs: dict of name -> array of zeros, of the shape and type that the input has.
        weights: dict of name -> float32 array, of the whole cascade.
        describe: function of a Step and of the inputs by name, which returns a dict of outputs by name.
    """

    name: str
    inputs: dict
    weights: dict
    describe: Callable

    def outline(self):
        """What the graph takes and returns, found by running it.

        Returns:
            states, outputs: dicts of name -> array of the shape and type.
            delay: samples that the output of a decoder lags behind its input.
        """
        states = {}

        def zeros(name, shape):
            states[name] = np.zeros(shape, np.float32)
            return states[name]

        step = Step(NumpyOperations, self.weights, zeros)
        outputs = self.describe(step, **self.inputs)
        return states, outputs, step.delay


class Step:
    """What networks of a step graph have in common: operations, weights, and states between one step and the next.

    Args:
        operations: as in `neuralcodec.export.operations`.
        weights: dict of name -> float32 array, of the whole cascade.
        read: function of a state's name and shape that returns what the step before has left there.
    """

    def __init__(self, operations, weights, read):
        self.ops, self.weights, self._read = operations, weights, read
        self.new_states = {}  # by name
        self.delay = 0
        # Frames before this one. It goes on from 64 when it comes to 128, so that noise repeats and nothing overflows.
        name, self._frames = self._state((1,))
        count = self._frames + 1.0
        self.new_states[name] = count - NOISE_PERIOD * operations.above(count, 2 * NOISE_PERIOD - 0.5)

    def _state(self, shape):
        name = f"state_{len(self.new_states)}"
        self.new_states[name] = None
        return name, self._read(name, shape)

    def history(self, rows, count):
        """The last `count` rows of the steps before, and those of this step: (count + K, C)."""
        if not count:
            return rows
        name, past = self._state((count, rows.shape[1]))
        both = self.ops.concat([past, rows])
        self.new_states[name] = both[rows.shape[0]: rows.shape[0] + count]
        return both

    def align(self, stream, lag):
        """The same stream, so many rows late."""
        rows = self.history(stream.rows, lag - stream.lag)
        return Stream(rows[0: stream.rows.shape[0]], lag)

    def regroup(self, stream, hop):
        """A waveform in rows of one length -> of another, later where they would not be whole."""
        count, before = stream.rows.shape
        lag = -(-stream.lag * before // hop)
        samples = Stream(self.ops.reshape(stream.rows, (count * before, 1)), stream.lag * before)
        return Stream(self.ops.reshape(self.align(samples, lag * hop).rows, (count * before // hop, hop)), lag)

    def place(self, count, lag):
        """Numbers of the rows of a step, negative for virtual ones (count,); they go round by a period of the noise."""
        return self._frames * float(count) + np.arange(-lag, count - lag, dtype=np.float32)

    def real(self, stream):
        """The rows of a stream, zero where they are virtual."""
        if not stream.lag:
            return stream.rows
        count = stream.rows.shape[0]
        return stream.rows * self.ops.reshape(self.ops.above(self.place(count, stream.lag), -0.5), (count, 1))

    def noise(self, table, lag):
        """The rows of a table of noise that belong to the rows of a step, (K, C)."""
        size = len(table)
        place = self.place(FRAME_SAMPLES // table.shape[1], lag)
        return self.ops.take(table, self.ops.as_int(place - float(size) * self.ops.floor(place / float(size))))
