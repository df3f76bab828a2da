"""Configurations of nested cascades: what they mean, and which are refused."""

import pytest

from neuralcodec.architecture.config import CascadeConfig
from neuralcodec.architecture.nested import NestedConfig, NestedModule, read_config
from neuralcodec.errors import ConfigError

THREE = (NestedModule(2500), NestedModule(5000), NestedModule(8000))


def test_json_and_back():
    config = NestedConfig(modules=THREE, noise_above=3000)
    assert NestedConfig.from_dict(config.to_dict()) == config == read_config(config.to_dict())


def test_the_kind_of_cascade_follows_from_its_settings():
    assert isinstance(read_config(CascadeConfig().to_dict()), CascadeConfig)


def test_coefficients_and_delay():
    config = NestedConfig(modules=THREE)
    assert config.coded == (50, 100, 160) and config.delay == 800
    assert NestedConfig(hop=80, modules=THREE, lookahead=4).coded == (25, 50, 80)


@pytest.mark.parametrize("settings, message", [
    ({"lpc": "some"}, "`lpc` must be one of"),
    ({"hop": 320}, "`hop` must be one of"),
    ({"modules": []}, "1 to 4 modules"),
    ({"modules": [{}] * 5}, "1 to 4 modules"),
    ({"modules": [{"coded_below": 5000}, {"coded_below": 2500}]}, "at least what those before"),
    ({"modules": [{"coded_below": 2600}]}, "multiple of 500"),
    ({"modules": [{"hop": 80}]}, "Unknown module setting 'hop'"),
    ({"modules": "three"}, "a list"),
    ({"lookahead": 4}, "60 ms"),
    ({"encoder_width": -1}, "'encoder_width'"),
    ({"encoder_width": 10**10}, "'encoder_width'"),
    ({"noise_above": 4100}, "noise_above"),
    ({"depth": 3}, "Unknown model setting 'depth'"),
])
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        NestedConfig.from_dict({**NestedConfig(modules=THREE).to_dict(), **settings})
