"""Training configurations: what is refused says which setting is wrong."""
import json
import re
from dataclasses import MISSING, fields

import pytest

from neuralcodec.errors import ConfigError
from neuralcodec.training.config import Phase, TrainingConfig, bundled_configs
from neuralcodec.training.nested_config import find_config


def test_round_trip_through_json(toy_config):
    config = TrainingConfig.read(toy_config)
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_what_is_for_people_only_makes_no_difference(toy_config_data):
    config = TrainingConfig.from_dict(toy_config_data)
    speech = {"corpora": [{"name": "My own voice"}], "hours": 1, "languages": ["en"], "licence": "CC0-1.0"}
    other = TrainingConfig.from_dict({**toy_config_data, "comment": "For me.", "speech": speech})
    assert other == config and other.speech == speech
    assert json.loads(json.dumps(other.to_dict()))["speech"] == speech and config.to_dict()["speech"] == {}


def test_every_key_is_documented():
    from neuralcodec.training import config

    for cls in (TrainingConfig, Phase):
        for setting in fields(cls):
            assert re.search(rf"^    (\w+ \[.*\], )?{setting.name} ", config.__doc__, re.MULTILINE), setting.name
            if setting.default not in (MISSING, ()):
                number = json.dumps(setting.default).removesuffix(".0")
                assert re.search(rf"\b{setting.name} \[{re.escape(number)}(\.0)?\]", config.__doc__), setting.name


def test_configurations_come_with_the_package():
    for name, path in bundled_configs().items():
        config = find_config(name)
        assert config.name == name and config == find_config(path)
        if isinstance(config, TrainingConfig):
            assert bool(config.start) == bool(config.comment)  # it says where the start comes from
    assert TrainingConfig.find("quick").start == ""


@pytest.mark.parametrize("name, message", [("quik", "did you mean 'quick'"), ("CQ-24K.json", "did you mean 'cq-24k'"),
                                           ("zzz", "known are cascade, cascade-cmrl, cmrl-16k, ")])
def test_a_wrong_name_is_one_sentence(name, message):
    with pytest.raises(ConfigError, match=f"There is no training configuration '{name}', .*; {message}"):
        TrainingConfig.find(name)


@pytest.mark.parametrize("change, message", [
    ({"kpbs": 3}, "Unknown training setting 'kpbs'; did you mean 'kbps'?"),
    ({"phases": []}, "phase"),
    ({"phases": [{"name": "x", "steps": 1, "modules": 1, "speed": 2}]}, "Unknown phase setting 'speed'; known are"),
    ({"phases": [{"name": "x", "steps": 1, "modules": 1, "train": ["module_7"]}]}, "did you mean 'module_1'?"),
    ({"phases": [{"name": "x", "step": 1, "modules": 1}]}, "did you mean 'steps'?"),
    ({"phases": [{"name": "x", "steps": 1, "modules": 1, "train": "lpc"}]}, "'train' must be a list of text"),
    ({"phases": [{"name": "x", "steps": 1, "modules": 1, "learning_rate": 0}]}, "learning rate above 0"),
    ({"phases": [3]}, "Unknown phase setting '3'"),
    ({"rate_folders": "read"}, "'rate_folders' must be a list of text; got 'read'"),
    ({"leave_out": [3]}, "'leave_out' must be a list of text"),
    ({"kbps": float("inf")}, "'kbps' must be a number"),
    ({"seed": 1.5}, "'seed' must be a whole number"),
    ({"speech": {"corpus": "mine"}}, "Unknown key of \"speech\" 'corpus'; did you mean 'corpora'?"),
    ({"speech": {"languages": "en"}}, "\"languages\" in \"speech\" must be a list of ISO 639 codes"),
    ({"speech": "mine"}, "speech"),
    ({"model": {"lpc": "trained", "modules": [{"hopp": 160}]}}, "Unknown module setting 'hopp'; did you mean 'hop'?"),
    ({"phases": [{"name": "x", "steps": 1, "modules": 3}]}, "1 to 2 modules"),
    ({"phases": [{"name": "x", "steps": 0, "modules": 1}]}, "at least one step"),
    ({"phases": [{"name": "x", "modules": 1}]}, "lacks the phase setting 'steps'"),
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
