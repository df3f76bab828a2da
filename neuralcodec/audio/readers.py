"""Samples as they are stored, piece by piece, from a file or from memory."""

import contextlib
import sys
from typing import NamedTuple

import numpy as np
import soundfile

from neuralcodec.audio import containers, flac, foreign, mpeg, ogg
from neuralcodec.audio.native import quiet, undisturbed
from neuralcodec.audio.resampling import PIECE
from neuralcodec.audio.tags import KEYS, tidy
from neuralcodec.audio.window import Bytes, Finding, Window
from neuralcodec.errors import AudioError

# Which files of a folder are taken for recordings.
AUDIO_EXTENSIONS = {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".aiff", ".aif", ".aifc", ".au",
                    ".snd", ".caf", ".w64", ".rf64"}
RAW_EXTENSIONS = {".raw", ".pcm"}

ENCODINGS = {  # of bare samples, by FFmpeg's names
    "s8": ("PCM_S8", None), "u8": ("PCM_U8", None), "s16le": ("PCM_16", "LITTLE"), "s16be": ("PCM_16", "BIG"),
    "s24le": ("PCM_24", "LITTLE"), "s24be": ("PCM_24", "BIG"), "s32le": ("PCM_32", "LITTLE"),
    "s32be": ("PCM_32", "BIG"), "f32le": ("FLOAT", "LITTLE"), "f32be": ("FLOAT", "BIG"), "f64le": ("DOUBLE", "LITTLE"),
    "f64be": ("DOUBLE", "BIG"), "mulaw": ("ULAW", None), "alaw": ("ALAW", None),
}
_MAX_CHANNELS = 1024  # libsndfile's own limit
_USUAL_CHANNELS = 8  # an array with more channels than that, and than samples, lies on its side
_LOOKS = (containers.examine, ogg.examine, flac.examine)
_LOSSY = ("OGG", "MP3")
_SHORT = "ends after {read:.3f} s, before its header says ({stated:.3f} s)"
_LAST_MP3_FRAMES = 2 * 1152  # samples that a decoder may keep to itself


class RawFormat(NamedTuple):
    """How samples without a header are stored.

    Args:
        sample_rate: in Hz.
        channels: interleaved.
        encoding: one of `ENCODINGS`, such as "s16le": signed, 16 bits, lowest byte first.
    """

    sample_rate: int = 16000
    channels: int = 1
    encoding: str = "s16le"


