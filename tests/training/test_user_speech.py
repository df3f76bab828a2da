"""A user's recordings: what is read, what is skipped and said, and what is held back."""
import numpy as np
import pytest
import soundfile

from neuralcodec.errors import TrainingDataError
from neuralcodec.training.user_speech import check_amount, gather, listing, pieces, speech_seconds, split

SECOND = 16000


def tone(seconds, dtype=np.int16):
    samples = 0.3 * np.sin(np.arange(int(seconds * SECOND)) / 5)
    return samples.astype(dtype) if dtype != np.int16 else np.int16(32767 * samples)


def test_folders_files_lists_and_arrays(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1), SECOND)
    soundfile.write(tmp_path / "b.flac", np.stack([tone(2)] * 2, 1), 8000)
    (tmp_path / ".hidden").write_text("")
    recordings, skipped = gather(tmp_path)
    assert [(path.name, samples.size) for path, samples in recordings.items()] == [("a.wav", SECOND),
                                                                                  ("b.flac", 4 * SECOND)]
    assert skipped == {}
    for data in (tmp_path / "a.wav", [str(tmp_path / "a.wav")], tone(1), [tone(1)], [tone(1, np.float64)]):
        (samples,), _ = gather(data)[0].values(), None
        assert samples.dtype == np.int16 and abs(samples - tone(1).astype(int)).max() <= 1
    assert list(gather(tmp_path, besides=[tmp_path / "a.wav"])[0]) == [tmp_path / "b.flac"]


def test_what_is_no_use_is_skipped_with_a_reason():
    recordings, skipped = gather([tone(1), 0 * tone(1), np.array([np.nan, 1.0]), "nowhere.wav"])
    assert list(recordings) == ["array 1"]
    reasons = [str(reason) for reason in skipped.values()]
    assert "'array 2' is silent" in reasons[0] and "array 3: The array holds a NaN" in reasons[1]
    assert "There is no file 'nowhere.wav'" in reasons[2]


@pytest.mark.parametrize("data, message", [
    ([np.zeros(SECOND, np.int16)], r"they are silent; check the data.\nSkipped 1:\n  'array 1' is silent"),
    (["a.wav", "b.wav"], r"none of them holds any that can be read; .*\nSkipped 2:\n.*a.wav.*\n.*b.wav"),
    ([], "There is no speech in the recordings"),
    ("nowhere", "No recordings .* in nowhere"),
])
def test_no_speech_at_all_is_one_sentence(data, message):
    with pytest.raises(TrainingDataError, match=message):
        gather(data)


def test_a_long_list_is_cut_short():
    assert listing({}) == ""
    lines = listing({number: f"{number} is silent." for number in range(14)}).splitlines()
    assert lines[1:3] == ["Skipped 14:", "  0 is silent."] and lines[-1] == "  and 4 more" and len(lines) == 13


def test_silence_is_no_speech():
    samples = np.concatenate([tone(20), np.zeros(60 * SECOND, np.int16)])
    assert speech_seconds(samples) == 20
    with pytest.raises(TrainingDataError, match="at least 30 s of speech, .* 20.0 s.*\nSkipped 1:\n  x is silent."):
        check_amount({"a": samples}, {"x": "x is silent."})


@pytest.mark.parametrize("seconds, held", [
    ([100], 10), ([30], 4), ([200, 10, 10], 22), ([5] * 40, 20), ([4.5] * 8, 4.5)])
def test_a_tenth_is_held_back_and_not_trained_on(seconds, held):
    recordings = [np.full(int(length * SECOND), number + 1, np.int16) for number, length in enumerate(seconds)]
    training, held_back = split(recordings)
    assert sum(part.size for part in held_back) == held * SECOND
    assert sum(part.size for part in training) == sum(part.size for part in recordings) - held * SECOND


def test_long_recordings_are_scored_in_pieces():
    parts = pieces([np.concatenate([tone(17), np.zeros(8 * SECOND, np.int16)]), tone(0.4)])
    assert [part.size / SECOND for part in parts] == [8, 8, 8] and parts[0].dtype == np.float32
