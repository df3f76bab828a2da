import json

import numpy as np
import pytest
import soundfile
from synthetic import synthetic_speech


@pytest.fixture(scope="session")
def speech_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speech")
    for i in range(3):
        soundfile.write(folder / f"clip{i}.wav", synthetic_speech(12, i), 16000)
    return folder


@pytest.fixture(scope="session")
def speech():
    """int16 (n,)."""
    return np.int16(32767 * synthetic_speech(9, 0))


@pytest.fixture(scope="session")
def toy_config_data():
    """The configuration of a run of seconds, as a user would write it."""
    small = dict(encoder_width=8, decoder_width=8, step_width=8, context_width=8)
    return {
        "name": "toy", "description": "A toy", "kbps": 24.0, "batch_size": 2, "clip_frames": 20, "epoch_steps": 4,
        "validate_epochs": 2,
        "model": {"lpc": "trained", "modules": [{"hop": 320, **small}, {"hop": 80, "lookahead": 2, **small}],
                  "noise_above": 4000},
        "phases": [{"name": "module 0", "steps": 8, "modules": 1, "warmup": 1},
                   {"name": "module 1", "steps": 4, "modules": 2, "train": ["module_1"], "warmup": 0},
                   {"name": "joint", "steps": 8, "modules": 2, "final_learning_rate": 1e-4, "warmup": 0}],
    }


@pytest.fixture
def toy_config(toy_config_data, tmp_path):
    """A path to that configuration."""
    path = tmp_path / "toy.json"
    path.write_text(json.dumps(toy_config_data))
    return path
