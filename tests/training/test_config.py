"""Training configurations: what is refused says which setting is wrong."""
import json

import pytest

from neuralcodec.errors import ConfigError
from neuralcodec.training.config import Phase, TrainingConfig


def test_round_trip_through_json(toy_config):
    config = TrainingConfig.read(toy_config)
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("change, message", [
    ({"kpbs": 3}, "kpbs"),
    ({"phases": []}, "phase"),
    ({"phases": [{"name": "x", "steps": 1, "modules": 1, "speed": 2}]}, "speed"),
    ({"phases": [{"name": "x", "steps": 1, "modules": 3}]}, "1 to 2 modules"),
    ({"phases": [{"name": "x", "steps": 0, "modules": 1}]}, "at least one step"),
    ({"phases": [{"name": "x", "modules": 1}]}, "steps"),
    ({"model": {"lpc": "no"}}, "modules"),
])
def test_refuses_with_a_sentence(toy_config, change, message):
    data = {**json.loads(toy_config.read_text()), **change}
    with pytest.raises(ConfigError, match=message):
        TrainingConfig.from_dict(data)


@pytest.mark.parametrize("content", [None, "{", "[]", "\xff"])
def test_refuses_files_that_hold_no_configuration(tmp_path, content):
    path = tmp_path / "c.json"
    if content is not None:
        path.write_text(content, encoding="latin-1")
    with pytest.raises(ConfigError):
        TrainingConfig.read(path)


@pytest.mark.parametrize("train, codes", [((), True), (("lpc",), True), (("noise", "module_1"), True),
                                          (("noise",), False), (("noise", "entropy"), False)])
def test_a_phase_codes_if_it_trains_what_spends_bits(train, codes):
    assert Phase("p", 1, 2, train).codes == codes
