"""Codes with step graphs: the package's LPC stage around networks that something else runs, a frame at a time."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, SUBFRAME
from neuralcodec.architecture.lpc import GAINS
from neuralcodec.bitstream.symbols import STEPS_PER_OCTAVE
from neuralcodec.export.operations import NumpyOperations
from neuralcodec.export.steps import Step
from neuralcodec.runtime.decoder import StreamingDecoder
from neuralcodec.runtime.encoder import StreamingEncoder

SUBFRAMES = FRAME_SAMPLES // SUBFRAME


class NumpyRunner:
    """Runs a StepGraph in NumPy."""

    def __init__(self, graph):
        self._graph = graph
        states, _, self.delay = graph.outline()
        self._states = {name: np.zeros_like(state) for name, state in states.items()}

    def __call__(self, inputs):
        step = Step(NumpyOperations, self._graph.weights, lambda name, shape: self._states[name])
        outputs = self._graph.describe(step, **inputs)
        self._states = step.new_states
        return outputs


class OnnxRunner:
    """Runs a file of a StepGraph in ONNX Runtime."""

    def __init__(self, graph, path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]
        states, _, self.delay = graph.outline()
        self._states = {name: np.zeros_like(state) for name, state in states.items()}

    def __call__(self, inputs):
        outputs = dict(zip(self._names, self._session.run(self._names, {**inputs, **self._states})))
        self._states = {name: outputs.pop(f"new_{name}") for name in self._states}
        return outputs


class LiteRtRunner:
    """Runs a file of a StepGraph in LiteRT."""

    def __init__(self, graph, path):
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(str(path), num_threads=1)
        self._run = self._interpreter.get_signature_runner("serving_default")
        states, _, self.delay = graph.outline()
        self._states = {name: np.zeros_like(state) for name, state in states.items()}

    def __call__(self, inputs):
        outputs = self._run(**inputs, **self._states)
        self._states = {name: outputs.pop(f"new_{name}") for name in self._states}
        return outputs


class StepEncoder(StreamingEncoder):
    """The package's encoder with its networks in a step graph.

    Args:
        config, weights, step_index: as for `make_encoder`.
        run: runner of the encoder's graph: dict of inputs -> dict of outputs.
    """

    def __init__(self, config, weights, run, step_index=0):
        super().__init__(config, weights)
        self._run, self._log_scale = run, log_scale(step_index)

    def _code(self, target, lsf, gain):
        steps = [self._run({"target": part, **side, "log_scale": self._log_scale})
                 for part, side in zip(target.reshape(-1, FRAME_SAMPLES).astype(np.float32), sides(lsf, gain))]
        return [np.concatenate([step[f"module_{i}"] for step in steps]) for i in range(self._num_modules)]


class StepDecoder(StreamingDecoder):
    """The package's decoder with its networks in a step graph.

    Args:
        config, weights, step_index, modules: as for `make_decoder`.
        run: runner of the decoder's graph, with its `delay`.
    """

    def __init__(self, config, weights, run, step_index=0, modules=None):
        super().__init__(config, weights)
        self._run, self._log_scale, self._before = run, log_scale(step_index), run.delay
        self._modules = len(config.modules) if modules is None else modules

    def _excitation(self, modules, lsf, gain, substitute):
        steps = []
        for i, side in enumerate(sides(lsf, gain)):
            sent = {f"module_{n}": modules[n][i].astype(np.int32) for n in range(self._modules)}
            steps.append(self._run({**sent, **side, "log_scale": self._log_scale})["excitation"])
        samples = np.concatenate(steps)
        skipped = min(self._before, len(samples))
        self._before -= skipped
        return samples[skipped:], np.zeros((len(steps), FRAME_SAMPLES))  # what only concealment asks for


def sides(lsf, gain):
    """LSFs (4 F, 16) and gains (2 F,) -> inputs of each frame."""
    return [{"lsf": part.astype(np.float32), "gain": gains.astype(np.int32)}
            for part, gains in zip(lsf.reshape(-1, SUBFRAMES, lsf.shape[1]), gain.reshape(-1, GAINS))]


def log_scale(step_index):
    return np.log([2 ** (step_index / STEPS_PER_OCTAVE)]).astype(np.float32)
