"""Cascades as data: what is accepted, what is refused, and what each costs in delay."""
import pytest

from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
from neuralcodec.errors import ConfigError


def test_round_trip_through_json_data():
    config = CascadeConfig(lpc="fixed", modules=(ModuleConfig(long_term=True), ModuleConfig(hop=80, lookahead=2)))
    assert CascadeConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize("modules, delay, code_frame_delays", [
    ([dict(hop=320)], 640, (0,)),
    ([dict(hop=320, lookahead=1)], 960, (0,)),
    ([dict(hop=320), dict(hop=80)], 720, (0, 4)),
    ([dict(hop=320), dict(hop=80, lookahead=2)], 960 - 80, (0, 4)),
    ([dict(hop=160), dict(hop=80), dict(hop=80)], 320 + 160 + 80 + 80, (0, 2, 3)),
])
def test_delay_adds_up(modules, delay, code_frame_delays):
    config = CascadeConfig(modules=tuple(ModuleConfig(**module) for module in modules))
    assert config.delay == delay
    assert config.code_frame_delays == code_frame_delays


@pytest.mark.parametrize("data, message", [
    ({"modules": [{"hop": 100}]}, "hop"),
    ({"modules": [{"hop": 320, "width": 3}]}, "width"),
    ({"modules": [{"hop": 320, "encoder_width": -1}]}, "encoder_width"),
    ({"modules": [{"hop": 320, "encoder_width": 1e9}]}, "encoder_width"),
    ({"modules": [{"hop": 320, "noise_fill": 1}]}, "noise_fill"),
    ({"modules": [{"hop": 320, "long_term": "yes"}]}, "long_term"),
    ({"modules": [{"hop": 320}, {"hop": 80, "long_term": True}]}, "first module"),
    ({"modules": [{"hop": 320, "coded_below": 4000}]}, "coded_below"),
    ({"modules": [{"hop": 80, "long_term": True, "coded_below": 4100}]}, "coded_below"),
    ({"modules": [{"hop": 80, "long_term": True, "coded_below": 8500}]}, "coded_below"),
    ({"modules": [{"hop": 80, "long_term": True, "coded_below": 0}]}, "coded_below"),
    ({"modules": [{"hop": 80, "long_term": True, "coded_below": 4000.0}]}, "coded_below"),
    ({"modules": [{"hop": 320}], "lpc": "maybe"}, "lpc"),
    ({"modules": [{"hop": 320}], "bits": 3}, "bits"),
    ({"modules": [{"hop": 320}], "noise_above": 4100}, "noise_above"),
    ({"modules": [{"hop": 320}], "noise_above": 8000}, "noise_above"),
    ({"modules": [{"hop": 320}], "noise_above": 4000.0}, "noise_above"),
    ({"modules": []}, "modules"),
    ({"modules": [{"hop": 320}, {"hop": 320, "lookahead": 1}]}, "60 ms"),
    ({"modules": "many"}, "modules"),
    ([], "modules"),
])
def test_refuses_with_a_sentence(data, message):
    with pytest.raises(ConfigError, match=message):
        CascadeConfig.from_dict(data)
