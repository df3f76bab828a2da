"""Calibration: a preset is brought to its bitrate on enough speech of the right kind, and written with its tables."""
from pathlib import Path

import numpy as np
import pytest

from neuralcodec.errors import OutputExistsError
from neuralcodec.model.cascade import Cascade
from neuralcodec.training import calibration
from neuralcodec.training.calibration import calibration_speech, kbps_of_files, symbols_of, write_calibrated_preset
from neuralcodec.training.config import TrainingConfig
from neuralcodec.zoo.folder import WEIGHTS

SECOND = 16000


def recordings(seconds):
    return {Path(folder, f"{number}.wav"): np.full(int(length * SECOND), number, np.int16)
            for number, (folder, length) in enumerate(seconds)}


def test_only_recordings_of_two_seconds_and_more_set_the_rate():
    chosen = calibration_speech(recordings([("a", 3), ("a", 1), ("a", 2)]))
    assert sorted(part.size for part in chosen) == [2 * SECOND, 3 * SECOND] and chosen[0].dtype == np.float32
    assert len(calibration_speech(recordings([("a", 1), ("a", 0.5)]))) == 2  # better than none


def test_read_speech_sets_the_rate_where_there_is_any():
    chosen = calibration_speech(recordings([("commands", 3), ("read-1", 4), ("read-2", 5)]), ["read-*"])
    assert sorted(part.size for part in chosen) == [4 * SECOND, 5 * SECOND]
    assert len(calibration_speech(recordings([("commands", 3)]), ["read-*"])) == 1


def test_some_minutes_are_enough(monkeypatch):
    monkeypatch.setattr(calibration, "CALIBRATION_SECONDS", 10)
    chosen = calibration_speech(recordings([("a", 3)] * 20))
    assert len(chosen) == 4 and len({part[0] for part in chosen}) == 4


@pytest.fixture(scope="module")
def calibrated(codec, clip, toy_config_data, tmp_path_factory):
    """(preset, recordings): the preset with random weights at a third of its bitrate, which is far from where it is."""
    cascade = Cascade(codec.preset.config)
    cascade.load_weights(codec.preset.directory / WEIGHTS)
    speech = [clip[0][:48000], clip[0][48000:80000]]
    kbps = round(kbps_of_files(codec.preset, speech) / 2, 1)
    config = TrainingConfig.from_dict({**toy_config_data, "kbps": kbps, "model": codec.preset.config.to_dict()})
    folder = tmp_path_factory.mktemp("presets") / "toy"
    return write_calibrated_preset(cascade, config, speech, folder, {"training": {"files": 2}}), speech


def test_files_cost_the_nominal_bitrate(calibrated):
    preset, speech = calibrated
    assert kbps_of_files(preset, speech) == pytest.approx(preset.metadata["kbps"], rel=0.005)
    assert preset.name == preset.metadata["name"] == "toy" and preset.metadata["training"] == {"files": 2}


def test_a_preset_that_exists_is_not_replaced(calibrated):
    preset, speech = calibrated
    cascade = Cascade(preset.config)
    with pytest.raises(OutputExistsError):
        write_calibrated_preset(cascade, TrainingConfig("toy", "", 24.0, preset.config), speech, preset.directory)


def test_symbols_of_a_whole_recording(codec, clip):
    symbols = symbols_of(clip[0][:1000], codec.preset.config, codec.preset.weights)
    assert len(symbols) == 4 + 2
