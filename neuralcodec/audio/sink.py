"""16 kHz blocks in, a sound file of any rate out."""

import contextlib
import os
import struct

import numpy as np
import soundfile

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.audio.native import undisturbed
from neuralcodec.audio.resampling import PIECE, Resampler
from neuralcodec.errors import AudioError
from neuralcodec.files.names import shown
from neuralcodec.files.outputs import atomic_output, check_output, open_output
from neuralcodec.files.streams import is_stream

# Only formats that keep the samples as they are: decoded speech is not coded a second time.
OUTPUT_FORMATS = {
    ".wav": "WAV", ".flac": "FLAC", ".aiff": "AIFF", ".aif": "AIFF", ".au": "AU", ".caf": "CAF", ".w64": "W64",
}

_LARGEST_WAV = (1 << 32) - 4096  # bytes; headers of WAV, AIFF and AU count them in 32 bits
_INFO = {"title": b"INAM", "artist": b"IART", "comment": b"ICMT", "date": b"ICRD"}  # tags of a WAV file


class AudioSink:
    """Writes 16 kHz blocks as an audio file of the source's rate and exact length, 16-bit PCM.

    The file is written under a temporary name in the same folder and renamed when it is complete; on any error, and
    on Ctrl-C, nothing is left behind.

    Args:
        path: output; its extension chooses the format (see `OUTPUT_FORMATS`). `-` is standard output; that, a binary
            file object, a device or a pipe get a WAV from front to back.
        sample_rate: rate of the output in Hz.
        num_samples: length of the output; what was written is cut or padded with zeros to it.
        overwrite: whether an existing file may be replaced.
        tags: dict of what the recording says about itself, see `neuralcodec.audio.tags`; AU and W64 have no room.
        input_rate: rate of the samples that are written to it.

    Raises:
        AudioError: the extension or the rate cannot be written.
        OutputExistsError: the output is there and `overwrite` is False.
        OutputError: it cannot be written.

    Example:
        >>> with AudioSource("in.wav") as source, AudioSink("out.flac", source.sample_rate, source.num_samples) as sink:
        ...     for block in source.blocks():
        ...         sink.write(block)
    """

    def __init__(self, path, sample_rate, num_samples, overwrite=False, tags=None, input_rate=SAMPLE_RATE):
        self._path = path
        self._sample_rate = sample_rate
        self._left = num_samples
        self._overwrite = overwrite
        self._tags = tags or {}
        self._resampler = Resampler(input_rate, sample_rate)
        self._is_stream = is_stream(path)
        if not self._is_stream:
            self._format = _choose_format(path, num_samples)
            check_output(path, overwrite)

    def write(self, samples):
        """Append float samples (n,) at the input's rate; beyond [-1, 1] they are clipped."""
        for piece in self._resampler.push(np.asarray(samples, np.float32)):
            self._put(piece)

    def __enter__(self):
        self._session = self._run()
        return self._session.__enter__()

    def __exit__(self, *exception):
        return self._session.__exit__(*exception)

    @contextlib.contextmanager
    def _run(self):
        with self._open() as self._write:
            yield self
            for piece in self._resampler.finish():
                self._put(piece)
            while self._left:
                self._put(np.zeros(min(self._left, PIECE), np.float32))

    def _put(self, samples):
        samples = samples[:self._left]
        self._left -= len(samples)
        # 32768 is full scale when a file is read, so a 16-bit file at 16 kHz comes back bit by bit.
        self._write(np.clip(np.rint(samples * 32768.0), -32768, 32767).astype("<i2"))

    @contextlib.contextmanager
    def _open(self):
        """Yields what is called with each piece of int16 samples."""
        if self._is_stream:
            with open_output(self._path) as file:
                file.write(_wav_header(self._sample_rate, self._left, self._tags))
                yield lambda samples: file.write(samples.tobytes())
            return
        with atomic_output(self._path, self._overwrite) as file:
            target = _Target(file)
            with self._explained(target):
                sound = undisturbed(soundfile.SoundFile, target, "w", self._sample_rate, 1, "PCM_16",
                                    format=self._format)
            try:
                self._set_tags(sound)

                def write(samples):
                    with self._explained(target):
                        undisturbed(sound.write, samples)

                yield write
            except BaseException:
                with contextlib.suppress(soundfile.SoundFileError):  # what went wrong first is what matters
                    undisturbed(sound.close)
                raise
            with self._explained(target):
                undisturbed(sound.close)
            if not file.seek(0, os.SEEK_END):
                file.write(_flac_of_no_samples(self._sample_rate))

    @contextlib.contextmanager
    def _explained(self, target):
        """Errors of libsndfile as those of the package."""
        try:
            yield
        except (soundfile.SoundFileError, AssertionError) as error:  # soundfile asserts that all was written
            raise target.error or AudioError(
                f"{shown(self._path)} cannot be written at {self._sample_rate} Hz: {error}") from error
        if target.error is not None:
            raise target.error

    def _set_tags(self, sound):
        for key, value in self._tags.items():
            with contextlib.suppress(soundfile.SoundFileError):  # the format has no place for it
                setattr(sound, key, value)


class _Target:
    """A file for libsndfile, which calls it and must not be met by an exception: the first one is kept in `error`."""

    def __init__(self, file):
        self._file, self.error = file, None

    def write(self, data):
        return self._kept(0, self._file.write, data)

    def read(self, count):
        return self._kept(b"", self._file.read, count)

    def seek(self, offset, whence=os.SEEK_SET):
        return self._kept(-1, self._file.seek, offset, whence)

    def tell(self):
        return self._kept(-1, self._file.tell)

    def _kept(self, otherwise, action, *arguments):
        try:
            return action(*arguments)
        except Exception as error:
            self.error = self.error or error
            return otherwise


def _choose_format(path, num_samples):
    form = OUTPUT_FORMATS.get(os.path.splitext(os.fsdecode(path))[1].lower())
    if form is None:
        raise AudioError(f"{shown(path)} cannot be written: the name must end in one of {', '.join(OUTPUT_FORMATS)}.")
    is_large = 2 * num_samples > _LARGEST_WAV
    if is_large and form in ("AIFF", "AU"):
        raise AudioError(f"{shown(path)} cannot be written: the recording is too long for its format; choose .wav or "
                         ".flac.")
    return "RF64" if is_large and form == "WAV" else form


def _flac_of_no_samples(sample_rate):
    """The header that libsndfile leaves out when nothing is written (RFC 9639, section 8.2): 16 bits, mono."""
    bits_and_rate = sample_rate << 44 | 15 << 36
    return b"fLaC\x80\x00\x00\x22" + struct.pack(">HH6xQ16x", 4096, 4096, bits_and_rate)


def _wav_header(sample_rate, num_samples, tags):
    """What comes before the samples of a WAV file whose length is known."""
    fields = b"".join(_chunk(_INFO[key], value.encode("utf-8", "replace") + b"\0") for key, value in tags.items())
    info = _chunk(b"LIST", b"INFO" + fields) if fields else b""
    size = min(2 * num_samples, _LARGEST_WAV)
    return struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(info) + size, b"WAVE", b"fmt ", 16, 1, 1, sample_rate,
                       (2 * sample_rate) & 0xFFFFFFFF, 2, 16) + info + struct.pack("<4sI", b"data", size)


def _chunk(name, data):
    return struct.pack("<4sI", name, len(data)) + data + bytes(len(data) % 2)
