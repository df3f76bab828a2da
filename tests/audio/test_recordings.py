"""Recordings: found in folders, and read whole."""

import os

import numpy as np
import pytest
import soundfile

from neuralcodec.audio.recordings import audio_files, find_files, read_int16, read_recording
from neuralcodec.errors import AudioError, NeuralCodecError, TrainingDataError


def test_a_folder_is_searched_in_a_fixed_order(tmp_path):
    for name in ("b/2.wav", "b/1.FLAC", "a.ogg", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"?")
    expected = [tmp_path / name for name in ("a.ogg", "b/1.FLAC", "b/2.wav")]
    assert audio_files(tmp_path) == audio_files(str(tmp_path)) == expected
    assert audio_files(tmp_path / "notes.txt") == [tmp_path / "notes.txt"]  # who names a file means it
    assert audio_files(["b.wav", tmp_path / "a.wav"])[1] == tmp_path / "a.wav"


def write(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(folder, **options):
    return [path.relative_to(folder).as_posix() for path in find_files(folder, {".wav"}, **options)]


def test_links_are_followed_to_each_folder_once(tmp_path):
    write(tmp_path, "data/z/1.wav", "elsewhere/2.wav", "elsewhere/deep/3.wav", "4.wav")
    (tmp_path / "elsewhere" / "up").symlink_to(tmp_path / "data")
    for link, target in (("a", "data/z"), ("b", "elsewhere"), ("c", "elsewhere"), ("self", "data/self"),
                         ("gone", "nowhere"), ("5.wav", "4.wav"), ("6.wav", "nowhere")):
        (tmp_path / "data" / link).symlink_to(tmp_path / target)
    assert found(tmp_path / "data") == ["5.wav", "b/2.wav", "b/deep/3.wav", "z/1.wav"]
    assert found(tmp_path / "data", recursive=False) == ["5.wav"]
    assert audio_files(tmp_path / "data" / "a") == [tmp_path / "data" / "a" / "1.wav"]  # what is named may be a link


def test_hidden_files_and_folders_are_left_alone(tmp_path):
    write(tmp_path, "a.wav", "._a.wav", ".b.wav", ".trash/c.wav", "__MACOSX/._a.wav", "deep/.d.wav")
    assert found(tmp_path) == ["a.wav"]
    assert found(tmp_path / ".trash") == ["c.wav"]  # who names it means it
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    assert found(tmp_path) == ["a.wav"]


def test_names_that_are_not_utf_8(tmp_path):
    os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    open(os.fsencode(tmp_path) + b"/caf\xe9/\xff.wav", "w").close()
    path, = audio_files(tmp_path)
    assert os.fsencode(path).endswith(b"caf\xe9/\xff.wav")


def test_folders_that_cannot_be_read_are_told(tmp_path, monkeypatch):
    write(tmp_path, "a.wav", "deep/b.wav")
    scan = os.scandir

    def forbid(folder):
        if folder == tmp_path / "deep":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", forbid)
    sentences = []
    assert found(tmp_path, unreadable=sentences) == ["a.wav"]
    assert sentences == [f"The folder '{tmp_path / 'deep'}' cannot be read: Permission denied."]
    with pytest.raises(NeuralCodecError, match="deep' cannot be read"):
        audio_files(tmp_path)


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_folder_without_recordings_is_refused(tmp_path, name):
    with pytest.raises(TrainingDataError, match="No recordings"):
        audio_files(tmp_path / name)


def test_a_recording_comes_as_16_khz_mono(tmp_path):
    tone = 0.5 * np.sin(np.arange(44100) / 20)
    soundfile.write(tmp_path / "stereo.wav", np.stack([tone, 0 * tone], 1), 44100)
    floats, integers = read_recording(tmp_path / "stereo.wav"), read_int16(tmp_path / "stereo.wav")
    assert floats.dtype == np.float32 and integers.dtype == np.int16 and floats.size == integers.size == 16000
    np.testing.assert_allclose(integers / 32767, floats, atol=1e-4)
    assert 0.24 < np.abs(floats).max() < 0.26
    np.testing.assert_array_equal(read_int16(np.array([-2.0, 0.5]), 16000), [-32767, 16384])
    with pytest.raises(AudioError):
        read_recording(tmp_path / "nowhere.wav")
