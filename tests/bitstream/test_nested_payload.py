"""Payloads of nested modules come back exactly, cost what their tables say, and damage is told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.integer_network import IntegerNetwork
from neuralcodec.bitstream.nested_payload import refined, refinement
from neuralcodec.bitstream.nested_tables import NestedModuleTables, NestedTables, load_tables
from neuralcodec.bitstream.payloads import decode_blocks, encode_block, ideal_bits
from neuralcodec.bitstream.scale_tables import fit_pmf_rows, nested_prior, side_prior
from neuralcodec.errors import DamagedFileError, PresetError

CODED = (50, 100, 160)


def network(rng, inputs, outputs, spread=900):
    return IntegerNetwork(rng.integers(-spread, spread, (inputs, 8)).astype(np.int16),
                          rng.integers(-(1 << 20), 1 << 20, 8).astype(np.int32),
                          rng.integers(-spread, spread, (8, outputs)).astype(np.int16),
                          rng.integers(0, 1 << 21, outputs).astype(np.int32))


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(1)
    pmf_rows, modules, before = fit_pmf_rows(0 * nested_prior(), nested_prior()), [], 0
    for coded in CODED:
        inputs = (4 * before if before else 2 * coded) + 34
        modules.append(NestedModuleTables(network(rng, inputs, coded + before), pmf_rows,
                                          rng.integers(3000, 5000, (4, before)).astype(np.int16),
                                          rng.integers(0, 40000, (4, before)).astype(np.int32)))
        before = coded
    feature = np.minimum(np.rint(24 * np.log2(1.0 + np.arange(128))), 255).astype(np.uint8)
    return NestedTables(network(rng, 36, 18), network(rng, 45, 18), fit_pmf_rows(0 * side_prior(), side_prior()),
                        modules, feature, 1600, 160)


def make_frames(rng, count, spread=3.0):
    """Frames of three nested modules with symbols of every kind, some of them as large as they may be."""
    values = rng.laplace(0, spread, (2 * count, 160))
    values[rng.random(values.shape) < 0.002] *= 400
    first = np.array([0] * 50 + [1] * 50 + [2] * 60)
    size, lower, modules = np.minimum(np.abs(values), 127.99), None, []
    for number, coded in enumerate(CODED):
        symbols = (np.floor(size * 2.0 ** np.maximum(number - first, 0)) * np.sign(values)).astype(int)
        symbols[:, coded:] = 0
        modules.append((symbols if lower is None else refinement(lower, symbols)).reshape(count, 320))
        lower = symbols
    return Frames(rng.integers(-31, 32, (count, 16)), rng.integers(-31, 32, (count, 2)), modules)


def first(frames, modules):
    return Frames(frames.lsf, frames.gain, frames.modules[:modules])


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 12), min_size=1, max_size=4), st.floats(0.01, 30),
       st.integers(-512, 512))
@settings(max_examples=25, deadline=None)
def test_round_trip(tables, seed, counts, spread, step_index):
    rng = np.random.default_rng(seed)
    blocks = [make_frames(rng, count, spread) for count in counts]
    payloads = [encode_block(block, tables, step_index) for block in blocks]
    for modules in (1, 2, 3):
        decoded = decode_blocks(payloads, counts, tables, step_index, modules)
        assert decoded == [first(block, modules) for block in blocks]


def test_a_payload_needs_only_those_before_it(tables):
    frames = make_frames(np.random.default_rng(2), 10)
    whole = encode_block(frames, tables)
    for modules in (1, 2):
        assert encode_block(first(frames, modules), tables) == whole[: 1 + modules]


def test_files_cost_what_the_tables_say(tables):
    frames = make_frames(np.random.default_rng(3), 50)
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
    frames = make_frames(np.random.default_rng(5), 3)
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
