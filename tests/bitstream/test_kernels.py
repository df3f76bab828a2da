"""With the loops in C and without, symbols and bytes are the same; wrong arguments touch no memory."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nested_payloads import make_nested_frames

from neuralcodec import kernels
from neuralcodec.bitstream.integer_network import IntegerNetwork
from neuralcodec.bitstream.ltp import HISTORY, LongTermPredictor
from neuralcodec.bitstream.payloads import decode_blocks, encode_block
from neuralcodec.errors import DamagedFileError

SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.lists(st.integers(1, 12), min_size=1, max_size=4)
often = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_interface_is_that_of_the_c_files(compiled_loops):
    assert compiled_loops.INTERFACE == kernels.INTERFACE


def check_equal(both_ways, tables, blocks, step_index):
    mine, theirs = both_ways(lambda: [encode_block(block, tables, step_index) for block in blocks])
    assert mine == theirs
    counts = [len(block) for block in blocks]
    for decoded in both_ways(lambda: decode_blocks(mine, counts, tables, step_index)):
        assert decoded == blocks


@often
@given(SEEDS, COUNTS, st.sampled_from([0.1, 1.0, 40.0]), st.sampled_from(["tables", "predicted_tables",
                                                                       "slow_predicted_tables", "small_alphabets"]),
       st.integers(-512, 512))
def test_modules_one_after_another(request, both_ways, random_frames, seed, counts, spread, name, step_index):
    tables = request.getfixturevalue(name)
    blocks = [random_frames(seed + i, count, 3, spread, tables) for i, count in enumerate(counts)]
    check_equal(both_ways, tables, blocks, step_index)


@often
@given(SEEDS, COUNTS, st.sampled_from([0.1, 3.0, 30.0]), st.sampled_from([80, 160]), st.integers(-512, 512))
def test_nested_modules(both_ways, nested_tables, seed, counts, spread, hop, step_index):
    rng = np.random.default_rng(seed)
    blocks = [make_nested_frames(hop, count, spread, rng) for count in counts]
    check_equal(both_ways, nested_tables(hop), blocks, step_index)


def outcome(payloads, tables):
    try:
        return decode_blocks([payloads], [5], tables)
    except DamagedFileError as error:
        return str(error)


@pytest.mark.parametrize("name", ["tables", "predicted_tables", "nested"])
def test_foreign_bytes_are_judged_alike(request, both_ways, nested_tables, name):
    tables = nested_tables(160) if name == "nested" else request.getfixturevalue(name)
    rng, refused = np.random.default_rng(5), 0
    for _ in range(40):
        payloads = [rng.bytes(rng.integers(0, 400)) for _ in range(4)]
        mine, theirs = both_ways(lambda: outcome(payloads, tables))
        assert mine == theirs
        refused += isinstance(mine, str)
    assert refused


def test_no_frames(both_ways, nested_tables):
    frames = make_nested_frames(160, 3)[:0]
    assert both_ways(lambda: encode_block(frames, nested_tables(160))) == [[b""] * 4] * 2


def test_predictions(both_ways, random_predictor):
    rng = np.random.default_rng(0)
    pasts = np.concatenate([
        np.clip(np.rint(rng.laplace(0, spread, (100, HISTORY))), -4095, 4095) for spread in (0.5, 20, 400, 1e5)])
    periodic = [np.resize(np.rint(rng.normal(0, 300, lag)), HISTORY) for lag in range(20, 340)]
    loudest = LongTermPredictor(*np.full((2, 320, 160), 32767, np.int16))
    for past in (pasts, np.array(periodic), np.full((2, HISTORY), -4095.0), np.full((2, HISTORY), 4095.0),
                 np.zeros((1, HISTORY)),
                 np.lib.stride_tricks.sliding_window_view(pasts.reshape(-1), HISTORY)[::160]):
        for predictor in (random_predictor(80), random_predictor(320), loudest):
            for mine, other in zip(*both_ways(lambda: predictor.predict(past))):
                np.testing.assert_array_equal(mine, other)
                assert mine.dtype == other.dtype and mine.shape == other.shape


@pytest.mark.parametrize("inputs, hidden", [(1, 1), (36, 64), (255, 3), (257, 1024), (1500, 40)])
def test_networks_of_the_largest_weights(both_ways, inputs, hidden):
    rng = np.random.default_rng(inputs)

    def extreme(dtype, *shape):
        limits = np.iinfo(dtype)
        return rng.choice([limits.min, limits.max, limits.max, 0], shape).astype(dtype)

    networks = [
        IntegerNetwork(extreme(np.int16, inputs, hidden), extreme(np.int32, hidden), extreme(np.int16, hidden, 9),
                       extreme(np.int32, 9)),
        IntegerNetwork(*(np.full(shape, np.iinfo(dtype).max, dtype) for shape, dtype in (
            ((inputs, hidden), np.int16), (hidden, np.int32), ((hidden, 9), np.int16), (9, np.int32)))),
    ]
    features = np.concatenate([rng.integers(-255, 256, (4, inputs)), np.full((1, inputs), 255),
                               np.full((1, inputs), -255)])
    for network in networks:
        mine, other = both_ways(lambda: network.forward(features))
        np.testing.assert_array_equal(mine, other)
        assert mine.dtype == other.dtype


PMF_ROWS = np.full((2, 4), (1 << 22) - 1, np.float32)


@pytest.mark.parametrize("change", [{"places": [0, -1, 2, 3]}, {"rows": [0, 1, 2, 0]}, {"rows": [0, -1, 0, 0]},
                                    {"escapes": [0, 0, 0, 9]}, {"escapes": [0, 0]}, {"width": 3}, {"width": 0},
                                    {"alphabet": 1}, {"alphabet": 3}, {"escape_size": 1}])
def test_the_encoder_refuses_what_does_not_fit(compiled_loops, change):
    arguments = {"places": [0, 1, 2, 3], "rows": [0, 1, 1, 0], "escapes": [0, 0, 0, 8], "width": 2,
                 "pmf_rows": PMF_ROWS, "alphabet": 4, "escape_size": 9}

    def call(arguments):
        return compiled_loops.encode(*(np.array(x) if isinstance(x, list) else x for x in arguments.values()))

    call(arguments)
    with pytest.raises(ValueError, match="fit"):
        call(arguments | change)


class Recorder:
    """The loops, and the arguments of the last call of each."""

    def __init__(self, loops):
        self.loops, self.calls = loops, {}

    def __getattr__(self, name):
        def call(*arguments):
            self.calls[name] = arguments
            return getattr(self.loops, name)(*arguments)
        return call


def too_short(arguments):
    """Yields arguments of which one array lacks its last column or byte, wherever it stands."""
    for i, argument in enumerate(arguments):
        if isinstance(argument, tuple):
            others = too_short(argument)
        elif isinstance(argument, np.ndarray):
            others = [np.ascontiguousarray(argument[..., :-1])]
        else:
            others = [argument[:-1]] if isinstance(argument, bytes) else []
        for other in others:
            yield (*arguments[:i], other, *arguments[i + 1:])


@pytest.fixture
def recorder(compiled_loops, monkeypatch, tables, predicted_tables, nested_tables, random_frames):
    """A Recorder that has seen blocks of every kind coded and decoded."""
    recorder = Recorder(compiled_loops)
    monkeypatch.setattr("neuralcodec.kernels.loops", recorder)
    for each, frames in [(tables, random_frames(1, 5, 2)), (nested_tables(160), make_nested_frames(160, 5)),
                         (predicted_tables, random_frames(1, 5, 1, 1.0, predicted_tables))]:
        decode_blocks([encode_block(frames, each)] * 2, [5, 5], each)
    return recorder


@pytest.mark.parametrize("name", ["run_network", "predict", "decode_side", "decode_frames", "decode_predicted",
                                  "decode_first", "decode_refinement", "refinement_rows"])
def test_arrays_that_are_too_short_are_refused(recorder, name):
    loop, arguments = getattr(recorder.loops, name), recorder.calls[name]
    loop(*arguments)
    wrong = list(too_short(arguments))
    assert len(wrong) > 3
    for each in wrong:
        with pytest.raises(ValueError, match="fit"):
            loop(*each)


@pytest.mark.parametrize("place, value", [(1, [0, 3, 2]), (1, [0, -1, 2]), (1, [0, 1, 9999]), (2, [5, 6]), (2, [-1, 5]),
                                          (3, 4), (3, -1)])
def test_payloads_that_do_not_fit_are_refused(recorder, place, value):
    payloads, *rest = recorder.calls["decode_side"]
    value = np.array(value) if isinstance(value, list) else value
    with pytest.raises(ValueError, match="fit"):
        recorder.loops.decode_side((*payloads[:place], value, *payloads[place + 1:]), *rest)


@pytest.mark.parametrize("change", [[0, 1 << 24], [1, 1 << 24], [1, -1]])
def test_impossible_frequencies_are_refused(recorder, change):
    *arguments, rows, side = recorder.calls["decode_side"]
    rows = rows.copy()
    rows[7, :2] = np.array(change).astype(np.uint32)
    with pytest.raises(ValueError, match="fit"):
        recorder.loops.decode_side(*arguments, rows, side)
