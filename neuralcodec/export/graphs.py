"""The step graphs of a preset: its encoder, and a decoder for each prefix of its modules."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.export import cascade, nested
from neuralcodec.export.layers import SIDE_INPUTS
from neuralcodec.export.steps import StepGraph


def step_graphs(config, weights):
    """All step graphs of a cascade of either kind.

    Args:
        config: CascadeConfig or NestedConfig.
        weights: dict of name -> float32 array, checked by `check_weights`.

    Returns:
        list of StepGraphs: `encoder`, `decoder_1`, `decoder_2`, ..., which decode the first so many modules.
    """
    count = len(config.modules)
    return [encoder_graph(config, weights), *(decoder_graph(config, weights, number + 1) for number in range(count))]


def encoder_graph(config, weights):
    """The StepGraph from what the LPC stage leaves over to the symbols that the modules send."""
    kind = nested if isinstance(config, NestedConfig) else cascade

    def describe(step, target, **side):
        return {f"module_{i}": sent for i, sent in enumerate(kind.describe_encoder(step, config, target, **side))}

    return StepGraph("encoder", {"target": np.zeros(FRAME_SAMPLES, np.float32), **SIDE_INPUTS}, weights, describe)


def decoder_graph(config, weights, modules):
    """The StepGraph from the symbols of the first so many modules to what goes into the LPC stage."""
    kind = nested if isinstance(config, NestedConfig) else cascade
    sent = {f"module_{i}": np.zeros(FRAME_SAMPLES, np.int32) for i in range(modules)}

    def describe(step, lsf, gain, log_scale, **sent):
        decoded = kind.describe_decoder(step, config, list(sent.values()), lsf, gain, log_scale)
        step.delay = decoded.lag * decoded.rows.shape[1]
        return {"excitation": step.ops.reshape(decoded.rows, (FRAME_SAMPLES,))}

    return StepGraph(f"decoder_{modules}", {**sent, **SIDE_INPUTS}, weights, describe)
