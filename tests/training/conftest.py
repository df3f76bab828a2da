import json

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter


def synthetic_speech(seconds, seed):
    """Voiced and unvoiced stretches with formants and pauses: enough structure for a toy run to learn from."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(int(seconds * 5)):
        n = 3200
        pitch = int(rng.integers(70, 180))
        source = (np.arange(n) % pitch == 0) * 1.0 if rng.random() < 0.7 else 0.1 * rng.standard_normal(n)
        f = rng.uniform([300, 900, 2200], [800, 2000, 3500])
        poles = np.exp(-np.pi * 100 / 16000 + 2j * np.pi * f / 16000)
        part = lfilter([1.0], np.real(np.poly(np.concatenate([poles, np.conj(poles)]))), source)
        parts.append(part / np.max(np.abs(part)) * rng.uniform(0.05, 0.5))
    return np.concatenate(parts).astype("float32")


@pytest.fixture(scope="session")
def speech_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speech")
    for i in range(3):
        soundfile.write(folder / f"clip{i}.wav", synthetic_speech(3, i), 16000)
    return folder


@pytest.fixture
def toy_config(tmp_path):
    """A path to the configuration of a run of seconds, as a user would write it."""
    small = dict(encoder_width=8, decoder_width=8, step_width=8, context_width=8)
    config = {
        "name": "toy", "description": "A toy", "kbps": 24.0, "batch_size": 2, "clip_frames": 20, "epoch_steps": 4,
        "validate_epochs": 2,
        "model": {"lpc": "trained", "modules": [{"hop": 320, **small}, {"hop": 80, "lookahead": 2, **small}]},
        "phases": [{"name": "module 0", "steps": 8, "modules": 1, "warmup": 1},
                   {"name": "module 1", "steps": 4, "modules": 2, "train": ["module_1"], "warmup": 0},
                   {"name": "joint", "steps": 8, "modules": 2, "final_learning_rate": 1e-4, "warmup": 0}],
    }
    path = tmp_path / "toy.json"
    path.write_text(json.dumps(config))
    return path
