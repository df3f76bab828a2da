"""Losses as networks have them: in bursts."""

import numpy as np

from neuralcodec.errors import ConfigError

MEAN_BURST = 2.0  # packets


def gilbert_elliott(count, rate, seed=0, mean_burst=MEAN_BURST):
    """Which packets of a stream are lost.

    A network is in a good state, in which nothing is lost, or in a bad one, in which everything is. How long it stays
    in either has a geometric distribution.

    Args:
        count: number of packets.
        rate: share of packets that are lost in the long run, 0 to 0.5.
        seed: of the random numbers.
        mean_burst: mean length of a bad state in packets, at least 1.

    Returns:
        bool (count,).

    Raises:
        ConfigError: a value out of its range.

    Example:
        >>> lost = gilbert_elliott(len(packets), 0.05)
        >>> received = [None if gone else packet for gone, packet in zip(lost, packets)]

    References: Gilbert, "Capacity of a burst-noise channel", BSTJ 1960; Elliott, "Estimates of error rates for codes on
    burst-noise channels", BSTJ 1963.
    """
    if not 0 <= rate <= 0.5 or mean_burst < 1:
        raise ConfigError("Packets are lost at a rate of 0 to 0.5, in bursts of 1 or more on average; got "
                          f"{rate!r} and {mean_burst!r}.")
    rng, lost = np.random.default_rng(seed), np.zeros(count, bool)
    leave, enter = 1 / mean_burst, rate / (1 - rate) / mean_burst
    bad = rng.random() < rate
    for number in range(count):
        lost[number] = bad
        bad = rng.random() >= leave if bad else rng.random() < enter
    return lost
