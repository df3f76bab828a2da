"""Recordings: found in folders, and read whole."""

import numpy as np
import pytest
import soundfile

from neuralcodec.audio.recordings import audio_files, read_int16, read_recording
from neuralcodec.errors import AudioError, TrainingDataError


def test_a_folder_is_searched_in_a_fixed_order(tmp_path):
    for name in ("b/2.wav", "b/1.FLAC", "a.ogg", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"?")
    expected = [tmp_path / name for name in ("a.ogg", "b/1.FLAC", "b/2.wav")]
    assert audio_files(tmp_path) == audio_files(str(tmp_path)) == expected
    assert audio_files(tmp_path / "notes.txt") == [tmp_path / "notes.txt"]  # who names a file means it
    assert audio_files(["b.wav", tmp_path / "a.wav"])[1] == tmp_path / "a.wav"


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
