"""Frames: the symbols of 20 ms of audio each, as arrays."""

from dataclasses import dataclass

import numpy as np

from neuralcodec.architecture.layout import MODULE_LIMIT, MODULE_SYMBOLS, SIDE_LIMIT
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK, GAIN_SYMBOLS, LSF_SYMBOLS


@dataclass(eq=False)
class Frames:
    """The symbols of F consecutive frames (20 ms each).

    Args:
        lsf: integers (F, 16) in [-31, 31]: places in the LSF codebooks, counted from their middles.
        gain: integers (F, 2) in [-31, 31]: gain of each 10 ms.
        modules: one array per module, integers (F, 320) in [-127, 127].

    All are stored as int8. `frames[i:j]` are some of them, `len(frames)` is F, frames of equal symbols are equal.

    Raises:
        ValueError: a wrong shape or range.
    """

    lsf: np.ndarray
    gain: np.ndarray
    modules: list

    def __post_init__(self):
        count = len(self.lsf)
        self.lsf = _symbols("lsf", self.lsf, (count, LSF_SYMBOLS), SIDE_LIMIT)
        self.gain = _symbols("gain", self.gain, (count, GAIN_SYMBOLS), SIDE_LIMIT)
        self.modules = [_symbols("module", m, (count, MODULE_SYMBOLS), MODULE_LIMIT) for m in self.modules]

    def __len__(self):
        return len(self.lsf)

    def __eq__(self, other):
        if not isinstance(other, Frames) or len(self.modules) != len(other.modules):
            return False
        pairs = zip([self.side, *self.modules], [other.side, *other.modules], strict=True)
        return all(np.array_equal(mine, others) for mine, others in pairs)

    def __getitem__(self, frames):
        lsf, gain, *modules = (symbols[frames].copy() for symbols in (self.lsf, self.gain, *self.modules))
        return _frames(lsf, gain, modules)

    @property
    def side(self):
        """Side symbols int8 (F, 18): LSFs, then gains."""
        return np.concatenate([self.lsf, self.gain], axis=1)

    def first(self, modules):
        """The same frames with their first so many modules only.

        Returns:
            Frames.
        """
        return _frames(self.lsf.copy(), self.gain.copy(), [module.copy() for module in self.modules[:modules]])

    def blocks(self, frames_per_block=FRAMES_PER_BLOCK):
        """Cuts the frames into blocks, the last of which may be shorter.

        Returns:
            list of Frames.
        """
        return [self[start : start + frames_per_block] for start in range(0, len(self), frames_per_block)]

    @staticmethod
    def concatenate(parts):
        """Joins frames with the same number of modules, in order.

        Args:
            parts: list of Frames, not empty.

        Returns:
            Frames.
        """
        modules = zip(*(part.modules for part in parts), strict=True)
        return _frames(
            np.concatenate([part.lsf for part in parts]),
            np.concatenate([part.gain for part in parts]),
            [np.concatenate(module) for module in modules],
        )


def _frames(lsf, gain, modules):
    """Frames of symbols that other frames have checked."""
    frames = object.__new__(Frames)
    frames.lsf, frames.gain, frames.modules = lsf, gain, modules
    return frames


def _symbols(name, values, shape, limit):
    values = np.asarray(values)
    if values.shape != shape or values.dtype.kind not in "iu":
        raise ValueError(f"{name} symbols must be integers of shape {shape}, not {values.dtype} {values.shape}.")
    if values.size and (values.min() < -limit or values.max() > limit):
        raise ValueError(f"{name} symbols must lie in [-{limit}, {limit}].")
    return values.astype(np.int8)
