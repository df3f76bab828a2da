"""What is learnt from: read, checked, split."""
import numpy as np
import pytest
import soundfile
from synthetic import synthetic_speech

from neuralcodec.errors import TrainingDataError
from neuralcodec.training.recordings import check_amount, gather, pieces, split


def test_a_folder_a_list_and_arrays_give_the_same(speech_folder):
    files = sorted(speech_folder.glob("*.wav"))
    folder, skipped = gather(speech_folder)
    arrays, _ = gather([soundfile.read(path)[0] for path in files])
    assert skipped == {} and len(folder) == 3
    for one, two, three in zip(folder, gather(files)[0], arrays, strict=True):
        np.testing.assert_array_equal(one, two)
        assert np.abs(one.astype(int) - three).max() <= 1


def test_what_cannot_be_used_is_listed(speech_folder, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(16000), 16000)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    soundfile.write(tmp_path / "speech.wav", synthetic_speech(2, 1), 16000)
    recordings, skipped = gather(tmp_path)
    assert len(recordings) == 1 and {path.name for path in skipped} == {"silence.wav", "broken.wav"}
    assert any("is silent" in reason for reason in skipped.values())


@pytest.mark.parametrize("data, message", [
    ([np.zeros(32000, "float32")], "only silence: array 0 is silent."),
    ([np.zeros((2, 16000))], "one channel"),
    ([np.array([0.0, np.nan])], "finite"),
    ([], "no recording"),
])
def test_nothing_to_learn_from_is_said(data, message):
    with pytest.raises(TrainingDataError, match=message):
        gather(data)


def test_a_list_of_wrong_files_is_said(tmp_path):
    (tmp_path / "a.wav").write_text("no audio")
    with pytest.raises(TrainingDataError, match="files that cannot be read: .*a.wav"):
        gather([tmp_path / "a.wav"])


def test_too_little_is_said():
    with pytest.raises(TrainingDataError, match="at least 30 s of speech.*there are 29.0 s"):
        check_amount([np.zeros(29 * 16000, np.int16)])
    check_amount([np.zeros(30 * 16000, np.int16)])


@pytest.mark.parametrize("seconds", [[60], [100, 5], [5] * 12, [31, 1, 1]])
def test_a_tenth_is_held_back_and_never_trained_on(seconds):
    start, recordings = 0, []
    for length in seconds:  # every sample has a number of its own
        recordings.append(np.arange(start, start + length * 16000))
        start += length * 16000
    training, held_back = split(recordings)
    assert all(len(part) <= 8 * 16000 for part in held_back)
    together = np.concatenate([*training, *held_back])
    assert np.unique(together).size == together.size and together.size >= start - 16000 * len(held_back)
    share = sum(part.size for part in held_back) / 16000
    assert max(4, sum(seconds) / 10) - 1 <= share <= max(4, sum(seconds) / 10) + 5


def test_pieces_are_of_eight_seconds_without_crumbs():
    assert [part.size / 16000 for part in pieces([np.zeros(17 * 16000 - 1), np.zeros(16000)])] == [8, 8, 1]
    assert [part.size for part in pieces([np.zeros(100)])] == [100]
