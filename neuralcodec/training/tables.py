"""From a trained cascade to the integers that write its files: entropy tables fitted once, after training."""
import numpy as np

from neuralcodec.bitstream.context import IntegerNetwork
from neuralcodec.bitstream.ladder import MODULE_LEVELS_PER_OCTAVE_Q8, fit_rows, module_prior, side_prior
from neuralcodec.bitstream.payloads import count_symbols
from neuralcodec.bitstream.tables import EntropyTables, nominal_magnitude_feature

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
    return _tables(cascade, fit_rows(0 * side_prior(), side_prior()),
                   [fit_rows(0 * module_prior(), module_prior()) for _ in cascade.chain])


def fit_tables(cascade, recordings):
    """Fits every distribution to the symbols that chose it.

    Args:
        cascade: a trained Cascade.
        recordings: list of Packets of training speech, one for each recording.

    Returns:
        EntropyTables.
    """
    nominal = nominal_tables(cascade)
    counts = [sum(parts) for parts in zip(*(count_symbols(packets, nominal) for packets in recordings))]
    return _tables(cascade, fit_rows(counts[0], PRIOR_COUNT * side_prior()),
                   [fit_rows(count, PRIOR_COUNT * module_prior()) for count in counts[1:]])


def _tables(cascade, side_rows, module_rows):
    side = cascade.side_context
    networks = [integer_network(module.context.network) for module in cascade.chain]
    return EntropyTables(integer_network(side.first), integer_network(side.second), side_rows,
                         list(zip(networks, module_rows)), nominal_magnitude_feature(), MODULE_LEVELS_PER_OCTAVE_Q8)
