"""Gradients by whatever backend Keras has."""

import keras
import numpy as np
from keras import ops


def gradients(function, arrays=(), variables=()):
    """What a function's value changes by, with what it is given and with variables that it uses.

    Args:
        function: takes a tensor for each array and returns a scalar; makes no variables of its own.
        arrays: float32.
        variables: of Keras.

    Returns:
        list of arrays, one for each array and each variable; zeros where nothing depends on it.
    """
    given = [*map(ops.convert_to_tensor, arrays)]
    return [np.zeros(x.shape, np.float32) if found is None else ops.convert_to_numpy(found)
            for x, found in zip([*given, *variables], BACKENDS[keras.backend.backend()](function, given, variables))]


def by_tensorflow(function, given, variables):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(given)
        value = function(*given)
    return tape.gradient(value, [*given, *(variable.value for variable in variables)])


def by_jax(function, given, variables):
    import jax

    def stateless(given, values):
        with keras.StatelessScope(state_mapping=list(zip(variables, values))):
            return function(*given)

    for_given, for_variables = jax.grad(stateless, (0, 1))(given, [variable.value for variable in variables])
    return [*for_given, *for_variables]


def by_torch(function, given, variables):
    import torch

    given = [x.requires_grad_() for x in given]
    return torch.autograd.grad(function(*given), [*given, *(variable.value for variable in variables)],
                               allow_unused=True)


BACKENDS = {"tensorflow": by_tensorflow, "jax": by_jax, "torch": by_torch}
