"""From a trained cascade to the integers that write its files: entropy tables fitted once, after training."""
import numpy as np

from neuralcodec.architecture.layout import CONTEXT_SIZES
from neuralcodec.bitstream.entropy_tables import EntropyTables, nominal_magnitude_feature
from neuralcodec.bitstream.integer_network import OUTPUT_ONE, IntegerNetwork
from neuralcodec.bitstream.ltp import ANALYSIS_BITS, SYNTHESIS_BITS, LongTermPredictor
from neuralcodec.bitstream.nested_tables import SLOPE_BITS, NestedModuleTables, NestedTables
from neuralcodec.bitstream.payloads import count_symbols
from neuralcodec.bitstream.scale_tables import (
    MODULE_SCALES_PER_OCTAVE_Q8,
    fit_pmf_rows,
    module_prior,
    nested_prior,
    predicted_prior,
    side_prior,
)
from neuralcodec.model.nested import NestedCascade
from neuralcodec.model.nested_entropy import RefinementContext

WEIGHT_ONE, BIAS_ONE = 1 << 12, 1 << 18  # fixed point: weights in 1/4096, biases in 1/(64 * 4096)
PRIOR_COUNT = 200.0  # symbols' worth of trust in the logistic shape that the networks were trained with


def integer_network(network):
    """Rounds a trained ContextNetwork to integers; its hidden units are clipped already."""
    layers = (network.hidden, network.out)
    return IntegerNetwork(*(part for layer in layers for part in (fixed_point(layer.kernel, WEIGHT_ONE, np.int16),
                                                                  fixed_point(layer.bias, BIAS_ONE, np.int32))))


def fixed_point(values, one, kind):
    """Floats -> integers in units of 1 / one, saturated."""
    limits = np.iinfo(kind)
    return np.clip(np.rint(np.asarray(values, np.float64) * one), limits.min, limits.max).astype(kind)


def nominal_tables(cascade):
    """Tables with the logistic distributions of training: what the rate estimate assumes."""
    return _tables(cascade, *(fit_pmf_rows(0 * prior, prior) for prior in priors(cascade)))


def fit_tables(cascade, recordings):
    """Fits every distribution to the symbols that chose it.

    Args:
        cascade: a trained Cascade.
        recordings: list of Frames of training speech, one for each recording.

    Returns:
        EntropyTables.
    """
    nominal = nominal_tables(cascade)
    counts = [sum(parts) for parts in zip(*(count_symbols(frames, nominal) for frames in recordings))]
    pairs = zip(counts, priors(cascade))
    return _tables(cascade, *(fit_pmf_rows(count, PRIOR_COUNT * prior) for count, prior in pairs))


def priors(cascade):
    """The logistic distributions of the side information and of each module."""
    if isinstance(cascade, NestedCascade):
        return [side_prior(), *[nested_prior()] * len(cascade.contexts)]
    modules = [predicted_prior() if module.config.long_term else module_prior() for module in cascade.chain]
    return [side_prior(), *modules]


def predictor(module):
    """The long-term predictor of a trained module, in integers; None if it has none."""
    if not module.config.long_term:
        return None
    coded = module.config.coded
    basis = np.asarray(module.basis, np.float64)[:, :coded]
    step = np.exp(np.asarray(module.log_step, np.float64)[:coded])
    return LongTermPredictor(fixed_point(basis * step, 1 << SYNTHESIS_BITS, np.int16),
                             fixed_point(basis / step, 1 << ANALYSIS_BITS, np.int16))


def nested_module(context, pmf_rows):
    """The tables of a trained module of a nested cascade."""
    slope, shift = np.zeros((CONTEXT_SIZES, 0)), np.zeros((CONTEXT_SIZES, 0))
    if isinstance(context, RefinementContext):
        slope, shift = context.slope, OUTPUT_ONE * np.asarray(context.shift, np.float64)
    return NestedModuleTables(integer_network(context.network), pmf_rows, fixed_point(slope, 1 << SLOPE_BITS, np.int16),
                              fixed_point(shift, 1 << SLOPE_BITS, np.int32))


def _tables(cascade, side_pmf_rows, *module_pmf_rows):
    side = cascade.side_context
    if isinstance(cascade, NestedCascade):
        modules = [nested_module(context, pmf_rows) for context, pmf_rows in zip(cascade.contexts, module_pmf_rows)]
        return NestedTables(integer_network(side.first), integer_network(side.second), side_pmf_rows, modules,
                            nominal_magnitude_feature(), MODULE_SCALES_PER_OCTAVE_Q8, cascade.config.hop)
    modules = [(integer_network(module.context.network), pmf_rows, predictor(module))
               for module, pmf_rows in zip(cascade.chain, module_pmf_rows)]
    return EntropyTables(integer_network(side.first), integer_network(side.second), side_pmf_rows, modules,
                         nominal_magnitude_feature(), MODULE_SCALES_PER_OCTAVE_Q8)
