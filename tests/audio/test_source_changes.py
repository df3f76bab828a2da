"""AudioSource: files that change or go, disks that fail, pipes, and names of every kind."""

import gc
import io
import os
import threading
import time

import numpy as np
import pytest
import soundfile
from sources import noise, read_all

from neuralcodec.audio import AudioSource
from neuralcodec.errors import AudioError


def test_a_pipe_that_cannot_seek():
    wav = io.BytesIO()
    soundfile.write(wav, noise(100000), 16000, format="WAV", subtype="PCM_16")
    read_end, write_end = os.pipe()
    writer = threading.Thread(target=lambda: [os.write(write_end, wav.getvalue()), os.close(write_end)])
    writer.start()
    with os.fdopen(read_end, "rb") as pipe, AudioSource(pipe) as source:
        assert source.num_samples == 100000
        np.testing.assert_allclose(read_all(source), noise(100000)[:, 0], atol=1 / 32768)
    writer.join()


def test_a_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    wav = io.BytesIO()
    soundfile.write(wav, noise(500), 16000, format="WAV", subtype="PCM_16")
    writer = threading.Thread(target=path.write_bytes, args=(wav.getvalue(),))
    writer.start()
    with AudioSource(path) as source:
        assert source.num_samples_16k == len(read_all(source)) == 500
    writer.join()


def write_wav(path, samples):
    soundfile.write(path, samples, 16000, "PCM_16")


def test_a_source_that_goes_is_read_to_its_end(tmp_path):
    """One open file for the whole work."""
    write_wav(tmp_path / "a.wav", noise(40000))
    source = AudioSource(tmp_path / "a.wav")
    (tmp_path / "a.wav").unlink()
    np.testing.assert_array_equal(read_all(source), read_all(source))
    assert len(read_all(source)) == 40000


def test_a_source_that_is_replaced_is_read_as_it_was(tmp_path):
    write_wav(tmp_path / "a.wav", noise(40000))
    write_wav(tmp_path / "b.wav", noise(40000, seed=1))
    source = AudioSource(tmp_path / "a.wav")
    before = read_all(source)
    os.replace(tmp_path / "b.wav", tmp_path / "a.wav")
    np.testing.assert_array_equal(read_all(source), before)


@pytest.mark.parametrize("change", [lambda file: file.write(b"more"), lambda file: file.truncate(50000),
                                    lambda file: (file.seek(1000), file.write(bytes(2000)))])
def test_a_source_that_changes_is_refused(tmp_path, change):
    path = tmp_path / "a.wav"
    write_wav(path, noise(400000))
    source = AudioSource(path)
    blocks = source.blocks()
    next(blocks)
    with open(path, "r+b") as file:
        file.seek(0, 2)
        change(file)
    os.utime(path, ns=(1, 1))
    with pytest.raises(AudioError, match=r"a\.wav' changed while it was read; wait|a\.wav' is damaged"):
        for _ in range(2):
            list(blocks)
            blocks = source.blocks()


def test_an_error_of_the_disk_is_one_sentence(tmp_path, monkeypatch):
    write_wav(tmp_path / "a.wav", noise(400000))
    source = AudioSource(tmp_path / "a.wav")

    def broken(self, buffer):
        raise AudioError(f"{self._name} cannot be read: Input/output error.")

    monkeypatch.setattr("neuralcodec.files.inputs._InputFile.readinto", broken)
    with pytest.raises(AudioError, match=r"a\.wav' cannot be read: Input/output error"):
        list(source.blocks())


def test_a_stream_that_does_not_wait(tmp_path):
    """A pipe without blocking delivers nothing for a while, which is not its end."""
    wav = io.BytesIO()
    soundfile.write(wav, noise(60000), 16000, format="WAV", subtype="PCM_16")
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)

    def write():
        for start in range(0, len(wav.getvalue()), 50000):
            time.sleep(0.05)
            os.write(write_end, wav.getvalue()[start:start + 50000])
        os.close(write_end)

    writer = threading.Thread(target=write)
    writer.start()
    with open(read_end, "rb", buffering=0) as pipe, AudioSource(pipe) as source:
        assert source.num_samples == 60000 and source.remarks == []
    writer.join()


def test_names_that_are_not_utf_8(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9\x1b.wav"
    write_wav(tmp_path / "a.wav", noise(100))
    os.rename(tmp_path / "a.wav", path)
    with AudioSource(os.fsdecode(path)) as source:
        assert source.num_samples == 100 and source.name.endswith("caf\\udce9\\x1b.wav'")


def test_names_that_no_file_can_have():
    for name in ("a\0b", "", "x" * 300):
        with pytest.raises(AudioError, match="There is no file|cannot be opened: File name too long"):
            AudioSource(name)


def test_nothing_is_left_open_after_a_failure(tmp_path):
    """Neither the file nor the copy of a stream waits for the garbage collector."""
    (tmp_path / "text.wav").write_text("hello " * 100)
    gc.collect()
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    kept = []
    for source in (tmp_path / "text.wav", io.BytesIO(b"hello " * 100), io.BytesIO()):
        with pytest.raises(AudioError) as caught:
            AudioSource(source)
        kept.append(caught)  # its traceback holds on to everything
    after = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    assert len(after) == len(before)