class FileReader:
    """What libsndfile can decode of a file.

    Args:
        file: seekable binary file that nobody else reads.
        name: of the file, for messages.
        raw: RawFormat of a file of bare samples, None for one with a header.

    Attributes:
        sample_rate, channels, num_samples: of what is really there.
        remark: what is wrong with the file, as a clause; empty for nothing.
        truncated: whether it announces more than there is.
        is_lossy: whether its samples were coded, and so may leave [-1, 1] a little.
        tags: dict of what it says about itself, see `neuralcodec.audio.tags`.

    Raises:
        AudioError: it cannot be read, holds nothing, or is damaged.
    """

    def __init__(self, file, name, raw=None):
        self._name, self._is_noisy, self._is_known = name, False, raw is not None
        self._options = {} if raw is None else _raw_options(raw)
        finding = self._examine(Window(file)) if raw is None else Finding(Window(file))
        self._window, self._is_empty = finding.window, finding.is_empty
        with self._open() as sound:
            self._read_facts(sound, finding)
        if not self.num_samples and (finding.is_empty or self.remark):
            raise AudioError(f"{name} holds a header, but no audio.")

    def _examine(self, window):
        """A Finding; what cannot be read in any way ends here."""
        finding = next((finding for look in _LOOKS if (finding := look(window)) is not None), None)
        if finding is None:
            kind = foreign.kind_of(Bytes(window).get(0, 64))
            if kind is not None:
                raise AudioError(f"{self._name} is {kind}, {foreign.advice(kind)}")
            finding, self._is_noisy = mpeg.examine(window), True
        self._is_known = finding is not None
        if self._is_known and finding.damage is not None:
            raise AudioError(damage(self._name, finding.damage))
        return finding or Finding(window)

    def _read_facts(self, sound, finding):
        stated, is_mp3 = sound.frames, sound.format == "MP3"
        self.sample_rate, self.channels, self.is_lossy = sound.samplerate, sound.channels, sound.format in _LOSSY
        self.tags = tidy({key: getattr(sound, key) for key in KEYS})
        self.num_samples = stated
        is_guess = is_mp3 or (self.is_lossy and finding.truncated)
        if stated and (is_guess or not _last_is_there(sound)):
            self.num_samples = sys.maxsize  # until counted
            self.num_samples = sum(len(piece) for piece in self.pieces())
        remark, self.truncated, read = finding.remark, finding.truncated, self.num_samples / self.sample_rate
        if is_mp3 and self.num_samples < stated - _LAST_MP3_FRAMES and self._is_known:
            raise AudioError(damage(self._name, read))
        if not is_mp3 and self.num_samples < stated < sys.maxsize and not remark:
            remark, self.truncated = _SHORT, True
        seconds = read * finding.ratio if finding.ratio is not None else stated / self.sample_rate
        self.remark = remark.format(read=read, stated=seconds)

    def pieces(self):
        """Yields float32 (n, channels); ends early where nothing more can be decoded."""
        largest, left = max(1, PIECE // self.channels), self.num_samples
        with self._open() as sound:
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
            with self._silence():
                piece = undisturbed(sound.read, out=buffer)
        except soundfile.SoundFileError:
            # What was decoded before the error stands in the buffer; the rest is still NaN.
            piece = buffer[:len(buffer) - _nan_rows_at_end(buffer)]
        if sound.name.error is not None:
            raise sound.name.error
        return piece

    @contextlib.contextmanager
    def _open(self):
        view = self._window.again()
        try:
            with self._silence():
                sound = undisturbed(soundfile.SoundFile, view, **self._options)
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            raise view.error or AudioError(self._refusal()) from error
        with sound:
            yield sound

    def _silence(self):
        """libmpg123 tells its troubles to standard error."""
        return quiet() if self._is_noisy else contextlib.nullcontext()

    def _refusal(self):
        if self._is_empty:
            return f"{self._name} holds a header, but no audio."
        if self._is_known:
            return f"{self._name} is damaged, or of a kind that cannot be decoded; {foreign.WAY}"
        return (f"{self._name} is not an audio file that can be read (wav, flac, ogg, mp3, aiff, au, caf and others "
                "can); bare samples need --raw (in Python: raw=).")


def damage(name, seconds):
    """Sentence about a file that cannot be read from some time on."""
    return f"{name} is damaged at {seconds:.3f} seconds: what follows cannot be decoded."


def _raw_options(raw):
    """How to open a file of bare samples."""
    try:
        rate, channels, encoding = RawFormat(*raw)
        subtype, endian = ENCODINGS[encoding]
    except (TypeError, KeyError) as error:
        raise AudioError("Bare samples need (sample rate, channels, encoding), such as (16000, 1, 's16le'), not "
                         f"{raw!r}; encodings are {', '.join(ENCODINGS)}.") from error
    if not is_whole(rate, 1, 768000) or not is_whole(channels, 1, _MAX_CHANNELS):
        raise AudioError(f"Bare samples of {channels!r} channels at {rate!r} Hz cannot be coded: give whole numbers, "
                         f"at most {_MAX_CHANNELS} channels and 768000 Hz.")
    return {"format": "RAW", "samplerate": int(rate), "channels": int(channels), "subtype": subtype,
            **({"endian": endian} if endian else {})}


def is_whole(value, low, high):
    """Whether a value is a whole number in a range."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and low <= value <= high


def _last_is_there(sound):
    """Whether the length that libsndfile tells is true."""
    try:
        undisturbed(sound.seek, sound.frames - 1)
        return len(undisturbed(sound.read, 1)) == 1
    except soundfile.SoundFileError:
        return False


def _nan_rows_at_end(piece):
    there = ~np.isnan(piece).all(axis=1)
    return len(piece) if not there.any() else int(np.argmax(there[::-1]))


class ArrayReader:
    """Samples in memory, in the manner of a file."""

    _SCALE = {"int16": (0, 1 << 15), "int32": (0, 1 << 31), "uint8": (128, 1 << 7)}  # (zero, full scale)
    remark, truncated, is_lossy, tags = "", False, False, {}

    def __init__(self, samples, sample_rate):
        array = as_array(samples)
        if array.dtype.kind != "f" and array.dtype.name not in self._SCALE:
            raise AudioError(f"Samples of type {array.dtype} cannot be coded: give floats in [-1, 1], or int16, int32 "
                             "or uint8.")
        if not is_whole(sample_rate, 1, sys.maxsize):
            raise AudioError("Samples in memory need their sample rate, a positive integer in Hz, "
                             f"not {sample_rate!r}.")
        self._array = array if array.ndim == 2 else array[:, None]  # (n, channels)
        self.sample_rate = int(sample_rate)
        self.num_samples, self.channels = self._array.shape

    def pieces(self):
        """Yields float32 (n, channels)."""
        zero, full_scale = self._SCALE.get(self._array.dtype.name, (0, 1))
        largest = max(1, PIECE // self.channels)
        for start in range(0, self.num_samples, largest):
            piece = self._array[start:start + largest]
            # Two steps in float64, so that int32 loses nothing before the final rounding.
            yield ((piece.astype(np.float64) - zero) / full_scale).astype(np.float32)


def as_array(samples):
    """Samples as an array (n,) or (n, channels).

    Raises:
        AudioError: they are none.
    """
    if isinstance(samples, (bytes, bytearray, memoryview, str)):
        raise AudioError(f"{type(samples).__name__} is no array of samples: make one, for instance with "
                         "numpy.frombuffer(data, 'int16'), or give a whole file as io.BytesIO(data) to compress().")
    try:
        array = np.asarray(samples)
    except ValueError as error:  # rows of different lengths
        raise AudioError("The samples cannot be coded: give an array (n,) or (n, channels).") from error
    if array.ndim == 2 and array.shape[1] > max(array.shape[0], _USUAL_CHANNELS):
        raise AudioError(f"Samples of shape {array.shape} would have {array.shape[1]} channels: transpose them, as "
                         "(n, channels) is needed.")
    if array.ndim not in (1, 2) or array.ndim == 2 and not 1 <= array.shape[1] <= _MAX_CHANNELS:
        raise AudioError(f"Samples of shape {array.shape} cannot be coded: give (n,) or (n, channels).")
    return array
