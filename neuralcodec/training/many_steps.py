"""Several steps of a training in one call of the device."""
import itertools
import math

import keras

from neuralcodec.training.devices import replicas

STEPS_AT_ONCE = 10  # at most: signals, learning rates and counts wait for the end of a call


def whole_calls(steps):
    """Shares the steps of an epoch out among calls.

    Returns:
        steps of a call, and steps of the epoch in whole calls, which may be some more.
    """
    # Keras cannot do more with PyTorch, and under a strategy TensorFlow cannot.
    most = 1 if keras.backend.backend() == "torch" or replicas() > 1 else STEPS_AT_ONCE
    calls = math.ceil(steps / most)
    at_once = math.ceil(steps / calls)
    return at_once, calls * at_once


class ManySteps(keras.Model):
    """A model whose `fit` runs `steps_per_execution` steps as one loop on the device.

    Keras does that on TensorFlow. On JAX it would call a compiled step several times; here the loop is compiled, too,
    which also spares it most of the time in which memory is taken and given back.
    """

    def make_train_function(self, force=False):
        if keras.backend.backend() != "jax" or (self.train_function and not force):
            super().make_train_function(force)
            return
        steps, self.steps_per_execution = self.steps_per_execution, 1  # one call of `train_step`
        super().make_train_function(force)
        self.steps_per_execution, call = steps, self.train_function
        self.train_function = lambda state, batches: call(state, iter([list(itertools.islice(batches, steps))]))

    def train_step(self, *arguments):
        """Keras' step; on JAX (state, list of batches) -> (logs of the last one, state) with a step for each batch."""
        if keras.backend.backend() != "jax":
            return super().train_step(*arguments)
        import jax

        def step(state, batch):
            logs, state = one_step(state, batch)
            return state, logs

        one_step, (state, batches) = super().train_step, arguments
        state, logs = jax.lax.scan(step, state, jax.tree.map(lambda *parts: jax.numpy.stack(parts), *batches))
        return jax.tree.map(lambda log: log[-1], logs), state
