"""Training runs: the loss falls on both backends, a run can be resumed, and only what should learn does."""
import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from keras import ops

from neuralcodec.errors import ConfigError
from neuralcodec.training.config import Phase
from neuralcodec.zoo.weights import read_weights

LEARNS = """
import sys, json, numpy as np
from dataclasses import replace
from neuralcodec.model.cascade import Cascade
from neuralcodec.audio.recordings import audio_files, read_int16
from neuralcodec.training.clips import ClipSampler
from neuralcodec.training.loop import adapt
from neuralcodec.training.config import Phase, TrainingConfig
from neuralcodec.training.speech import TrainingSpeech
from neuralcodec.training.trainer import CascadeTrainer, GuardedAdam, RateControl
import keras
config = TrainingConfig.read(sys.argv[1])
samples = np.concatenate([read_int16(path) for path in audio_files(sys.argv[2])])
keras.utils.set_random_seed(1)
cascade = Cascade(replace(config.model, modules=config.model.modules[:1]))  # less to compile
speech = TrainingSpeech(samples, 14)
adapt(cascade, speech, 1)
trainer = CascadeTrainer(cascade, speech, RateControl(24.0, 0.02), Phase("first", 16, 1))
trainer.compile_for_backend(GuardedAdam(3e-4, global_clipnorm=1.0))
trainer.steps_per_execution = 4
batch = ClipSampler(speech, 2, 1).batch(0)
history = trainer.fit(((batch,) for _ in range(20)), steps_per_epoch=8, epochs=2, verbose=0).history
print(json.dumps({"backend": keras.backend.backend(), **history}))
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_few_steps_lower_the_loss(toy_config, speech_folder, backend):
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3",
                   "XLA_FLAGS": "--xla_backend_optimization_level=0"}  # compiling takes longer than a few steps
    done = subprocess.run([sys.executable, "-c", LEARNS, toy_config, speech_folder], env=environment, check=True,
                          capture_output=True, text=True)
    history = json.loads(done.stdout.splitlines()[-1])
    assert history["backend"] == backend
    loss = [mel + Phase.weighted * weighted + Phase.disturbance * disturbance for mel, weighted,
            disturbance in zip(history["mel"], history["weighted"], history["disturbance"])]
    assert loss[-1] < loss[0]
    assert np.all(np.isfinite(history["rate_weight"]))


@pytest.fixture(scope="module", autouse=True)
def eager():
    """A run of a few steps takes less time than compiling it does."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def toy_run(speech, tmp_path_factory):
    """A whole run of a toy configuration: (configuration, output folder)."""
    from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
    from neuralcodec.training.config import TrainingConfig
    from neuralcodec.training.loop import train_cascade

    small = dict(encoder_width=8, decoder_width=8, step_width=8, context_width=8)
    config = TrainingConfig(
        name="toy", description="A toy", kbps=24.0, batch_size=2, clip_frames=10, epoch_steps=3, validate_epochs=1,
        model=CascadeConfig(modules=(ModuleConfig(**small), ModuleConfig(hop=80, lookahead=2, **small)),
                            noise_above=4000),
        phases=(Phase("module 0, alone", 4, 1, warmup=0), Phase("module 1", 1, 2, ("module_1",), warmup=0)))
    output = tmp_path_factory.mktemp("run")
    cascade = train_cascade(config, speech, output, validate=lambda cascade: {"valid_kbps": cascade.active})
    return config, output, cascade


def test_the_log_can_be_plotted(toy_run):
    rows = list(csv.DictReader(open(toy_run[1] / "log.csv")))
    assert [(row["phase"], int(row["step"])) for row in rows] == [("module 0, alone", 2), ("module 0, alone", 4),
                                                               ("module 1", 1)]
    assert [float(row["valid_kbps"]) for row in rows] == [1, 1, 2]
    assert all(float(row["kbps"]) > 0 and float(row["seconds"]) > 0 for row in rows)


