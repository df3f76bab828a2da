"""The whole way from a configuration and a folder of speech to a preset."""
import json
import subprocess

import numpy as np
import pytest

from neuralcodec import Codec
from neuralcodec.errors import ConfigError, OutputExistsError, TrainingDataError
from neuralcodec.training import train as module
from neuralcodec.training.config import TrainingConfig
from neuralcodec.training.train import train_presets
from neuralcodec.zoo.figures import measured_figures
from neuralcodec.zoo.folder import CARD


@pytest.fixture(scope="module")
def configuration(toy_config_data, tmp_path_factory):
    """A path to a configuration of two steps."""
    phase = {**toy_config_data["phases"][0], "steps": 2}
    path = tmp_path_factory.mktemp("configs") / "toy.json"
    path.write_text(json.dumps({**toy_config_data, "phases": [phase], "clip_frames": 10}))
    return path


@pytest.fixture(scope="module")
def trained(configuration, speech_folder, tmp_path_factory):
    """(preset, output folder) of a run."""
    import tensorflow as tf

    output = tmp_path_factory.mktemp("runs") / "toy"
    tf.config.run_functions_eagerly(True)  # a run of a few steps takes less time than compiling it does
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("neuralcodec.training.calibration.MAX_ROUNDS", 2)
            preset, = train_presets(configuration, speech_folder, output)
            return preset, output
    finally:
        tf.config.run_functions_eagerly(False)


def test_a_preset_comes_out(trained, clip):
    preset, output = trained
    codec = Codec.from_pretrained(output / "toy")
    assert codec.preset.hash == preset.hash and codec.name == "toy" and len(preset.config.modules) == 1
    samples, sample_rate = clip
    decoded, _ = codec.decode(codec.encode(samples[:32000], sample_rate))
    assert decoded.shape == (32000,)


def test_its_metadata_tell_how_it_was_trained(trained):
    training = trained[0].metadata["training"]
    assert training["config"]["name"] == "toy" and training["files"] == 2 and training["rate_weight"] > 0


def test_its_metadata_tell_what_it_reaches_on_held_back_speech(trained):
    figures = measured_figures(trained[0].metadata)["toy"]
    assert figures["clips"] == 2 and np.isfinite(figures["pesq"]).all() and 10 < figures["kbps"][0] < 60


def test_its_card_claims_nothing_that_was_not_said(trained, tmp_path):
    metadata, card = trained[0].metadata, (trained[1] / "toy" / CARD).read_text()
    assert metadata["license"] == "NOASSERTION" and "speech" not in metadata
    assert "Trained on 2 recordings, on speech that its owner does not describe." in card
    for claim in ("LibriSpeech", "CC-BY", "license:", "language:"):
        assert claim not in card


def test_corpora_of_a_preset_that_a_run_started_from_are_named(toy_config_data):
    own = {"corpora": [{"name": "My own voice"}], "licence": "MIT"}
    config = TrainingConfig.from_dict({**toy_config_data, "start": "cq-24k", "speech": own})
    entries = module._entries_for_the_card(config)
    names = [corpus["name"] for corpus in entries["speech"]["corpora"]]
    assert names[0] == "LibriSpeech" and names[-1] == "My own voice" and "languages" not in entries["speech"]
    assert (entries["license"], entries["base_model"], entries["base_license"]) == ("MIT", "cq-24k", "CC-BY-4.0")


@pytest.mark.parametrize("start", ["runs/cq-base/checkpoint.weights.h5", "runs/cq-16k/cq-16k"])
def test_a_start_that_is_not_there_is_one_sentence(configuration, speech_folder, tmp_path, start):
    data = {**json.loads(configuration.read_text()), "start": start, "comment": "Made by another run."}
    (tmp_path / "late.json").write_text(json.dumps(data))
    with pytest.raises(ConfigError, match=f"to start from '{start}', which is not there; train that first, .* Made by"):
        train_presets(tmp_path / "late.json", speech_folder, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_nothing_is_read_where_a_run_cannot_begin(trained, configuration, speech_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "read_corpus", None)
    with pytest.raises(OutputExistsError, match="holds a run already"):
        train_presets(configuration, speech_folder, trained[1])
    with pytest.raises(OutputExistsError, match="is a file"):
        train_presets(configuration, speech_folder, configuration)
    with pytest.raises(ConfigError, match="Nothing to resume"):
        train_presets(configuration, speech_folder, tmp_path, resume=True)


def test_too_little_speech_leaves_nothing_behind(configuration, speech_folder, tmp_path):
    with pytest.raises(TrainingDataError, match="at least 30 s"):
        train_presets(configuration, speech_folder / "clip0.wav", tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


OWN_LINES = ("Reading the speech", "s of speech to train on", "Compiling the training step", "step ",
             "Bringing files of ", "Held-back speech: ", "Wrote ")


@pytest.mark.slow
def test_the_command_says_what_it_does_and_nothing_else(configuration, speech_folder, tmp_path, start_cli, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    running = start_cli("train", "--config", configuration, "--data", speech_folder, "--output", tmp_path / "run",
                        stdout=subprocess.PIPE)
    out, err = (stream.decode() for stream in running.communicate(timeout=600))
    lines = err.splitlines()
    assert running.returncode == 0 and out == "", err
    assert [line for line in lines if not any(own in line for own in OWN_LINES)] == []
    assert lines[-1] == f"Wrote {tmp_path / 'run' / 'toy'}." and (tmp_path / "run" / "toy").is_dir()
