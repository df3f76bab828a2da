"""Several steps in one call: the same training as step by step."""
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from neuralcodec.training.many_steps import STEPS_AT_ONCE, whole_calls

TRAINS = """
import sys, json, itertools, keras, numpy as np
from neuralcodec.training.many_steps import ManySteps, whole_calls
from neuralcodec.training.trainer import GuardedAdam

class Line(ManySteps):
    def __init__(self):
        super().__init__()
        self.dense, self.mean = keras.layers.Dense(1), keras.metrics.Mean(name="distance")
        self.dense.build((None, 2))
        self.built = True

    def call(self, x):
        return self.dense(x[0])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = keras.ops.mean(keras.ops.square(y_pred - x[1]))
        self.mean.update_state(loss)
        return loss

class Calls(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.seen = [*getattr(self, "seen", []), batch]

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)

def batches():
    for step in itertools.count():
        x = np.random.default_rng(step).standard_normal((4, 2)).astype("float32")
        yield ((x, 3 * x[:, :1] + 1),)

results = []
for at_once in (1, 3):
    keras.utils.set_random_seed(1)
    model, calls = Line(), Calls()
    model.compile(optimizer=GuardedAdam(0.05, global_clipnorm=1.0), loss=None)
    model.steps_per_execution = at_once
    logs = model.fit(batches(), epochs=2, steps_per_epoch=6, verbose=0, shuffle=False, callbacks=[calls]).history
    results.append((logs["distance"], [weights.tolist() for weights in model.get_weights()], calls.seen,
                    int(model.optimizer.iterations)))
print(json.dumps(results))
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_it_is_the_same_training(backend):
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", TRAINS], env=environment, check=True, capture_output=True, text=True)
    (distance, weights, single, steps), (same, these, calls, too) = json.loads(done.stdout.splitlines()[-1])
    assert same == pytest.approx(distance, rel=1e-5) and distance[1] < distance[0] and steps == too == 12
    assert all(np.allclose(one, other, rtol=1e-5) for one, other in zip(weights, these, strict=True))
    assert single == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5] * 2 and calls == [0, 2, 3, 5] * 2


@pytest.mark.parametrize("steps", [1, 7, 10, 11, 13, 53, 250, 1301])
def test_an_epoch_is_whole_calls(steps):
    at_once, whole = whole_calls(steps)
    assert 1 <= at_once <= STEPS_AT_ONCE and whole % at_once == 0
    assert steps <= whole < steps + whole // at_once  # no call has more than one step that was not asked for


def test_pytorch_takes_one_step_a_call(monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")
    assert whole_calls(53) == (1, 53)
