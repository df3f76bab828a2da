"""Fine-tuning: better or not at all, at the same bitrate."""
import copy
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import soundfile
from synthetic import synthetic_speech

from neuralcodec import Codec
from neuralcodec.errors import ConfigError, NotBetterError, TrainingDataError
from neuralcodec.training import finetune as tuning
from neuralcodec.zoo.presets import load_preset


class StopsAtSecondEpoch(keras.callbacks.Callback):
    """Counts steps, then presses Ctrl-C."""

    def __init__(self):
        super().__init__()
        self.steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def tuned(make_preset, tmp_path_factory):
    """A tiny preset tuned on 40 s with module_1 frozen, interrupted in its second epoch."""
    folder = tmp_path_factory.mktemp("finetune")
    make_preset(folder / "tiny", seed=5)
    (folder / "speech").mkdir()
    for i in range(8):
        soundfile.write(folder / "speech" / f"{i}.wav", synthetic_speech(5, i), 16000)
    soundfile.write(folder / "speech" / "silent.wav", np.zeros(16000), 16000)
    codec, callback = Codec.from_pretrained(folder / "tiny"), StopsAtSecondEpoch()
    original = copy.copy(codec)
    history = codec.finetune(folder / "speech", epochs=3, freeze="module_1", learning_rate=3e-3, batch_size=1,
                             callbacks=[callback], name="mine")
    return original, codec, history, callback, folder


def test_it_got_better_at_the_same_bitrate(tuned):
    original, codec, history, _, _ = tuned
    assert history.after["pesq"] > history.before["pesq"]
    assert abs(history.after["kbps"] / history.before["kbps"] - 1) < 0.03
    speech = synthetic_speech(8, 99)  # no part of what was learnt or judged
    before, after = (len(each.encode(speech, 16000)) for each in (original, codec))
    assert abs(after / before - 1) < 0.06


def test_ctrl_c_keeps_the_epochs_before_it(tuned):
    _, _, history, callback, _ = tuned
    assert callback.steps >= 50
    assert {len(values) for values in history.history.values()} == {1}
    assert {"loss", "mel", "weighted", "disturbance", "kbps", "valid_pesq", "valid_kbps"} <= {*history.history, "loss"}


def test_what_is_frozen_keeps_its_weights_and_the_rest_does_not(tuned):
    original, codec, _, _, _ = tuned
    before, after = original.preset.weights, codec.preset.weights
    for name in before:
        if name.startswith("module_1/") and name != "module_1/log_step":  # steps set the bitrate
            np.testing.assert_array_equal(before[name], after[name], err_msg=name)
    for name in ("module_0/basis", "module_0/decoder/leave/kernel", "lsf_quantizer/log_step"):
        assert np.abs(before[name] - after[name]).max() > 0, name


def test_the_tables_are_fitted_anew_and_files_decode(tuned):
    original, codec, _, _, _ = tuned
    assert np.any(original.preset.tables.modules[0].rows != codec.preset.tables.modules[0].rows)
    speech = synthetic_speech(2, 7)
    decoded, rate = codec.decode(codec.encode(speech, 16000))
    assert (decoded.shape, rate) == (speech.shape, 16000)


def test_it_says_where_it_comes_from_and_leaves_the_old_preset_alone(tuned, tmp_path):
    original, codec, history, _, folder = tuned
    assert codec.name == "mine" and codec.preset.metadata["base_model"] == "tiny"
    assert load_preset(folder / "tiny").hash == original.preset.hash != codec.preset.hash
    codec.save_pretrained(tmp_path / "mine")
    again = Codec.from_pretrained(tmp_path / "mine")
    assert again.preset.hash == codec.preset.hash
    card = (tmp_path / "mine" / "README.md").read_text()
    assert "base_model: tiny" in card and "Fine-tuned from `tiny`" in card
    assert [path.name for path in history.skipped] == ["silent.wav"]
    assert "before" in str(history) and "kbps" in str(history)


@pytest.mark.parametrize("kbps, pesq, message", [
    (24.0, 2.9, "not better"), (24.0, 3.0, "not better"), (25.0, 4.0, "missed the bitrate"), (24.5, 3.1, None),
])
def test_worse_is_refused(kbps, pesq, message):
    history = tuning.FinetuneHistory({}, {"kbps": 24.0, "pesq": 3.0}, {"kbps": kbps, "pesq": pesq}, 3)
    if message is None:
        return tuning.check_better(history)
    with pytest.raises(NotBetterError, match=message) as caught:
        tuning.check_better(history)
    assert caught.value.history is history


