"""Training on several devices: the same losses as on one."""
import json
import os
import subprocess
import sys

import keras
import pytest

from neuralcodec.errors import ConfigError
from neuralcodec.training.devices import on_devices, use_exact_products

TRAINS = '''
import json, sys
import keras, numpy as np
from neuralcodec.progress import Status
from neuralcodec.training import finetune
from neuralcodec.training.clips import ClipSampler
from neuralcodec.training.corpus import Corpus
from neuralcodec.training.devices import on_devices
from neuralcodec.training.tunable import tunable
from neuralcodec.zoo.presets import load_preset

if keras.backend.backend() == "jax":
    distribution = keras.distribution.DataParallel(devices=keras.distribution.list_devices("cpu"))
else:
    import tensorflow as tf

    devices = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
    distribution = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
preset = load_preset(sys.argv[1])
base = tunable(preset)
finetune.PASSES_PER_EPOCH, finetune.MIN_EPOCH_STEPS = 0, 3


class SameBatch(ClipSampler):
    """Always the same batch: TensorFlow skips some of them on several devices."""

    def batch(self, step):
        return super().batch(0)


finetune.ClipSampler = SameBatch
noise = 0.1 * np.random.default_rng(0).standard_normal(32000)
corpus = Corpus({"noise": np.int16(32767 * noise)}, [noise[:16000].astype("float32")], {})
config = base.config((), 2e-3, 4, None, 1)
results = []
for chosen in (None, distribution):
    with on_devices(chosen, 4):
        # One epoch: of two, which one is the best can hang on a rounding.
        results.append(finetune.train_on_speech(base, config, corpus, 1, None, (), Status(verbose=False)))
(one, logs), (two, distributed_logs) = ((trained.weights, trained.logs) for trained in results)
untrained = base.load()
distance = lambda first, second: max(float(abs(a - b).max()) for a, b in zip(first, second, strict=True))
print(json.dumps([logs, distributed_logs, distance(one, two), distance(one, untrained.get_weights())]))
'''


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_devices_train_as_one_does(make_preset, tmp_path, backend):
    folder = make_preset(tmp_path / "tiny", hops=(320,))
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3",
                   "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    done = subprocess.run([sys.executable, "-c", TRAINS, folder], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    one, two, apart, moved = json.loads(done.stdout.splitlines()[-1])
    for name in ("loss", "mel", "weighted", "disturbance", "kbps", "rate_weight"):
        assert two[name] == pytest.approx(one[name], rel=1e-3)
    assert apart < 0.2 * moved  # Adam's first steps have the size of the learning rate, even where a gradient is noise


@pytest.mark.parametrize("distribution", ["two GPUs", keras.distribution])
def test_what_is_no_distribution_is_refused(distribution):
    with pytest.raises(ConfigError, match="must be a keras.distribution.DataParallel"), on_devices(distribution, 4):
        pass


def test_a_batch_must_be_shared_out_evenly():
    class Strategy:
        num_replicas_in_sync = 2

    with pytest.raises(ConfigError, match="A batch of 3 clips cannot be shared among 2 devices"), \
            on_devices(Strategy(), 3):
        pass


def test_products_are_exact():
    import tensorflow as tf

    use_exact_products()
    assert not tf.config.experimental.tensor_float_32_execution_enabled()
