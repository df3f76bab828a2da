"""A recording in, 16 kHz mono blocks out."""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from neuralcodec.audio.paths import standard_input
from neuralcodec.audio.readers import ArrayReader, FileReader
from neuralcodec.audio.resampling import (
    SAMPLE_RATE,
    Resampler,
    exactly,
    resampled_length,
)
from neuralcodec.errors import AudioError


class AudioSource:
    """A recording, delivered as 16 kHz mono blocks.

    Every `blocks()` starts again from the beginning. A file that holds fewer samples than its header announces (a
    recording cut off) is taken as long as it can be read: `num_samples` is what is really there.

    Args:
        source: path of an audio file, `-` for standard input, a binary stream (it need not be seekable: it is
            spooled to a temporary file), or samples (n,) or (n, channels): floats, or int16, int32 or uint8.
        sample_rate: rate of samples in memory in Hz; files bring their own.

    Attributes:
        sample_rate: rate of the source in Hz.
        channels: channels of the source; they are mixed to mono by their mean.
        num_samples: length of the source at its own rate.
        truncated: whether its header announces more than there is.
        num_samples_16k: samples that `blocks()` delivers, ceil(num_samples * 16000 / sample_rate).

    Raises:
        AudioError: no such file, an empty file, not audio, or samples of a wrong kind.

    Example:
        >>> with AudioSource("speech.wav") as source:
        ...     samples = np.concatenate(list(source.blocks()))
    """

    def __init__(self, source, sample_rate=None):
        self._spool = None
        if isinstance(source, (str, os.PathLike)):
            self._name = "Standard input" if str(source) == "-" else f"'{source}'"
            self._reader = self._open_stream(standard_input()) if str(source) == "-" else self._open_path(Path(source))
        elif hasattr(source, "read"):
            self._name = "The stream"
            self._reader = self._open_stream(source)
        else:
            self._name = "The array"
            self._reader = ArrayReader(source, sample_rate)
        self.sample_rate = self._reader.sample_rate
        self.channels = self._reader.channels
        self.num_samples = self._reader.num_samples
        self.truncated = self._reader.truncated

    @property
    def num_samples_16k(self):
        return resampled_length(self.num_samples, self.sample_rate, SAMPLE_RATE)

    def blocks(self, samples=160000):
        """Deliver the recording from its beginning.

        Args:
            samples: length of a block; only the last one may be shorter.

        Yields:
            float32 arrays (samples,) in [-1, 1], `num_samples_16k` samples in all.

        Raises:
            AudioError: a NaN or infinite sample, or a file damaged in its middle.
        """
        resampler = Resampler(self.sample_rate, SAMPLE_RATE)
        for block in _regroup(exactly(resampler.run(self._mono()), self.num_samples_16k), samples):
            yield np.clip(block, -1.0, 1.0)

    def _mono(self):
        """Yield float32 (n,) at the source's rate, finite, `num_samples` in all."""
        position = 0
        for piece in self._reader.pieces():  # (n, channels)
            if not np.isfinite(piece).all():
                first = position + int(np.argmin(np.isfinite(piece).all(axis=1)))
                raise AudioError(f"{self._name} holds a NaN or infinite sample at {first / self.sample_rate:.3f} "
                                 "seconds; only finite samples can be coded.")
            yield np.clip(piece, -1.0, 1.0).mean(axis=1)  # clipped first: sums of huge floats would overflow
            position += len(piece)
        if position < self.num_samples:
            raise AudioError(f"{self._name} is damaged at {position / self.sample_rate:.3f} seconds: "
                             "what follows cannot be decoded.")

    def _open_path(self, path):
        if os.path.isdir(path):
            raise AudioError(f"{self._name} is a folder, not an audio file.")
        try:
            with open(path, "rb") as stream:
                if not stream.seekable():  # a named pipe
                    return self._open_stream(stream)
                empty = not stream.read(1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise AudioError(f"There is no file {self._name}.") from error
        except OSError as error:
            raise AudioError(f"{self._name} cannot be opened: {error.strerror}.") from error
        if empty:
            raise AudioError(f"{self._name} is empty (0 bytes); an audio file was expected.")
        return self._open_sound(path)

    def _open_stream(self, stream):
        self._spool = tempfile.TemporaryFile()
        shutil.copyfileobj(stream, self._spool)
        if self._spool.tell() == 0:
            raise AudioError(f"{self._name} is empty (0 bytes); an audio file was expected.")
        return self._open_sound(self._spool)

    def _open_sound(self, file):
        try:
            return FileReader(file)
        except (soundfile.SoundFileError, TypeError, ValueError) as error:  # TypeError: headerless .raw
            raise AudioError(f"{self._name} is not an audio file that can be read (wav, flac, ogg, mp3, aiff, au, caf "
                             "and others can).") from error

    def close(self):
        """Remove the temporary copy of a stream. The source cannot be read afterwards."""
        if self._spool is not None:
            self._spool.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


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
