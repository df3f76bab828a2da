"""Training speech: each recording is read once; what is no use is skipped and said, and what is held back is not
trained on."""
from pathlib import Path

import numpy as np
import pytest
import soundfile

from neuralcodec.errors import TrainingDataError
from neuralcodec.training import corpus as module
from neuralcodec.training.corpus import (
    Corpus,
    check_amount,
    evenly,
    hold_back_a_tenth,
    in_folder,
    listing,
    pieces,
    read_corpus,
    read_each,
    speech_seconds,
)

SECOND = 16000


def tone(seconds, period=5):
    return np.int16(10000 * np.sin(np.arange(int(seconds * SECOND)) / period))


@pytest.fixture
def folder(tmp_path):
    """50 recordings of a second, each of another length, and some that are of no use."""
    for number in range(50):
        place = tmp_path / ("read" if number < 45 else "left-out") / f"{number:02}.wav"
        place.parent.mkdir(exist_ok=True)
        soundfile.write(place, tone(1)[: SECOND - number], SECOND)
    (tmp_path / "read" / "broken.wav").write_bytes(b"not audio")
    soundfile.write(tmp_path / "read" / "silence.wav", np.zeros(SECOND), SECOND)
    return tmp_path


def test_every_recording_is_read_once(folder, monkeypatch):
    read, read_int16 = [], module.read_int16
    monkeypatch.setattr(module, "read_int16", lambda path, rate: read.append(path) or read_int16(path, rate))
    read_corpus(folder, ["left-*"])
    assert len(read) == len(set(read)) == 47


def test_what_is_trained_on_held_back_and_skipped(folder):
    corpus = read_corpus(folder, ["left-*"])
    assert [path.name for path in corpus.training] == [f"{number:02}.wav" for number in range(45) if number != 20]
    (held_back,) = corpus.held_back
    assert held_back.dtype == np.float32 and held_back.size == SECOND - 20
    reasons = {path.name: reason for path, reason in corpus.skipped.items()}
    assert set(reasons) == {"broken.wav", "silence.wav"}
    assert "is not an audio file" in reasons["broken.wav"] and reasons["silence.wav"].endswith("' is silent.")
    samples = corpus.samples
    assert samples.dtype == np.int16 and samples.size == sum(SECOND - number for number in range(45)) - held_back.size
    assert str(corpus) == "44 s of speech to train on, 1 s held back"


def test_of_few_recordings_a_tenth_is_held_back(tmp_path):
    soundfile.write(tmp_path / "talk.wav", tone(100, 5), SECOND)
    corpus = read_corpus(tmp_path)
    assert corpus.samples.size == 90 * SECOND and [part.size / SECOND for part in corpus.held_back] == [8, 2]


def test_too_little_speech_is_one_sentence(folder):
    with pytest.raises(TrainingDataError, match="Training needs at least 30 s of speech, better an hour or more, and "
                                                "there are 5.0 s; add recordings."):
        read_corpus(folder, ["read"])
    with pytest.raises(TrainingDataError, match="No recordings"):
        read_corpus(folder / "nowhere")


def test_silence_is_no_speech():
    samples = np.concatenate([tone(20), np.zeros(60 * SECOND, np.int16)])
    assert speech_seconds(samples) == 20
    with pytest.raises(TrainingDataError, match="at least 30 s of speech, .* 20.0 s.*\nSkipped 1:\n  x is silent."):
        check_amount({"a": samples}, {"x": "x is silent."}, "Training", "more")


@pytest.mark.parametrize("sources, message", [
    ([("a", 0 * tone(1))], r"they are silent; check the data.\nSkipped 1:\n  'a' is silent."),
    ([(Path("a.wav"),) * 2], r"none of them holds any that can be read; .*\nSkipped 1:\n.*a.wav"),
    ([], "There is no speech in the recordings"),
])
def test_no_speech_at_all_is_one_sentence(sources, message):
    with pytest.raises(TrainingDataError, match=message):
        check_amount(*read_each(sources), "Training", "more")


def test_a_long_list_is_cut_short():
    assert listing({}) == ""
    lines = listing({number: f"{number} is silent." for number in range(14)}).splitlines()
    assert lines[1:3] == ["Skipped 14:", "  0 is silent."] and lines[-1] == "  and 4 more" and len(lines) == 13


@pytest.mark.parametrize("seconds, held", [
    ([100], 10), ([30], 4), ([200, 10, 10], 22), ([5] * 40, 20), ([4.5] * 8, 4.5)])
def test_a_tenth_is_held_back_and_not_trained_on(seconds, held):
    recordings = {number: np.full(int(length * SECOND), number + 1, np.int16) for number, length in enumerate(seconds)}
    training, held_back = hold_back_a_tenth(recordings)
    assert sum(part.size for part in held_back.values()) == held * SECOND
    assert sum(part.size for part in training.values()) == sum(map(len, recordings.values())) - held * SECOND


def test_long_recordings_are_scored_in_pieces():
    parts = pieces([np.concatenate([tone(17), np.zeros(8 * SECOND, np.int16)]), tone(0.4)])
    assert [part.size / SECOND for part in parts] == [8, 8, 8] and parts[0].dtype == np.float32
    assert evenly([*range(10)], 4) == [0, 3, 6, 9] and evenly([1, 2], 4) == [1, 2] and evenly([], 4) == []


def test_folders_are_told_by_their_names():
    path = Path("speech/librispeech-test/1.flac")
    assert in_folder(path, ["librispeech-*"]) and not in_folder(path, ["1.*", "libri"])


def test_a_corpus_of_arrays_has_names():
    assert Corpus({"a": tone(1), "b": tone(2)}, [], {}).samples.size == 3 * SECOND


def test_quiet_recordings_are_as_loud_as_when_they_are_coded():
    """What is learnt and what is coded later has one level."""
    loud = tone(2)
    recordings, _ = read_each([("loud", loud), ("quiet", loud // 100)])
    np.testing.assert_array_equal(recordings["loud"], loud)
    power = [10 * np.log10(np.mean(np.square(recordings[name] / 32768.0))) for name in ("loud", "quiet")]
    assert power[0] == pytest.approx(-13.3, abs=0.1) and power[1] == pytest.approx(-26, abs=0.6)
