"""Step graphs of a cascade in the time domain. K counts the code frames of a step, each `hop` samples long."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.layout import MODULE_LIMIT, module_layout, num_bins
from neuralcodec.export.layers import (
    correction,
    inverse_transform,
    noise_fill,
    noise_substitution,
    side_condition,
    step_sizes,
    transform,
)
from neuralcodec.export.steps import Stream
from neuralcodec.runtime.quantizer import SoftmaxQuantizer

_ENDLESS = np.float32(1e9)  # a border beyond which no bin lies


def describe_encoder(step, config, target, lsf, gain, log_scale):
    """What the modules send.

    Args:
        step: Step.
        config: CascadeConfig.
        target: (320,), what the LPC stage and the gains have left over.
        lsf, gain, log_scale: as in `layers.SIDE_INPUTS`.

    Returns:
        list of int32 (320,), of each module.
    """
    sent, decoded = [], None
    for number, delay in enumerate(config.code_frame_delays):
        module = _Module(step, config, number, lsf, gain, log_scale)
        wanted = step.align(Stream(step.ops.reshape(target, (-1, module.hop))), delay)
        if decoded is not None:
            decoded = step.regroup(decoded, module.hop)
            wanted = Stream(wanted.rows - decoded.rows, delay)
        shared = module.share(decoded)
        symbols = module.encode(wanted, shared)
        sent.append(step.ops.as_int(step.ops.reshape(symbols.rows, (FRAME_SAMPLES,))))
        if number + 1 < len(config.modules):  # what the last module decodes to concerns no other module
            decoded, _ = module.decode(symbols, decoded, shared)
    return sent


def describe_decoder(step, config, modules, lsf, gain, log_scale):
    """What the modules decode: Stream of (K, hop), to be scaled by the gains and filtered.

    Args:
        step: Step.
        config: CascadeConfig.
        modules: list of int32 (320,), what the first so many modules sent.
        lsf, gain, log_scale: as in `layers.SIDE_INPUTS`.
    """
    decoded, first = None, None
    for number, (sent, delay) in enumerate(zip(modules, config.code_frame_delays)):
        module = _Module(step, config, number, lsf, gain, log_scale)
        symbols = Stream(step.ops.reshape(step.ops.as_float(sent), (-1, module.hop)), delay)
        decoded = None if decoded is None else step.regroup(decoded, module.hop)
        decoded, coefficients = module.decode(symbols, decoded, module.share(decoded))
        first = coefficients if first is None else first
    if not config.noise_above:
        return decoded
    hop = config.modules[0].hop
    noise = noise_substitution(step, config.noise_above, first, side_condition(step, hop, lsf, gain))
    samples, beside = step.regroup(decoded, 1), step.regroup(noise, 1)
    return Stream(samples.rows + step.align(beside, samples.lag).rows, samples.lag)


class _Module:
    """A residual module of a step graph.

    Args:
        step: Step.
        config: CascadeConfig.
        number: place in the cascade, from 0.
        lsf, gain, log_scale: as in `layers.SIDE_INPUTS`.
    """

    def __init__(self, step, config, number, lsf, gain, log_scale):
        self._step, self._name = step, f"module_{number}"
        self._layout = module_layout(config.modules[number], number == 0)
        self.hop, self._basis = self._layout.hop, step.weights[f"{self._name}/basis"]
        self._condition, self._log_scale = side_condition(step, self.hop, lsf, gain), log_scale
        quantizer = SoftmaxQuantizer(step.weights[f"{self._name}/quantizer/offset"], MODULE_LIMIT)
        self._bins = quantizer.reconstruct(np.arange(num_bins(MODULE_LIMIT)) - MODULE_LIMIT)

    def share(self, decoded):
        """What both sides know before the symbols: the transform of what is decoded by the modules before.

        Args:
            decoded: Stream of (K, hop); None in the first module.
        """
        return None if decoded is None else transform(self._step, self._basis, decoded)

    def encode(self, wanted, shared):
        """What the modules before have left over, Stream of (K, hop) -> symbols, zeros where they are virtual."""
        ops, coded = self._step.ops, self._layout.coded
        t = transform(self._step, self._basis, wanted)
        corrected = t.rows[:, 0:coded] + correction(self._step, f"{self._name}/encoder", self._layout.encoder,
                                                    self._inputs(t, shared), self._condition).rows
        symbols = self._quantised(corrected / self._step_sizes(t.lag)[:, 0:coded])
        unsent = np.zeros((FRAME_SAMPLES // self.hop, self.hop - coded), np.float32)
        symbols = ops.concat([symbols, unsent], axis=1) if unsent.size else symbols
        return Stream(self._step.real(Stream(symbols, t.lag)), t.lag)

    def decode(self, symbols, decoded, shared):
        """Decodes symbols.

        Args:
            symbols: Stream of (K, hop).
            decoded: by the modules before, as late as the symbols; None in the first module.
            shared: its transform.

        Returns:
            what is decoded, this module included, and this module's coefficients: Streams of (K, hop).
        """
        step, layout = self._step, self._layout
        z = step.ops.take(self._bins, step.ops.as_int(symbols.rows + float(MODULE_LIMIT)))
        if layout.noise_fill:
            z = z + noise_fill(step, step.weights[f"{self._name}/noise/log_level"], symbols)
        t = Stream(z * self._step_sizes(symbols.lag), symbols.lag)
        corrected = correction(step, f"{self._name}/decoder", layout.decoder, self._inputs(t, shared), self._condition)
        t = Stream(step.align(t, corrected.lag).rows + corrected.rows, corrected.lag)
        y = inverse_transform(step, self._basis, t)
        if decoded is not None:
            y = Stream(y.rows + step.align(decoded, y.lag).rows, y.lag)
        return y, t

    def _step_sizes(self, lag):
        names = [f"{self._name}/{part}" for part in ("log_step", "step_hidden", "step_out")]
        return step_sizes(self._step, names, self._step.align(self._condition, lag).rows, self._log_scale)

    def _inputs(self, t, shared):
        return t if shared is None else Stream(self._step.ops.concat([t.rows, shared.rows], axis=1), t.lag)

    def _quantised(self, z):
        """Values (K, C) in units of the step -> the symbols of the nearest bins."""
        ops, borders = self._step.ops, (self._bins[:-1] + self._bins[1:]) / 2
        lower, upper = np.concatenate([[-_ENDLESS], borders]), np.concatenate([borders, [_ENDLESS]])
        symbols = ops.minimum(ops.maximum(ops.rint(z), -float(MODULE_LIMIT)), float(MODULE_LIMIT))
        place = ops.as_int(symbols + float(MODULE_LIMIT))  # the nearest bin is never further than a neighbour away
        return (symbols + ops.above(z, ops.take(upper.astype(np.float32), place))
                - ops.above(ops.take(lower.astype(np.float32), place), z))
