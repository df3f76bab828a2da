"""Step graphs, run in NumPy a frame at a time, do what the runtime does: both kinds of cascades, from sample 0 on."""

import numpy as np
from step_coding import NumpyRunner, StepDecoder, StepEncoder

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.noise import NOISE_PERIOD
from neuralcodec.bitstream.frames import Frames
from neuralcodec.export.graphs import decoder_graph, encoder_graph
from neuralcodec.export.operations import NumpyOperations
from neuralcodec.export.steps import Step
from neuralcodec.runtime.nested_decoder import make_decoder
from neuralcodec.runtime.nested_encoder import make_encoder

STEP_INDEX = 100  # steps are 1.3 times as wide
AT_THRESHOLD = 1e-4  # share of symbols that may differ by one, where rounding decides


def coded(encoder, samples):
    return Frames.concatenate([encoder.push(samples), encoder.finish()])


def assert_same_symbols(found, wanted):
    for mine, others in zip([found.side, *found.modules], [wanted.side, *wanted.modules], strict=True):
        difference = np.abs(mine.astype(int) - others)
        assert difference.max() <= 1 and np.mean(difference) <= AT_THRESHOLD


def check(cascade, samples):
    config, weights, step_index = cascade.config, cascade.weights, STEP_INDEX
    wanted = coded(make_encoder(config, weights, step_index), samples)
    runner = NumpyRunner(encoder_graph(config, weights))
    assert_same_symbols(coded(StepEncoder(config, weights, runner, step_index), samples), wanted)
    for modules in range(1, len(config.modules) + 1):
        runner = NumpyRunner(decoder_graph(config, weights, modules))
        found = StepDecoder(config, weights, runner, step_index, modules).push(wanted)
        expected = make_decoder(config, weights, step_index, modules).push(wanted)
        assert found.shape == expected.shape and np.abs(expected).max() > 0.01
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert runner.delay == config.delay - FRAME_SAMPLES  # of all modules


def test_nested_cascades(nested, speech):
    check(nested, speech)


def test_cascades_in_the_time_domain(reference, speech):
    check(reference, speech)


def test_noise_begins_again_where_states_go_round():
    """No file is so long that a state overflows: the count of frames stays below 128."""
    states = {"state_0": np.zeros(1, np.float32)}
    for frame in range(300):
        step = Step(NumpyOperations, {}, lambda name, shape: states[name])
        table = np.arange(NOISE_PERIOD * 2, dtype=np.float32).repeat(FRAME_SAMPLES // 2).reshape(-1, FRAME_SAMPLES // 2)
        row = step.noise(table, 1)[:, 0]
        np.testing.assert_array_equal(row, (2 * frame + np.array([-1, 0])) % len(table))
        states = step.new_states
        assert states["state_0"] < 2 * NOISE_PERIOD
