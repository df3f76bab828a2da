import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.payloads import (
    count_symbols,
    decode_blocks,
    encode_block,
    ideal_bits,
)
from neuralcodec.bitstream.scale_tables import fit_pmf_rows, module_prior, side_prior
from neuralcodec.errors import DamagedFileError

KINDS = ["tables", "small_alphabets", "predicted_tables", "slow_predicted_tables"]
step_indices = st.sampled_from([0, -512, 511, 130, -300])
spreads = st.sampled_from([0.0, 0.3, 1.0, 8.0, 1000.0])


@pytest.fixture(params=KINDS, scope="module")
def any_tables(request):
    return request.getfixturevalue(request.param)


@settings(deadline=None, max_examples=25)
@given(
    counts=st.lists(st.sampled_from([1, 2, 3, 17, 50]), min_size=1, max_size=4),
    num_modules=st.integers(1, 3),
    spread=spreads,
    step_index=step_indices,
    seed=st.integers(0, 2**32),
)
def test_blocks_come_back(any_tables, random_frames, counts, num_modules, spread, step_index, seed):
    tables = any_tables
    blocks = [random_frames(seed + i, count, num_modules, spread, tables) for i, count in enumerate(counts)]
    payloads = [encode_block(block, tables, step_index) for block in blocks]
    decoded = decode_blocks(payloads, counts, tables, step_index)
    assert decoded == blocks
    for keep in range(1, num_modules):
        fewer = decode_blocks(payloads, counts, tables, step_index, modules=keep)
        for a, b in zip(blocks, fewer, strict=True):
            assert Frames(a.lsf, a.gain, a.modules[:keep]) == b


@pytest.mark.parametrize("value", [-1, 1])
def test_symbols_at_their_limits_come_back(any_tables, sent_symbols, value):
    tables = any_tables
    modules = [sent_symbols(np.full((50, 320), 127 * value), number, tables) for number in range(2)]
    frames = Frames(np.full((50, 16), 31 * value), np.full((50, 2), -31 * value), modules)
    payloads = encode_block(frames, tables)
    assert decode_blocks([payloads], [50], tables)[0] == frames


def test_side_symbols_that_jump_come_back(tables):
    # Means follow the frame before: a jump from limit to limit is farther than any alphabet reaches.
    signs = np.where(np.arange(50) % 2, 31, -31)[:, None]
    frames = Frames(signs.repeat(16, 1), signs.repeat(2, 1), [np.zeros((50, 320), int)])
    payloads = encode_block(frames, tables)
    assert decode_blocks([payloads], [50], tables)[0] == frames


def test_nothing_to_decode(tables):
    assert decode_blocks([], [], tables) == []


@settings(deadline=None, max_examples=15)
@given(st.sampled_from([1, 10, 50]), spreads, step_indices, st.integers(0, 2**32))
def test_size_is_ideal(any_tables, random_frames, count, spread, step_index, seed):
    tables = any_tables
    frames = random_frames(seed, count, 2, spread, tables)
    ideal = ideal_bits(frames, tables, step_index) / 8
    for payload, expected in zip(encode_block(frames, tables, step_index), ideal, strict=True):
        assert len(payload) <= 1.001 * expected + 2


def test_ideal_bits_are_sums_over_blocks(tables, random_frames):
    frames = random_frames(0, 70, 2)
    apart = ideal_bits(frames[:50], tables) + ideal_bits(frames[50:], tables)
    np.testing.assert_allclose(ideal_bits(frames, tables), apart)
    assert ideal_bits(frames[:0], tables).tolist() == [0, 0, 0]


def test_step_index_fits_the_scales_to_the_symbols(tables, random_frames):
    # Steps twice as large make symbols half as large: with the right index the file is smaller than without.
    frames = random_frames(1, 50, 1, spread=1.0)
    bits = [ideal_bits(frames, tables, step_index)[1] for step_index in (-480, -240, 0, 240, 480)]
    best = int(np.argmin(bits))
    assert bits[:best] == sorted(bits[:best], reverse=True)
    assert bits[best:] == sorted(bits[best:])


def test_refitting_to_counts_makes_files_smaller(tables, random_frames):
    frames = random_frames(2, 120, 2)
    counts = count_symbols(frames, tables)
    assert [int(c.sum()) for c in counts] == [120 * 18, 120 * 320, 120 * 320]
    modules = [
        (module.network, fit_pmf_rows(count, 10 * module_prior()))
        for module, count in zip(tables.modules[:2], counts[1:], strict=True)
    ]
    fitted = dataclasses.replace(tables, side_pmf_rows=fit_pmf_rows(counts[0], 10 * side_prior()), modules=modules)
    assert (ideal_bits(frames, fitted) < ideal_bits(frames, tables)).all()


