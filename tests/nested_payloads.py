"""Entropy tables of nested modules with random networks, and random frames that surprise them."""

import functools

import numpy as np

from neuralcodec.architecture.layout import ContextLayout, nested_context_layout, side_context_layouts
from neuralcodec.bitstream.entropy_tables import nominal_magnitude_feature
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.integer_network import IntegerNetwork
from neuralcodec.bitstream.nested_payload import refinement
from neuralcodec.bitstream.nested_tables import NestedModuleTables, NestedTables
from neuralcodec.bitstream.scale_tables import (
    MODULE_SCALES_PER_OCTAVE_Q8,
    fit_pmf_rows,
    nested_prior,
    side_prior,
)

SHARES = (5, 10, 16)  # of 16 parts of the spectrum, that each module sends


def make_network(rng, layout: ContextLayout):
    return IntegerNetwork(rng.integers(-900, 900, (layout.inputs, layout.hidden)).astype(np.int16),
                          rng.integers(-(1 << 20), 1 << 20, layout.hidden).astype(np.int32),
                          rng.integers(-900, 900, (layout.hidden, layout.outputs)).astype(np.int16),
                          rng.integers(0, 1 << 21, layout.outputs).astype(np.int32))


@functools.cache
def make_nested_tables(hop):
    """Tables for three modules."""
    rng, pmf_rows = np.random.default_rng(hop), fit_pmf_rows(0 * nested_prior(), nested_prior())
    modules, below = [], 0
    for share in SHARES:
        coded = hop * share // 16
        modules.append(NestedModuleTables(make_network(rng, nested_context_layout(below, coded, 8)), pmf_rows,
                                          rng.integers(3000, 5000, (4, below)).astype(np.int16),
                                          rng.integers(0, 40000, (4, below)).astype(np.int32)))
        below = coded
    side_a, side_b = (make_network(rng, layout) for layout in side_context_layouts())
    return NestedTables(side_a, side_b, fit_pmf_rows(0 * side_prior(), side_prior()), modules,
                        nominal_magnitude_feature(), MODULE_SCALES_PER_OCTAVE_Q8, hop)


def make_nested_frames(hop, count, spread=3.0, rng=None):
    """Frames of three nested modules with symbols of every kind, some of them as large as they may be."""
    rng = rng or np.random.default_rng(count)
    values = rng.laplace(0, spread, (count * 320 // hop, hop))
    values[rng.random(values.shape) < 0.002] *= 400
    coded = [hop * share // 16 for share in SHARES]
    first = sum(np.arange(hop) >= edge for edge in coded)
    size, lower, modules = np.minimum(np.abs(values), 127.99), None, []
    for number, edge in enumerate(coded):
        symbols = (np.floor(size * 2.0 ** np.maximum(number - first, 0)) * np.sign(values)).astype(int)
        symbols[:, edge:] = 0
        modules.append((symbols if lower is None else refinement(lower, symbols)).reshape(count, 320))
        lower = symbols
    return Frames(rng.integers(-31, 32, (count, 16)), rng.integers(-31, 32, (count, 2)), modules)