def test_a_run_is_recorded_with_its_configuration(toy_run):
    from neuralcodec.training.config import TrainingConfig

    assert TrainingConfig.read(toy_run[1] / "config.json") == toy_run[0]


def test_resuming_goes_on_where_the_run_stopped(toy_run, speech):
    from dataclasses import replace

    from neuralcodec.training.config import Phase
    from neuralcodec.training.loop import train_cascade

    config, output, cascade = toy_run
    longer = replace(config, phases=(*config.phases, Phase("joint", 1, 2, warmup=0)))
    resumed = train_cascade(longer, speech, output, resume=True)
    rows = list(csv.DictReader(open(output / "log.csv")))
    assert [row["phase"] for row in rows] == ["module 0, alone", "module 0, alone", "module 1", "joint"]
    before, after = (ops.convert_to_numpy(c.chain[0].basis) for c in (cascade, resumed))
    assert 0 < np.max(np.abs(before - after)) < 0.1


def test_an_interrupted_run_ends_as_an_uninterrupted_one_does(toy_run, speech, tmp_path):
    import keras

    from neuralcodec.training.loop import train_cascade

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    config, output, cascade = toy_run
    with pytest.raises(KeyboardInterrupt):
        train_cascade(config, speech, tmp_path, callbacks=[Stop()])
    resumed = train_cascade(config, speech, tmp_path, resume=True)
    for whole, interrupted in zip(cascade.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(interrupted, whole, rtol=1e-5, atol=1e-6)
    logs = [list(csv.DictReader(open(folder / "log.csv"))) for folder in (output, tmp_path)]
    for whole, interrupted in zip(logs[0][:3], logs[1], strict=True):  # the other may have been resumed since
        assert float(interrupted["mel"]) == pytest.approx(float(whole["mel"]), abs=2e-5)
        assert float(interrupted["rate_weight"]) == pytest.approx(float(whole["rate_weight"]), abs=1e-5)


def test_the_discriminator_goes_on_from_phase_to_phase_and_from_run_to_run(toy_run, speech, tmp_path):
    from dataclasses import replace

    from neuralcodec.training.checkpoint import CHECKPOINT, DISCRIMINATOR
    from neuralcodec.training.loop import starting_discriminator, train_cascade

    learns = Phase("learns", 1, 1, warmup=0, adversarial=0.1)
    stays = replace(learns, name="stays", learning_rate=1e-12, final_learning_rate=1e-12)
    short = replace(toy_run[0], phases=(learns,))
    fresh = starting_discriminator(short, "").get_weights()
    train_cascade(short, speech, tmp_path)
    learnt = starting_discriminator(short, tmp_path / CHECKPOINT).get_weights()
    assert max(np.abs(a - b).max() for a, b in zip(fresh, learnt)) > 1e-4
    train_cascade(replace(short, phases=(learns, stays)), speech, tmp_path, resume=True)
    after = starting_discriminator(short, tmp_path / CHECKPOINT).get_weights()
    assert all(np.abs(a - b).max() < 1e-6 for a, b in zip(learnt, after))
    assert starting_discriminator(toy_run[0], tmp_path / CHECKPOINT) is None
    (tmp_path / DISCRIMINATOR).write_bytes(b"damaged")
    with pytest.raises(ConfigError, match="discriminator.weights.h5 in .* are damaged"):
        train_cascade(short, speech, tmp_path, resume=True)


def test_nothing_to_resume_is_said(speech, toy_run, tmp_path):
    from neuralcodec.training.loop import train_cascade

    with pytest.raises(ConfigError, match="without --resume"):
        train_cascade(toy_run[0], speech, tmp_path, resume=True)


def test_a_phase_trains_only_what_it_names(toy_run):
    from neuralcodec.training.config import Phase
    from neuralcodec.training.loop import choose_trainable

    cascade = toy_run[2]
    choose_trainable(cascade, Phase("p", 1, 2, ("module_1",)))
    assert not cascade.chain[0].trainable_variables and not cascade.lsf_quantizer.trainable_variables
    assert cascade.chain[1].trainable_variables
    assert not cascade.noise.trainable_variables
    choose_trainable(cascade, Phase("p", 1, 2, ("noise",)))
    assert cascade.noise.trainable_variables == cascade.trainable_variables != []
    choose_trainable(cascade, Phase("p", 1, 2, ("entropy",)))
    contexts = [variable for module in cascade.chain for variable in module.context.weights]
    assert {v.path for v in cascade.trainable_variables} == {v.path for v in contexts}
    choose_trainable(cascade, Phase("p", 1, 1, ("entropy", "module_1")))
    assert len(cascade.trainable_variables) == len(contexts) // 2 + len(cascade.chain[1].weights)
    choose_trainable(cascade, Phase("p", 1, 2))
    assert cascade.chain[0].trainable_variables and cascade.lsf_quantizer.trainable_variables
    assert cascade.noise.trainable_variables


@pytest.mark.parametrize("train, follows", [(("module_0",), True), (("noise",), False)])
def test_the_weight_of_the_rate_follows_what_spends_bits(toy_config, speech, tmp_path, train, follows):
    from dataclasses import replace

    from neuralcodec.training import loop
    from neuralcodec.training.checkpoint import Progress
    from neuralcodec.training.config import TrainingConfig

    config = replace(TrainingConfig.read(toy_config), phases=(Phase("p", 2, 1, train, warmup=0),))
    loop.train_cascade(config, speech, tmp_path / "run")
    assert (Progress.read(tmp_path / "run").rate_weight != pytest.approx(config.rate_weight)) == follows


def test_a_run_can_start_from_weights_that_lack_a_new_part(toy_run, tmp_path):
    from dataclasses import replace

    from neuralcodec.model.cascade import Cascade
    from neuralcodec.training.checkpoint import CHECKPOINT
    from neuralcodec.training.loop import load_start

    config, output, _ = toy_run
    modules = tuple(replace(module, noise_fill=True) for module in config.model.modules)
    cascade = Cascade(replace(config.model, modules=modules))
    load_start(cascade, str(output / CHECKPOINT))
    expected = read_weights(output / CHECKPOINT)["module_1/basis"]
    np.testing.assert_array_equal(ops.convert_to_numpy(cascade.chain[1].basis), expected)
    predicted = Cascade(replace(config.model, modules=(replace(modules[0], long_term=True), modules[1])))
    before = predicted.chain[0].context.get_weights()
    load_start(predicted, str(output / CHECKPOINT))  # an entropy model of another kind begins anew
    for fresh, still in zip(before, predicted.chain[0].context.get_weights()):
        np.testing.assert_array_equal(fresh, still)
    np.testing.assert_array_equal(ops.convert_to_numpy(predicted.chain[1].basis), expected)
    low = Cascade(replace(config.model, modules=(replace(modules[0], long_term=True, coded_below=3000), modules[1])))
    load_start(low, str(output / CHECKPOINT))  # of all coefficients, the lowest go on
    leave, coded = low.chain[0].encoder.leave, low.chain[0].config.coded
    for part, name in ((leave.kernel, "kernel"), (leave.bias, "bias")):
        expected = read_weights(output / CHECKPOINT)[f"module_0/encoder/leave/{name}"][..., :coded]
        assert expected.any() or name == "bias"
        np.testing.assert_array_equal(ops.convert_to_numpy(part), expected)
    low.save_weights(tmp_path / CHECKPOINT)
    with pytest.raises(ConfigError, match="its weights 'module_0/encoder/leave/.*' do not fit the model"):
        load_start(predicted, str(tmp_path / CHECKPOINT))  # the others were never learnt
    other = Cascade(replace(config.model, modules=(replace(modules[0], encoder_width=16), modules[1])))
    with pytest.raises(ConfigError, match="do not fit the model"):
        load_start(other, str(output / CHECKPOINT))