def test_counts_are_of_the_rows_that_code(tables, random_frames):
    frames = random_frames(3, 10, 1, spread=4.0)
    counts = count_symbols(frames, tables)
    bits = [
        -np.sum(count * np.log2(rows / 2.0**24))
        for count, rows in zip(counts, (tables.side_pmf_rows, tables.modules[0].pmf_rows), strict=True)
    ]
    escapes = [counts[0][:, -1].sum() * np.log2(63), counts[1][:, -1].sum() * np.log2(255 - 31)]
    np.testing.assert_allclose(np.add(bits, escapes), ideal_bits(frames, tables), rtol=1e-6)


def test_lower_modules_inform_higher_ones(tables, random_frames):
    network = tables.modules[1].network
    w1, b1 = np.zeros_like(network.w1), np.zeros_like(network.b1)
    w1[640:680] = 1 << 6  # sees only the module below, in this frame
    sees_below = dataclasses.replace(network, w1=w1, b1=b1, w2=np.full_like(network.w2, 16))
    changed = dataclasses.replace(tables, modules=[tables.modules[0], (sees_below, tables.modules[1].pmf_rows)])
    frames = random_frames(0, 5, 2)
    louder = Frames(frames.lsf, frames.gain, [np.full((5, 320), 100), frames.modules[1]])
    assert ideal_bits(frames, changed)[2] != ideal_bits(louder, changed)[2]
    decoded = decode_blocks([encode_block(louder, changed)], [5], changed)[0]
    assert decoded == louder


def test_payloads_need_only_those_before(tables, random_frames):
    frames = random_frames(0, 20, 3)
    full = encode_block(frames, tables)
    two = encode_block(Frames(frames.lsf, frames.gain, frames.modules[:2]), tables)
    assert full[:3] == two


@settings(deadline=None, max_examples=20)
@given(st.lists(st.binary(max_size=300), min_size=3, max_size=3), st.sampled_from([1, 50]))
def test_foreign_bytes_decode_or_are_refused(any_tables, payloads, count):
    tables = any_tables
    try:
        (frames,) = decode_blocks([payloads], [count], tables)
    except DamagedFileError:
        return
    assert len(frames) == count


def test_side_symbols_out_of_range_are_refused(tables):
    drifting = dataclasses.replace(tables.side_a, w1=tables.side_a.w1 * 0, b2=np.full(18, 40 << 15, np.int32))
    changed = dataclasses.replace(tables, side_a=drifting)  # each mean lies 5 symbols above the last
    with pytest.raises(DamagedFileError, match="side information"):
        decode_blocks([[b"", b""]], [50], changed)


@pytest.mark.parametrize("payloads, modules", [([b""] * 5, None), ([b""] * 2, 2), ([b""] * 4, 4)])
def test_number_of_modules_must_fit(tables, payloads, modules):
    with pytest.raises(DamagedFileError, match="number of modules"):
        decode_blocks([payloads], [1], tables, modules=modules)


def test_module_symbols_out_of_range_are_refused(predicted_tables):
    module = predicted_tables.modules[0]
    outputs = np.repeat([0, 0, 1016 << 15], 80).astype(np.int32)  # each mean is 127,
    network = dataclasses.replace(module.network, w2=0 * module.network.w2, b2=outputs)
    above = np.tile(np.array([1, (1 << 24) - 4, 1, 1, 1], np.uint32), (512, 1))  # and each symbol one above it
    changed = dataclasses.replace(predicted_tables, modules=[(network, above, module.predictor)])
    with pytest.raises(DamagedFileError, match="module"):
        decode_blocks([[b"", b"\x80"]], [1], changed)


def test_prediction_makes_what_repeats_itself_cheap(predicted_tables):
    """A wave of a period of 100 samples, as symbols; with gates shut, its symbols cost much more."""
    module = predicted_tables.modules[0]
    wave = np.where(np.arange(320 * 50) % 100 < 3, 8.0, 0.0)
    frames = np.stack([wave[i : i + 160] for i in range(0, len(wave) - 160, 80)])
    symbols = np.rint(frames @ module.predictor.analysis / 2**12).astype(int)[: 4 * 45].reshape(-1, 320)
    frames = Frames(np.zeros((45, 16), int), np.zeros((45, 2), int), [symbols])
    bits = []
    for gate in (0, 64):
        outputs = np.repeat([20 << 15, gate << 15, 0], 80).astype(np.int32)
        network = dataclasses.replace(module.network, w2=0 * module.network.w2, b2=outputs)
        changed = dataclasses.replace(predicted_tables, modules=[(network, module.pmf_rows, module.predictor)])
        bits.append(ideal_bits(frames, changed)[1])
    assert bits[1] < 0.6 * bits[0]
