"""Entropy tables with random networks, and random frames that surprise them."""

import dataclasses

import numpy as np
import pytest
from nested_payloads import make_nested_frames, make_nested_tables

from neuralcodec.architecture.layout import ltp_context_layout, module_context_layout, side_context_layouts
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.bitstream.entropy_tables import (
    EntropyTables,
    nominal_magnitude_feature,
)
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.integer_network import IntegerNetwork
from neuralcodec.bitstream.ltp import ANALYSIS_BITS, SYNTHESIS_BITS, LongTermPredictor
from neuralcodec.bitstream.scale_tables import (
    MODULE_SCALES_PER_OCTAVE_Q8,
    fit_pmf_rows,
    module_prior,
    predicted_prior,
    side_prior,
)

HIDDEN = 96


def make_network(rng, layout, bias):
    """A network with small weights, whose outputs scatter around `bias` (in eighths)."""
    return IntegerNetwork(
        rng.integers(-300, 301, (layout.inputs, layout.hidden)).astype(np.int16),
        rng.integers(-(1 << 18), 1 << 18, layout.hidden).astype(np.int32),
        rng.integers(-150, 151, (layout.hidden, layout.outputs)).astype(np.int16),
        (np.broadcast_to(bias, layout.outputs) * (1 << 15)).astype(np.int32),
    )


def make_tables(seed=0, num_modules=3):
    rng = np.random.default_rng(seed)
    side_a, side_b = (make_network(rng, layout, np.repeat([0, 7], 9)) for layout in side_context_layouts())
    rows = fit_pmf_rows(np.zeros((64, 32)), 1e6 * module_prior())
    return EntropyTables(
        side_a=side_a,
        side_b=side_b,
        side_pmf_rows=fit_pmf_rows(np.zeros((128, 32)), 1e6 * side_prior()),
        modules=[
            (make_network(rng, module_context_layout(i == 0, HIDDEN), 24), rows) for i in range(num_modules)
        ],
        magnitude_feature=nominal_magnitude_feature(),
        scales_per_octave_q8=MODULE_SCALES_PER_OCTAVE_Q8,
    )


def make_predictor(hop, coded=None, step=0.7):
    """A predictor with an orthonormal lapped transform and even steps; all symbols are sent, or so many."""
    basis = lapped_basis(hop)[:, :coded]
    weights = (basis * step * 2**SYNTHESIS_BITS, basis / step * 2**ANALYSIS_BITS)
    return LongTermPredictor(*(np.rint(array).astype(np.int16) for array in weights))


def make_predicted_tables(hop, coded, alphabet=32):
    """Tables whose first module has a predictor, which is followed more or less."""
    tables, rng = make_tables(), np.random.default_rng(hop)
    network = make_network(rng, ltp_context_layout(hop, coded, HIDDEN), np.repeat([24, 40, 0], coded))
    rows = fit_pmf_rows(np.zeros((512, alphabet)), 1e6 * predicted_prior(alphabet))
    return dataclasses.replace(tables, modules=[(network, rows, make_predictor(hop, coded)), *tables.modules[1:]])


def make_frames(seed, count, num_modules, spread=1.0, tables=None):
    """Frames of double-exponential symbols that tables can code; with a large spread many of them lie at the limits."""
    rng = np.random.default_rng(seed)

    def draw(columns, scale, limit):
        return np.clip(np.rint(rng.laplace(0, scale * spread, (count, columns))), -limit, limit).astype(np.int8)

    return Frames(draw(16, 3, 31), draw(2, 3, 31),
                   [sent(draw(320, 0.6, 127), i, tables) for i in range(num_modules)])


def sent(symbols, number, tables):
    """Symbols (F, 320) of a module with zeros for those that tables do not send."""
    predictor = tables and tables.modules[number].predictor
    if not predictor:
        return symbols
    return (symbols.reshape(-1, predictor.hop) * (np.arange(predictor.hop) < predictor.coded)).reshape(symbols.shape)


@pytest.fixture(scope="session")
def random_network():
    return make_network


@pytest.fixture(scope="session")
def random_tables():
    return make_tables


@pytest.fixture(scope="session")
def sent_symbols():
    return sent


@pytest.fixture(scope="session")
def random_frames():
    return make_frames


@pytest.fixture(scope="session")
def tables():
    """Tables for three modules."""
    return make_tables()


@pytest.fixture(scope="session")
def random_predictor():
    return make_predictor


@pytest.fixture(scope="session")
def predicted_tables():
    """Tables for three modules, the first with long-term prediction and an alphabet so small that much is escaped."""
    return make_predicted_tables(80, coded=80, alphabet=5)


@pytest.fixture(scope="session")
def slow_predicted_tables():
    """The same with a hop of 10 ms and an ordinary alphabet; only the lower 60 symbols are sent."""
    return make_predicted_tables(160, coded=60)


@pytest.fixture(scope="session")
def small_alphabets(tables):
    """The same with alphabets so small that much is escaped."""
    return dataclasses.replace(
        tables,
        side_pmf_rows=fit_pmf_rows(np.zeros((128, 4)), side_prior(4)),
        modules=[(module.network, fit_pmf_rows(np.zeros((64, 3)), module_prior(3))) for module in tables.modules],
    )


@pytest.fixture(scope="session")
def nested_tables():
    return make_nested_tables


@pytest.fixture(scope="session")
def nested_frames():
    return make_nested_frames