def test_a_codec_that_did_not_get_better_stays_what_it_was(tiny_folder, monkeypatch):
    codec = Codec.from_pretrained(tiny_folder)
    preset = codec.preset

    def learn_nothing(preset, *_):
        cascade = tuning.Cascade(preset.config)
        cascade.load_weights(preset.directory / tuning.WEIGHTS)
        return cascade, {}

    figures = iter([{"kbps": 24.0, "pesq": 3.0}, {"kbps": 24.0, "pesq": 2.9}])
    monkeypatch.setattr(tuning, "judge", lambda *_: next(figures))
    monkeypatch.setattr(tuning, "_train", learn_nothing)
    with pytest.raises(NotBetterError):
        codec.finetune([synthetic_speech(31, 1)])
    assert codec.preset is preset


@pytest.mark.parametrize("options, message", [
    ({"freeze": "module_7"}, "module_7"),
    ({"freeze": ["lpc", "module_0", "module_1"]}, "nothing is left"),
    ({"distribution": "two"}, "DataParallel"),
    ({"name": "no such name"}, "cannot be called"),
])
def test_wrong_options_are_said(codec, options, message):
    with pytest.raises(ConfigError, match=message):
        codec.finetune([synthetic_speech(31, 1)], **options)


def test_too_little_speech_is_said(codec):
    with pytest.raises(TrainingDataError, match="30 s"):
        codec.finetune([synthetic_speech(10, 1)])


def test_the_time_is_kept_and_the_learning_rate_falls(monkeypatch):
    class Model:
        stop_training = False

        class optimizer:
            learning_rate = 0.0

    now = [0.0]
    monkeypatch.setattr(tuning.time, "monotonic", lambda: now[0])
    deadline, rates = tuning.Deadline(2, 1e-3), []
    deadline.set_model(Model())
    deadline.on_train_begin()
    for epoch in range(20):
        deadline.on_epoch_begin(epoch)
        rates.append(deadline.model.optimizer.learning_rate)
        now[0] += 13.0
        deadline.on_epoch_end(epoch)
        if deadline.model.stop_training:
            break
    assert epoch == 9 and rates[0] == 1e-3 and rates == sorted(rates, reverse=True) and rates[-1] < 3e-5


DISTRIBUTED = """
import json, sys, os
import keras, numpy as np
devices, folder = int(sys.argv[1]), sys.argv[2]
strategy = None
if keras.backend.backend() == "jax":
    strategy = keras.distribution.DataParallel() if devices > 1 else None
else:
    import tensorflow as tf
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0],
                                               [tf.config.LogicalDeviceConfiguration()] * devices)
    strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(devices)]) if devices > 1 else None
from neuralcodec.training import finetune as tuning
from neuralcodec.training.settings import Phase
from neuralcodec.zoo.presets import load_preset
preset = load_preset(folder)
config = tuning.settings(preset, None, 1, 4)
speech = (np.random.default_rng(1).standard_normal(40 * 16000) * 1000).astype("int16")
tuning.LEAST_STEPS, tuning.PASSES = 3, 0
tuning.Validation = lambda recordings: lambda cascade: {"valid_si_sdr": 0.0}
with tuning._scope(strategy):
    cascade, history = tuning._train(preset, config, config.phases[0], speech, [], 1, None, ())
print(json.dumps({"history": history, "basis": float(np.abs(np.asarray(cascade.chain[0].basis)).sum())}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_two_devices_learn_the_same_as_one(tiny_folder, backend):
    results = []
    for devices in (1, 2):
        variables = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3",
                     "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
        done = subprocess.run([sys.executable, "-c", DISTRIBUTED, str(devices), tiny_folder], env=variables,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        results.append(json.loads(done.stdout.splitlines()[-1]))
    one, two = results  # of a few steps: rounding to bins makes two runs drift apart later
    for name in ("mel", "weighted", "disturbance", "kbps"):
        np.testing.assert_allclose(two["history"][name], one["history"][name], rtol=2e-3, err_msg=name)
    np.testing.assert_allclose(two["basis"], one["basis"], rtol=1e-4)
