"""Step graphs as LiteRT (TensorFlow Lite) models, converted from TensorFlow functions."""

import numpy as np

from neuralcodec.errors import MissingDependencyError
from neuralcodec.export.steps import Step
from neuralcodec.training.quiet import log_lines_held_back

try:
    with log_lines_held_back():
        import tensorflow as tf
except ImportError as error:
    raise MissingDependencyError("Export to LiteRT needs TensorFlow, which is not installed; pip install "
                                 "'neuralcodec[train]' brings it.") from error

EXTENSION = ".tflite"


def write(graph, path):
    """Writes a StepGraph to a file, as its signature `serving_default`.

    Args:
        graph: StepGraph.
        path: of the file.
    """
    states, _, _ = graph.outline()
    inputs = {name: tf.TensorSpec(array.shape, array.dtype, name)
              for name, array in {**graph.inputs, **states}.items()}

    def run(**tensors):
        step = Step(_TensorFlowOperations, graph.weights, lambda name, shape: tensors[name])
        outputs = graph.describe(step, **{name: tensors[name] for name in graph.inputs})
        return {**outputs, **{f"new_{name}": state for name, state in step.new_states.items()}}

    module = tf.Module()
    module.run = tf.function(run, autograph=False)
    with log_lines_held_back():
        function = module.run.get_concrete_function(**inputs)
        model = tf.lite.TFLiteConverter.from_concrete_functions([function], module).convert()
    path.write_bytes(model)


class _TensorFlowOperations:
    """The functions of `neuralcodec.export.operations`, of TensorFlow."""

    exp, log, abs, sign, floor, rint = tf.exp, tf.math.log, tf.abs, tf.sign, tf.floor, tf.round
    maximum, minimum, reshape = tf.maximum, tf.minimum, tf.reshape

    @staticmethod
    def concat(parts, axis=0):
        return tf.concat(parts, axis)

    @staticmethod
    def above(x, threshold):
        return tf.cast(tf.greater(x, threshold), tf.float32)

    @staticmethod
    def take(table, places):
        return tf.gather(np.asarray(table), places)

    @staticmethod
    def as_float(x):
        return tf.cast(x, tf.float32)

    @staticmethod
    def as_int(x):
        return tf.cast(x, tf.int32)
