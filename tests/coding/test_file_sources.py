"""Sources that cannot be coded, change or go, and what failed calls leave behind."""

import io
import os
import tempfile

import numpy as np
import pytest
import soundfile
from folders import names

from neuralcodec.errors import AudioError, BitrateError, ConversionWarning, FormatError, OutputError


@pytest.mark.parametrize("samples, sample_rate, message", [
    (np.array([0.0, np.nan]), 16000, "NaN"),
    (np.array([np.inf]), 16000, "NaN or infinite"),
    (np.zeros((2, 2, 2)), 16000, "shape"),
    (np.zeros(10, complex), 16000, "type"),
    (["a"], 16000, "type"),
    ([[0.0], [0.0, 0.0]], 16000, "give an array"),
    (np.zeros(10), 0, "rate"),
    (np.zeros(10), 16000.5, "rate"),
    (np.zeros(10), 10_000_000, "768000"),
])
@pytest.mark.filterwarnings("ignore::neuralcodec.errors.ConversionWarning")
def test_samples_that_cannot_be_coded(codec, samples, sample_rate, message):
    with pytest.raises(AudioError, match=message):
        codec.encode(samples, sample_rate)


@pytest.mark.parametrize("content, error, message", [
    (None, AudioError, "no file"),
    (b"", AudioError, "0 bytes"),
    (b"not audio" * 100, AudioError, "not an audio file"),
])
def test_recordings_that_cannot_be_read(tmp_path, codec, content, error, message):
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    before = names(tmp_path)
    with pytest.raises(error, match=message):
        codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    assert names(tmp_path) == before


def test_a_nan_late_in_the_file_leaves_no_output(tmp_path, codec):
    samples = np.zeros(400000, np.float32)
    samples[399999] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 16000, "FLOAT")
    with pytest.raises(AudioError, match="24.999|25.000"):
        codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    assert names(tmp_path) == ["a.wav"]


def test_a_wav_of_no_samples(tmp_path, codec):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 44100)
    with pytest.warns(ConversionWarning):
        codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    codec.decompress(tmp_path / "a.nac", tmp_path / "b.wav")
    found = soundfile.info(tmp_path / "b.wav")
    assert (found.frames, found.samplerate) == (0, 44100)


@pytest.mark.parametrize("action, error, message", [
    (lambda codec: codec.compress(np.zeros(100), "a.nac"), AudioError, "not ndarray; samples in memory go to encode"),
    (lambda codec: codec.compress(b"a.wav", "a.nac"), AudioError, "A path or a binary file object is needed, not b"),
    (lambda codec: codec.compress(io.StringIO("x"), "a.nac"), AudioError, "text stream"),
    (lambda codec: codec.encode(b"\0" * 100, 16000), AudioError, "bytes is no array of samples"),
    (lambda codec: codec.encode(bytearray(100), 16000), AudioError, "bytearray is no array of samples"),
    (lambda codec: codec.encode(np.zeros((1, 16000)), 16000), AudioError, "transpose"),
    (lambda codec: codec.decode("a.nac"), FormatError, "takes the bytes of a .nac file, not str"),
    (lambda codec: codec.decompress(5, "a.wav"), FormatError, "A path or a binary file object is needed, not int"),
    (lambda codec: codec.decompress(io.StringIO("x"), "a.wav"), FormatError, "text stream"),
    (lambda codec: codec.encode(np.zeros(100), 16000, kbps="20"), BitrateError, "not '20'; give a number"),
    (lambda codec: codec.encode(np.zeros(100), 16000, kbps=True), BitrateError, "give a number"),
])
def test_inputs_of_a_wrong_kind(codec, tmp_path, monkeypatch, action, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        action(codec)
    assert names(tmp_path) == []


def test_a_source_that_changes_between_passes(codec, clip, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.tile(clip[0], 2), 16000)

    def change(done, total):
        with open(path, "r+b") as file:
            file.seek(1000)
            file.write(os.urandom(1000))
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1000))

    with pytest.raises(AudioError, match="changed while it was read"):
        codec.compress(path, tmp_path / "a.nac", kbps=20, progress=change)
    assert names(tmp_path) == ["a.wav"]


def test_a_source_that_goes_between_passes(codec, clip, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, clip[0], 16000)
    codec.compress(path, tmp_path / "b.nac", kbps=20)
    codec.compress(path, tmp_path / "a.nac", kbps=20, progress=lambda *_: path.unlink(missing_ok=True))
    assert (tmp_path / "a.nac").read_bytes() == (tmp_path / "b.nac").read_bytes()


@pytest.mark.parametrize("place", ["adding", "coding"])
def test_temporary_files_of_failed_calls_are_closed(codec, clip, tmp_path, monkeypatch, place):
    """They are not left to the garbage collector; a full temporary folder is one sentence."""
    made = []

    class Spool(tempfile.SpooledTemporaryFile):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

        def write(self, data):
            if place == "adding" and self.tell():
                raise OSError(28, "No space left on device")
            return super().write(data)

    monkeypatch.setattr("neuralcodec.bitstream.container.tempfile.SpooledTemporaryFile", Spool)
    def interrupt(done, total):
        if place == "coding" and done > total / 3:  # in the second pass
            raise KeyboardInterrupt("while it was coding")

    error = OutputError if place == "adding" else KeyboardInterrupt
    words = "temporary folder: No space left on device; set TMPDIR|while it was coding"
    with pytest.raises(error, match=words) as caught:
        codec.encode(np.tile(clip[0], 2), 16000, kbps=20, progress=interrupt)
    assert caught and made and all(spool.closed for spool in made)
