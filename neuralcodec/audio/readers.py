"""Samples as they are stored, piece by piece, from a file or from memory."""

import sys

import numpy as np
import soundfile

from neuralcodec.audio.resampling import PIECE
from neuralcodec.errors import AudioError

# Which files of a folder are taken for recordings.
AUDIO_EXTENSIONS = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".aifc", ".au", ".snd", ".caf",
                    ".w64"}

_MAX_CHANNELS = 1024  # libsndfile's own limit


class FileReader:
    """What libsndfile can decode of a file."""

    def __init__(self, file):
        self._file = file
        with self._open() as sound:
            self.sample_rate = sound.samplerate
            self.channels = sound.channels
            trusted = sound.frames == 0 or (sound.format != "MPEG" and self._last_frame_is_there(sound))
            self.num_samples = sound.frames
            self.truncated = not trusted and sound.format != "MPEG"
        if not trusted:
            self.num_samples = sys.maxsize  # until counted
            self.num_samples = sum(len(piece) for piece in self.pieces())

    def pieces(self):
        """Yield float32 (n, channels); ends early where nothing more can be decoded."""
        largest = max(1, PIECE // self.channels)
        with self._open() as sound:
            left = self.num_samples
            while left > 0:
                wanted = min(largest, left)
                piece = self._read(sound, wanted)
                left -= len(piece)
                if len(piece):
                    yield piece
                if len(piece) < wanted:
                    return

    def _read(self, sound, num_samples):
        buffer = np.full((num_samples, self.channels), np.nan, np.float32)
        try:
            return sound.read(out=buffer)
        except soundfile.SoundFileError:
            # What was decoded before the error stands in the buffer; the rest is still NaN.
            return buffer[:len(buffer) - _nan_rows_at_end(buffer)]

    def _open(self):
        if hasattr(self._file, "seek"):
            self._file.seek(0)
        return soundfile.SoundFile(self._file)

    def _last_frame_is_there(self, sound):
        """Whether the header's length is true. MP3 lengths are estimates and seeking there is fuzzy: not asked."""
        try:
            sound.seek(sound.frames - 1)
            return len(sound.read(1)) == 1
        except soundfile.SoundFileError:
            return False


def _nan_rows_at_end(piece):
    there = ~np.isnan(piece).all(axis=1)
    return len(piece) if not there.any() else int(np.argmax(there[::-1]))


class ArrayReader:
    """Samples in memory, in the manner of a file."""

    _SCALE = {"int16": (0, 1 << 15), "int32": (0, 1 << 31), "uint8": (128, 1 << 7)}  # (zero, full scale)

    def __init__(self, samples, sample_rate):
        array = np.asarray(samples)
        if array.ndim not in (1, 2) or array.ndim == 2 and not 1 <= array.shape[1] <= _MAX_CHANNELS:
            raise AudioError(f"Samples of shape {array.shape} cannot be coded: give (n,) or (n, channels).")
        if array.dtype.kind != "f" and array.dtype.name not in self._SCALE:
            raise AudioError(f"Samples of type {array.dtype} cannot be coded: give floats in [-1, 1], or int16, int32 "
                             "or uint8.")
        if not isinstance(sample_rate, (int, np.integer)) or sample_rate < 1:
            raise AudioError("Samples in memory need their sample rate, a positive integer in Hz, "
                             f"not {sample_rate!r}.")
        self._array = array if array.ndim == 2 else array[:, None]  # (n, channels)
        self.sample_rate = int(sample_rate)
        self.num_samples, self.channels = self._array.shape
        self.truncated = False

    def pieces(self):
        zero, full_scale = self._SCALE.get(self._array.dtype.name, (0, 1))
        largest = max(1, PIECE // self.channels)
        for start in range(0, self.num_samples, largest):
            piece = self._array[start:start + largest]
            # Two steps in float64, so that int32 loses nothing before the final rounding.
            yield ((piece.astype(np.float64) - zero) / full_scale).astype(np.float32)
