"""A user's recordings for fine-tuning: in every form that they may come in, and what is said of those of no use."""
import numpy as np
import pytest
import soundfile

from neuralcodec.errors import TrainingDataError
from neuralcodec.training.user_speech import read_user_speech

SECOND = 16000


def tone(seconds, dtype=np.int16):
    samples = 0.3 * np.sin(np.arange(int(seconds * SECOND)) / 5)
    return samples.astype(dtype) if dtype != np.int16 else np.int16(32767 * samples)


def test_folders_files_lists_and_arrays(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(40), SECOND)
    soundfile.write(tmp_path / "b.flac", np.stack([tone(2)] * 2, 1), 8000)
    (tmp_path / ".hidden").write_text("")
    corpus = read_user_speech(tmp_path)
    assert [(path.name, samples.size) for path, samples in corpus.training.items()] == [("a.wav", 36 * SECOND - 6400),
                                                                                       ("b.flac", 4 * SECOND)]
    assert corpus.skipped == {}
    for data in (tmp_path / "a.wav", [str(tmp_path / "a.wav")], tone(40), [tone(40)], [tone(40, np.float64)]):
        (samples,) = read_user_speech(data).training.values()
        assert samples.dtype == np.int16 and abs(samples - tone(36).astype(int)).max() <= 1


def test_validation_data_is_not_trained_on(tmp_path):
    (tmp_path / "held back").mkdir()
    soundfile.write(tmp_path / "talk.wav", tone(40), SECOND)
    soundfile.write(tmp_path / "held back" / "other.wav", tone(7), SECOND)
    corpus = read_user_speech(tmp_path, tmp_path / "held back")
    assert [path.name for path in corpus.training] == ["talk.wav"] and corpus.samples.size == 40 * SECOND
    assert [part.size for part in corpus.held_back] == [7 * SECOND]


def test_what_is_no_use_is_skipped_with_a_reason(tmp_path):
    data = [tone(40), 0 * tone(1), np.array([np.nan, 1.0]), "nowhere.wav"]
    corpus = read_user_speech(data, [tone(5), 0 * tone(1)])
    assert list(corpus.training) == ["array 1"]
    reasons = [str(reason) for reason in corpus.skipped.values()]
    assert "'array 2' is silent" in reasons[0] and reasons[1].startswith("array 3: ") and "NaN" in reasons[1]
    assert "There is no file 'nowhere.wav'" in reasons[2]
    soundfile.write(tmp_path / "talk.wav", tone(40), SECOND)
    (tmp_path / "notes.txt").write_text("what was said")
    (reason,) = read_user_speech(tmp_path).skipped.values()
    assert reason.endswith("notes.txt' is not a recording by its name.")


@pytest.mark.parametrize("data, validation_data, message", [
    ([np.zeros(SECOND, np.int16)], None, r"they are silent; check the data.\nSkipped 1:\n  'array 1' is silent"),
    (["a.wav", "b.wav"], None, r"none of them holds any that can be read; .*\nSkipped 2:\n.*a.wav.*\n.*b.wav"),
    ([], None, "There is no speech in the recordings"),
    ("nowhere", None, "No recordings .* in nowhere"),
    ([tone(20)], None, "Fine-tuning needs at least 30 s of speech, better some minutes, and there are 20.0 s"),
    ([tone(40)], [np.zeros(SECOND, np.int16)], "they are silent"),
    ([tone(40)], [tone(0.2)], "too short or too quiet to compare by"),
])
def test_too_little_speech_is_one_sentence(data, validation_data, message):
    with pytest.raises(TrainingDataError, match=message):
        read_user_speech(data, validation_data)
