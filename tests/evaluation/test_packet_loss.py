"""Losses come at the wanted rate, in bursts of the wanted length."""

import numpy as np
import pytest

from neuralcodec.errors import ConfigError
from neuralcodec.evaluation.packet_loss import gilbert_elliott


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("burst", [1.5, 3.0])
def test_rate_and_length_of_bursts(rate, burst):
    lost = gilbert_elliott(200000, rate, seed=1, mean_burst=burst)
    starts = np.count_nonzero(lost & ~np.concatenate([[False], lost[:-1]]))
    assert lost.mean() == pytest.approx(rate, rel=0.1)
    assert lost.sum() / starts == pytest.approx(burst, rel=0.05)


def test_none_and_the_same_again():
    assert not gilbert_elliott(1000, 0).any() and len(gilbert_elliott(0, 0.1)) == 0
    np.testing.assert_array_equal(gilbert_elliott(1000, 0.1, seed=5), gilbert_elliott(1000, 0.1, seed=5))


@pytest.mark.parametrize("rate, burst", [(-0.1, 2), (0.6, 2), (float("nan"), 2), (0.1, 0.5)])
def test_wrong_values_are_refused(rate, burst):
    with pytest.raises(ConfigError):
        gilbert_elliott(10, rate, mean_burst=burst)
