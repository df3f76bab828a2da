"""Payloads of nested modules come back exactly, cost what their tables say, and damage is told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nested_payloads import make_nested_frames

from neuralcodec.bitstream.nested_payload import refined, refinement
from neuralcodec.bitstream.nested_tables import NestedModuleTables, NestedTables, load_tables
from neuralcodec.bitstream.payloads import decode_blocks, encode_block, ideal_bits
from neuralcodec.errors import DamagedFileError, PresetError


@pytest.fixture(scope="module")
def tables(nested_tables):
    return nested_tables(160)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 12), min_size=1, max_size=4), st.floats(0.01, 30),
       st.integers(-512, 512))
@settings(max_examples=25, deadline=None)
def test_round_trip(tables, seed, counts, spread, step_index):
    rng = np.random.default_rng(seed)
    blocks = [make_nested_frames(160, count, spread, rng) for count in counts]
    payloads = [encode_block(block, tables, step_index) for block in blocks]
    for modules in (1, 2, 3):
        decoded = decode_blocks(payloads, counts, tables, step_index, modules)
        assert decoded == [block.first(modules) for block in blocks]


def test_a_payload_needs_only_those_before_it(tables):
    frames = make_nested_frames(160, 10)
    whole = encode_block(frames, tables)
    for modules in (1, 2):
        assert encode_block(frames.first(modules), tables) == whole[: 1 + modules]


def test_files_cost_what_the_tables_say(tables):
    frames = make_nested_frames(160, 50)
    sizes = [8 * len(payload) for payload in encode_block(frames, tables)]
    np.testing.assert_allclose(sizes, ideal_bits(frames, tables), rtol=0.002, atol=16)


def test_refinement_and_refined_are_inverse():
    lower = np.repeat(np.arange(-3, 4), 3)
    values = np.where(lower == 0, np.tile([-1, 0, 1], 7), np.sign(lower) * (2 * np.abs(lower) + np.tile([0, 1, 1], 7)))
    sent = refinement(lower, values)
    assert set(sent[lower != 0]) == {0, 1} and set(sent[lower == 0]) == {-1, 0, 1}
    np.testing.assert_array_equal(refined(lower, sent), values)


def test_noise_is_refused_or_decodes_to_legal_symbols(tables):
    """Whatever the bytes, no symbol leaves its range and nothing but DamagedFileError is raised."""
    rng, refused = np.random.default_rng(4), 0
    for _ in range(60):
        payloads = [rng.bytes(rng.integers(0, 400)) for _ in range(4)]
        try:
            decoded, = decode_blocks([payloads], [5], tables)
        except DamagedFileError:
            refused += 1
            continue
        assert all(np.abs(module.astype(int)).max() <= 127 for module in decoded.modules)
    assert refused


def test_tables_come_back_from_their_file(tables, tmp_path):
    tables.save(tmp_path / "tables.npz")
    loaded = load_tables(tmp_path / "tables.npz")
    assert isinstance(loaded, NestedTables) and loaded.digest() == tables.digest() and loaded.hop == 160
    frames = make_nested_frames(160, 3)
    assert encode_block(frames, loaded) == encode_block(frames, tables)


@pytest.mark.parametrize("change", [
    lambda module: (module.network, module.pmf_rows[:-1], module.slope, module.shift),
    lambda module: (module.network, module.pmf_rows, module.slope.astype(np.int32), module.shift),
    lambda module: (module.network, module.pmf_rows, module.slope[:, 1:], module.shift),
    lambda module: (module.network, module.pmf_rows, module.slope[:3], module.shift[:3]),
])
def test_wrong_tables_are_refused(tables, change):
    with pytest.raises(PresetError):
        NestedModuleTables(*change(tables.modules[1]))


def test_modules_that_do_not_fit_are_refused(tables):
    with pytest.raises(PresetError, match="do not fit"):
        NestedTables(tables.side_a, tables.side_b, tables.side_pmf_rows, tables.modules[::2], tables.magnitude_feature,
                     1600, 160)
