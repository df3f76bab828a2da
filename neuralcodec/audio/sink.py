"""16 kHz blocks in, a sound file of any rate out."""

import contextlib
import struct
import sys
from pathlib import Path

import numpy as np
import soundfile

from neuralcodec.audio.paths import beside, check_output
from neuralcodec.audio.resampling import PIECE, SAMPLE_RATE, Resampler
from neuralcodec.errors import AudioError

# Only formats that keep the samples as they are: decoded speech is not coded a second time.
OUTPUT_FORMATS = {
    ".wav": "WAV", ".flac": "FLAC", ".aiff": "AIFF", ".aif": "AIFF", ".au": "AU", ".caf": "CAF", ".w64": "W64",
}

_LARGEST_WAV = (1 << 32) - 4096  # bytes; a WAV header counts them in 32 bits


class AudioSink:
    """Writes 16 kHz blocks as an audio file of the source's rate and exact length, 16-bit PCM.

    The file is written under a temporary name in the same folder and renamed when it is complete; on any error, and
    on Ctrl-C, nothing is left behind.

    Args:
        path: output; its extension chooses the format (see `OUTPUT_FORMATS`). `-` writes WAV to standard output.
        sample_rate: rate of the output in Hz.
        num_samples: length of the output; what was written is cut or padded with zeros to it.
        overwrite: whether an existing file may be replaced.

    Raises:
        AudioError: the extension or the rate cannot be written.
        OutputExistsError: the output is there and `overwrite` is False.

    Example:
        >>> with AudioSource("in.wav") as source, AudioSink("out.flac", source.sample_rate, source.num_samples) as sink:
        ...     for block in source.blocks():
        ...         sink.write(block)
    """

    def __init__(self, path, sample_rate, num_samples, overwrite=False):
        self._path = path
        self._sample_rate = sample_rate
        self._left = num_samples
        self._overwrite = overwrite
        self._resampler = Resampler(SAMPLE_RATE, sample_rate)
        self._to_stdout = str(path) == "-"
        if not self._to_stdout:
            self._format = self._choose_format(Path(path), num_samples)
            check_output(path, overwrite)

    def write(self, samples):
        """Append float samples (n,) at 16 kHz; beyond [-1, 1] they are clipped."""
        for piece in self._resampler.push(np.asarray(samples, np.float32)):
            self._put(piece)

    def __enter__(self):
        self._session = self._run()
        return self._session.__enter__()

    def __exit__(self, *exception):
        return self._session.__exit__(*exception)

    @contextlib.contextmanager
    def _run(self):
        with self._open() as self._file:
            yield self
            for piece in self._resampler.finish():
                self._put(piece)
            while self._left:
                self._put(np.zeros(min(self._left, PIECE), np.float32))

    @contextlib.contextmanager
    def _open(self):
        if self._to_stdout:
            yield _WavStream(sys.stdout.buffer, self._sample_rate, self._left)
            sys.stdout.buffer.flush()
            return
        with beside(self._path, self._overwrite) as temporary:
            try:
                with soundfile.SoundFile(temporary, "w", self._sample_rate, 1, "PCM_16", format=self._format) as file:
                    yield file
            except soundfile.SoundFileError as error:
                raise AudioError(f"'{self._path}' cannot be written at {self._sample_rate} Hz: {error}") from error
            if temporary.stat().st_size == 0:
                temporary.write_bytes(_flac_of_no_samples(self._sample_rate))

    def _put(self, samples):
        samples = samples[:self._left]
        self._left -= len(samples)
        # 32768 is full scale when a file is read, so a 16-bit file at 16 kHz comes back bit by bit.
        self._file.write(np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16))

    @staticmethod
    def _choose_format(path, num_samples):
        form = OUTPUT_FORMATS.get(path.suffix.lower())
        if form is None:
            known = ", ".join(OUTPUT_FORMATS)
            raise AudioError(f"'{path}' cannot be written: the name must end in one of {known}.")
        return "RF64" if form == "WAV" and 2 * num_samples > _LARGEST_WAV else form


def _flac_of_no_samples(sample_rate):
    """The header that libsndfile leaves out when nothing is written (RFC 9639, section 8.2): 16 bits, mono."""
    bits_and_rate = sample_rate << 44 | 15 << 36
    return b"fLaC\x80\x00\x00\x22" + struct.pack(">HH6xQ16x", 4096, 4096, bits_and_rate)


class _WavStream:
    """A WAV file written front to back: the length is known, so that the header needs no second visit."""

    def __init__(self, stream, sample_rate, num_samples):
        self._stream = stream
        size = min(2 * num_samples, _LARGEST_WAV)
        stream.write(struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, sample_rate,
                                 (2 * sample_rate) & 0xFFFFFFFF, 2, 16, b"data", size))

    def write(self, samples):
        self._stream.write(samples.astype("<i2").tobytes())
