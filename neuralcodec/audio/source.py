"""A recording in, 16 kHz mono blocks out."""

from typing import NamedTuple

import numpy as np

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.audio.readers import ArrayReader, FileReader, damage, is_whole
from neuralcodec.audio.resampling import Resampler, exactly, resampled_length
from neuralcodec.errors import AudioError
from neuralcodec.files.inputs import Input
from neuralcodec.files.names import is_path

CHANNELS = {"mix": None, "left": 0, "right": 1}
NORMALIZED_PEAK = 10 ** (-1 / 20)  # 1 dB below full scale

_NOTHING = np.zeros(0, np.float32)
_CODED_PEAK = 1.25  # decoders of lossy formats go a little beyond full scale, and every player clips that
_RANGES = ((1 << 31, 32), (1 << 23, 24), (1 << 15, 16))  # full scale of integers, and their bits
_CANCELLED = 0.04  # power of the mix, relative to that of channels that have nothing in common


class Statistics(NamedTuple):
    """Of a recording, in pieces of 20 ms, of which the last may be missing.

    Args:
        powers: mean power of each piece, float32 (n,).
        means: mean of each piece, float32 (n,).
        lowest, highest: of all samples, and of 0.
    """

    powers: np.ndarray
    means: np.ndarray
    lowest: float
    highest: float


