"""With the loops in C and without, symbols and bytes are the same; wrong arguments touch no memory."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nested_payloads import make_nested_frames

from neuralcodec.bitstream.ltp import HISTORY, find_lag
from neuralcodec.bitstream.payloads import decode_blocks, encode_block
from neuralcodec.errors import DamagedFileError

SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.lists(st.integers(1, 12), min_size=1, max_size=4)
often = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


def test_lags(both_ways):
    rng = np.random.default_rng(0)
    pasts = np.concatenate([
        np.clip(np.rint(rng.laplace(0, spread, (100, HISTORY))), -4095, 4095) for spread in (0.5, 20, 400, 1e5)])
    periodic = [np.resize(np.rint(rng.normal(0, 300, lag)), HISTORY) for lag in range(20, 340)]
    for past in (pasts, np.array(periodic), np.full((2, HISTORY), -4095.0), np.zeros((1, HISTORY)),
                 np.lib.stride_tricks.sliding_window_view(pasts.reshape(-1), HISTORY)[::160]):
        (lag, correlation), (other_lag, other_correlation) = both_ways(lambda: find_lag(past))
        np.testing.assert_array_equal(lag, other_lag)
        np.testing.assert_array_equal(correlation, other_correlation)
        assert lag.dtype == other_lag.dtype and correlation.shape == other_correlation.shape


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


@pytest.mark.parametrize("change", [{"rows": [[0, 2], [0, 0]]}, {"rows": [[0, -1], [0, 0]]}, {"bounds": [0, 3, 9]},
                                    {"bounds": [0, -1, 3]}, {"bounds": [0, 3]}, {"places": [[0, 0]]}, {"running": b"1"},
                                    {"escape_size": 1 << 25}, {"alphabet": 0}])
def test_the_decoder_refuses_what_does_not_fit(compiled_loops, change):
    states = np.tile(np.array([0, 2**64 - 1, 0, 8], np.uint64), (2, 1))
    arguments = {"states": states, "data": b"abcd", "bounds": [0, 3, 4], "running": b"\1\1", "rows": [[0, 1], [1, 0]],
                 "pmf_rows": PMF_ROWS, "alphabet": 4, "escape_size": 9, "places": [[0, 0], [0, 0]],
                 "values": [[0, 0], [0, 0]]}

    def call(arguments):
        return compiled_loops.decode(*(np.array(x) if isinstance(x, list) else x for x in arguments.values()))

    assert call(arguments) == 0
    with pytest.raises(ValueError, match="fit"):
        call(arguments | change)
