"""Step graphs of a nested cascade. K counts the code frames of a step."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.layout import (
    BLOCK_KERNEL,
    MODULE_LIMIT,
    POINT_SIZES,
    nested_encoder_layout,
    odd_decoder_layout,
)
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.export.layers import (
    causal_conv,
    correction,
    dense,
    inverse_transform,
    is_zero,
    leaky_relu,
    noise_fill,
    noise_substitution,
    side_condition,
    sigmoid,
    step_sizes,
    transform,
)
from neuralcodec.export.steps import Stream
from neuralcodec.runtime.embedded_quantizer import EmbeddedQuantizer

_STEP_NAMES = ("step_sizes/log_step", "step_sizes/hidden", "step_sizes/out")


def describe_encoder(step, config, target, lsf, gain, log_scale):
    """What the modules send.

    Args:
        step: Step.
        config: NestedConfig.
        target: (320,), what the LPC stage and the gains have left over.
        lsf, gain, log_scale: as in `layers.SIDE_INPUTS`.

    Returns:
        list of int32 (320,), of each module.
    """
    hop, ops = config.hop, step.ops
    condition = side_condition(step, hop, lsf, gain)
    t = transform(step, lapped_basis(hop), Stream(ops.reshape(target, (-1, hop))))
    corrected = t.rows + correction(step, "encoder", nested_encoder_layout(config), t, condition).rows
    z = corrected / step_sizes(step, _STEP_NAMES, condition.rows, log_scale)
    quantizer, lower, sent = EmbeddedQuantizer(step.weights, config), None, []
    for number, coded in enumerate(config.coded):
        finer = (np.arange(hop) < coded) * np.float32(2) ** quantizer.halvings(number)
        size = ops.floor(ops.minimum(ops.abs(z), MODULE_LIMIT + 1 - 1e-3) * finer.astype(np.float32))
        symbols = size * ops.sign(z)
        if lower is None:
            sent.append(symbols)
        else:  # which half of its cell where something was sent below, else what was found
            fresh = is_zero(step, lower)
            sent.append(fresh * symbols + (1.0 - fresh) * (size - 2.0 * ops.abs(lower)))
        lower = symbols
    return [ops.as_int(ops.reshape(symbols, (FRAME_SAMPLES,))) for symbols in sent]


def describe_decoder(step, config, modules, lsf, gain, log_scale):
    """What the modules decode: Stream of (K, hop), to be scaled by the gains and filtered.

    Args:
        step: Step.
        config: NestedConfig.
        modules: list of int32 (320,), what the first so many modules sent.
        lsf, gain, log_scale: as in `layers.SIDE_INPUTS`.
    """
    hop, available = config.hop, len(config.modules)
    prefix = np.eye(available, dtype=np.float32)[len(modules) - 1]  # tells the networks how many there are
    condition = side_condition(step, hop, lsf, gain)
    flags = np.tile(prefix, (FRAME_SAMPLES // hop, 1))
    known = Stream(step.ops.concat([condition.rows, flags], axis=1))
    t = _odd_decoder(step, config, _coefficients(step, config, modules, condition.rows, log_scale), known)
    y = inverse_transform(step, lapped_basis(hop), t)
    if not config.noise_above:
        return y
    noise = noise_substitution(step, config.noise_above, t, known, available)
    return Stream(y.rows + noise.rows, y.lag)


def _coefficients(step, config, modules, condition, log_scale):
    """What the modules sent and side information (K, C) -> coefficients (K, hop), with noise for zeros."""
    hop, last, ops, symbols = config.hop, len(modules) - 1, step.ops, None
    for sent in modules:
        sent = ops.reshape(ops.as_float(sent), (-1, hop))
        if symbols is None:
            symbols = sent
        else:
            fresh = is_zero(step, symbols)
            symbols = fresh * sent + (1.0 - fresh) * ops.sign(symbols) * (2.0 * ops.abs(symbols) + sent)
    quantizer, sizes = EmbeddedQuantizer(step.weights, config), np.arange(POINT_SIZES + 1)[:, None]
    beyond = (quantizer.points(np.tile(sizes, hop), last) - sizes).astype(np.float32).reshape(-1)
    size = ops.abs(symbols)
    row = float(hop) * ops.minimum(size, float(POINT_SIZES)) + np.arange(hop, dtype=np.float32)
    points = ops.sign(symbols) * (size + ops.take(beyond, ops.as_int(row)))
    fill = noise_fill(step, step.weights[f"fill_{last}/log_level"], Stream(symbols))
    halved = (np.float32(0.5) ** quantizer.halvings(last)).astype(np.float32)
    return (points + fill) * (step_sizes(step, _STEP_NAMES, condition, log_scale) * halved)


def _odd_decoder(step, config, t, known):
    """Coefficients (K, hop) and what is known, Stream of (K, C) -> Stream of completed coefficients (K, hop)."""
    layout = odd_decoder_layout(config)
    entered = causal_conv(step, "decoder/enter", Stream(t), layout.kernel, layout.lookahead)
    lag, signed = entered.lag, entered.rows
    sizes = causal_conv(step, "decoder/sizes", Stream(_magnitude(step, t)), layout.control_kernel, layout.lookahead)
    controls = leaky_relu(step, sizes.rows + dense(step, "decoder/condition", step.align(known, lag).rows))
    for block in (f"decoder/block_{i}" for i in range(layout.blocks)):
        gate = 2.0 * sigmoid(step, dense(step, f"{block}/gate", controls))
        u = Stream(dense(step, f"{block}/squeeze", signed), lag)
        u = causal_conv(step, f"{block}/conv", u, BLOCK_KERNEL).rows * gate
        seen = step.ops.concat([controls, _magnitude(step, u)], axis=1)
        signed = signed + dense(step, f"{block}/expand", u)
        controls = controls + leaky_relu(step, dense(step, f"{block}/update", seen))
    t = step.align(Stream(t), lag).rows
    return Stream(t + dense(step, "decoder/leave", signed) + t * dense(step, "decoder/gain", controls), lag)


def _magnitude(step, x):
    """How large coefficients are, compressed."""
    return step.ops.log(1.0 + 4.0 * step.ops.abs(x))