class AudioSource:
    """A recording, delivered as 16 kHz mono blocks.

    Every `blocks()` starts again from the beginning, of one file that is open all the time. A file that holds more or
    fewer samples than its header announces is taken as it is: `num_samples` is what is really there.

    Args:
        source: path of an audio file, `-` for standard input, a binary stream (it need not be seekable: it is
            spooled to a temporary file), or samples (n,) or (n, channels): floats, or int16, int32 or uint8.
        sample_rate: rate of samples in memory in Hz; files bring their own.
        channel: "mix" for the mean of all channels, "left", "right", or the number of one, counted from 1.
        normalize: whether to scale the recording so that its peak is 1 dB below full scale.
        raw: (sample rate, channels, encoding) of a source of bare samples, see `neuralcodec.audio.readers.RawFormat`.

    Attributes:
        name: of the source, for messages.
        sample_rate: rate of the source in Hz.
        channels: channels of the source.
        num_samples: length of the source at its own rate.
        truncated: whether its header announces more than there is.
        num_samples_16k: samples that `blocks()` delivers, ceil(num_samples * 16000 / sample_rate).
        tags: dict of what the source says about itself: title, artist, comment, date.

    Raises:
        AudioError: no such file, an empty file, not audio, no such channel, or samples of a wrong kind.

    Example:
        >>> with AudioSource("speech.wav") as source:
        ...     samples = np.concatenate(list(source.blocks()))
    """

    def __init__(self, source, sample_rate=None, *, channel="mix", normalize=False, raw=None):
        self._input = None
        if is_path(source) or hasattr(source, "read"):
            self._input = Input(source, AudioError, "an audio file")
        try:
            self._reader = self._open(source, sample_rate, raw)
            self._channel = self._choose(channel)
        except BaseException:
            self.close()
            raise
        self.sample_rate, self.channels = self._reader.sample_rate, self._reader.channels
        self.num_samples, self.truncated, self.tags = (self._reader.num_samples, self._reader.truncated,
                                                       self._reader.tags)
        self._normalize, self._gain = normalize, None
        self._peak, self._power, self._mixed_power = 0.0, 0.0, 0.0

    def _open(self, source, sample_rate, raw):
        if self._input is None:
            self.name = "The recording"
            return ArrayReader(source, sample_rate)
        self.name = self._input.name
        if self._input.is_empty:
            raise AudioError(f"{self.name} is empty (0 bytes); an audio file was expected.")
        return FileReader(self._input.file, self.name, raw)

    def _choose(self, channel):
        """Number of the channel, from 0; None for the mix of all."""
        if isinstance(channel, str) and channel in CHANNELS:
            number = CHANNELS[channel]
        elif is_whole(channel, 1, 1 << 16):
            number = int(channel) - 1
        else:
            raise AudioError(f"The channel is 'mix', 'left', 'right', or a number from 1 on, not {channel!r}.")
        if number is not None and number >= self._reader.channels:
            raise AudioError(f"{self.name} has no channel {channel!r}: it has {self._reader.channels}.")
        return number

    @property
    def num_samples_16k(self):
        return resampled_length(self.num_samples, self.sample_rate, SAMPLE_RATE)

    @property
    def remarks(self):
        """What coding at 16 kHz, mono, changes, and what is wrong with the file: list of clauses."""
        changes = []
        if self.channels > 1 and self._channel is None:
            changes.append(f"has {self.channels} channels (mixed to one)")
        if self.sample_rate != SAMPLE_RATE:
            changes.append(f"is resampled from {self.sample_rate} to {SAMPLE_RATE} Hz")
        return changes + ([self._reader.remark] if self._reader.remark else [])

    @property
    def losses(self):
        """What was lost on the way to the last sample, which shows only there: list of clauses."""
        losses = []
        if self._peak > (_CODED_PEAK if self._reader.is_lossy else 1.0) and not self._normalize:
            losses.append(f"has a peak of {self._peak:.5g}, where 1 is full scale, and is clipped there{self._range()};"
                          " --normalize scales it instead (in Python: normalize=True)")
        if self._mixed_power * self.channels < _CANCELLED * self._power:
            losses.append("nearly vanishes in the mix of its channels, which cancel each other; choose one (--channel "
                          "left, or channel='left')")
        return losses

    def _range(self):
        """What values so large look like."""
        for full_scale, bits in _RANGES:
            if full_scale / 256 < self._peak <= full_scale:
                return f" (it looks like integers of {bits} bits: divide them by {full_scale})"
        return ""

    def blocks(self, samples=160000):
        """Delivers the recording from its beginning.

        Args:
            samples: length of a block; only the last one may be shorter.

        Yields:
            float32 arrays (samples,) in [-1, 1], `num_samples_16k` samples in all.

        Raises:
            AudioError: a NaN or infinite sample, a file damaged in its middle, or one that changed meanwhile.
        """
        resampler = Resampler(self.sample_rate, SAMPLE_RATE)
        for block in _regroup(exactly(resampler.run(self._mono()), self.num_samples_16k), samples):
            yield np.clip(block, -1.0, 1.0)

    @property
    def is_normalized(self):
        """Whether what `blocks()` delivers is scaled to full scale."""
        return self._normalize

    def statistics(self):
        """What there is in the recording, before it is resampled.

        Returns:
            Statistics.

        Raises:
            AudioError: as `blocks`.
        """
        size, powers, means, lowest, highest = max(1, self.sample_rate // 50), [_NOTHING], [_NOTHING], 0.0, 0.0
        for block in _regroup(self._mono(), 500 * size):
            lowest, highest = min(lowest, float(block.min())), max(highest, float(block.max()))
            whole = block[: len(block) // size * size].reshape(-1, size)
            powers.append(np.einsum("ij,ij->i", whole, whole) / size)
            means.append(whole.mean(axis=1))
        return Statistics(np.concatenate(powers), np.concatenate(means), lowest, highest)

    def _mono(self):
        """Yields float32 (n,) at the source's rate, finite, `num_samples` in all."""
        if self._normalize and self._gain is None:
            peak = max((float(np.abs(_mean(piece)).max()) for piece in self._pieces()), default=0.0)
            self._gain = NORMALIZED_PEAK / peak if peak else 1.0
        self._peak = self._power = self._mixed_power = 0.0
        for piece in self._pieces():
            if self._normalize:
                yield (_mean(piece) * self._gain).astype(np.float32)
            else:
                yield self._clipped(piece)

    def _clipped(self, piece):
        """The mix of a piece (n, channels), and what is lost by it."""
        self._peak = max(self._peak, float(np.abs(piece).max()))
        piece = np.clip(piece, -1.0, 1.0)
        mono = piece[:, 0] if piece.shape[1] == 1 else piece.mean(axis=1)
        self._power += float(np.vdot(piece, piece)) / piece.shape[1]
        self._mixed_power += float(np.vdot(mono, mono))
        return mono

    def _pieces(self):
        """Yields float32 (n, channels that are wanted), finite, `num_samples` in all."""
        position = 0
        for piece in self._reader.pieces():
            piece = piece if self._channel is None else piece[:, self._channel:self._channel + 1]
            if not np.isfinite(piece).all():
                first = position + int(np.argmin(np.isfinite(piece).all(axis=1)))
                raise AudioError(f"{self.name} holds a NaN or infinite sample at {first / self.sample_rate:.3f} "
                                 "seconds; only finite samples can be coded.")
            yield piece
            position += len(piece)
        if self._input is not None:
            self._input.check_unchanged()
        if position < self.num_samples:
            raise AudioError(damage(self.name, position / self.sample_rate))

    def close(self):
        """Closes the file and removes the temporary copy of a stream. The source cannot be read afterwards."""
        if self._input is not None:
            self._input.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _mean(piece):
    """Mix of (n, channels) in double precision, in which no sum of single-precision numbers overflows."""
    return piece.mean(axis=1, dtype=np.float64)


def _regroup(pieces, size):
    """Turn a stream of arrays into arrays of `size` samples; the last may be shorter, none is empty."""
    waiting, count = [], 0
    for piece in pieces:
        while count + len(piece) >= size:
            yield np.concatenate([*waiting, piece[:size - count]])
            piece = piece[size - count:]
            waiting, count = [], 0
        waiting.append(piece)
        count += len(piece)
    if count:
        yield np.concatenate(waiting)
