"""Multiplications a second, counted by hand."""

from neuralcodec.architecture.complexity import multiply_accumulates
from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
from neuralcodec.architecture.nested import NestedConfig, NestedModule

SMALL = {"encoder_width": 4, "encoder_blocks": 1, "decoder_width": 6, "decoder_blocks": 1, "step_width": 3,
         "context_width": 5}
SIDE = 50 * ((36 * 64 + 64 * 18) + (45 * 64 + 64 * 18))  # two stages of context networks, 50 frames a second


def correction(inputs, kernel, condition, width, outputs):
    """A CNN of one residual block, a code frame."""
    inner = width // 2
    return kernel * inputs * width + condition * width + width * inner + 3 * inner * inner + inner * width + (
        width * outputs)


def test_two_modules_in_the_time_domain():
    config = CascadeConfig(modules=(ModuleConfig(hop=160, long_term=True, **SMALL),
                                    ModuleConfig(hop=80, **SMALL)), noise_above=0)
    contexts = [100 * ((4 * 160 + 1 + 36 + 2) * 5 + 5 * 480), 50 * ((2 * 320 + 36 + 80) * 5 + 5 * 320)]
    parts = []  # of each module, a second: (encoder CNN, decoder CNN, basis, what both sides do)
    for (hop, inputs), context in zip(((160, 160), (80, 160)), contexts):
        steps = 34 * 3 + 3 * hop
        module = (correction(inputs, 2, 34, 4, hop), correction(inputs, 3, 34, 6, hop), 2 * hop * hop, steps)
        *counts, steps = (16000 // hop * operations for operations in module)
        parts.append((*counts, steps + context))
    (encoder0, decoder0, basis0, both0), (encoder1, decoder1, basis1, both1) = parts
    encoding = encoder0 + basis0 + both0 + (decoder0 + basis0) + encoder1 + 2 * basis1 + both1
    decoding = decoder0 + basis0 + both0 + decoder1 + 2 * basis1 + both1
    assert multiply_accumulates(config) == (SIDE + encoding, SIDE + decoding)


def test_a_nested_cascade():
    config = NestedConfig("fixed", 160, (NestedModule(8000, 5),), encoder_width=4, encoder_blocks=1, decoder_width=6,
                          decoder_blocks=0, control_width=2, step_width=3, lookahead=1, noise_above=0)
    both = 2 * 160 * 160 + (34 * 3 + 3 * 160) + (2 * 160 + 34) * 5 + 5 * 160
    encoder = correction(160, 2, 34, 4, 160)
    decoder = 4 * 160 * 6 + 3 * 160 * 2 + 35 * 2 + 6 * 160 + 2 * 160
    assert multiply_accumulates(config) == (SIDE + 100 * (both + encoder), SIDE + 100 * (both + decoder))
