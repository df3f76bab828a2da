"""What fine-tuning makes of either kind of preset: what learns, by which losses, at which rates."""
import json
from types import SimpleNamespace

import pytest
from nested_cascades import NESTED

from neuralcodec import Codec
from neuralcodec.errors import ConfigError
from neuralcodec.training.config import TrainingConfig
from neuralcodec.training.nested_config import NestedTrainingConfig, find_config
from neuralcodec.training.tunable import tunable

NESTED_PHASE = {"name": "joint", "steps": 4, "prefixes": [0.5, 0.3, 0.2], "kbps": [9, 15, 24], "warmup": 0,
                "rate_weight": [0.06], "weighted": 0.7, "disturbance": 0.9, "intelligibility": 1.1, "adversarial": 0.03}


def phase_of(preset, freeze=(), **settings):
    """The one phase of fine-tuning, after a round trip through JSON as metadata has it."""
    base = tunable(preset)
    config = base.config(freeze, 1e-4, 2, None, 1, **settings)
    assert base.CONFIG.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    phase, = config.phases
    return phase


def nested_preset(name="three modules", phases=(NESTED_PHASE,), **training):
    """As far as fine-tuning looks at a preset before it reads the weights."""
    config = NESTED[name]
    run = {**find_config("cascade").to_dict(), "model": NESTED["three modules"].to_dict(), "phases": list(phases)}
    metadata = {"description": "Nested", "kbps": 24.0, "license": "MIT", "training": {"config": run, **training}}
    return SimpleNamespace(name="nested", config=config, metadata=metadata)


@pytest.mark.parametrize("freeze, modules, learning", [
    ((), 1, ("lpc", "module_0")),
    ("lpc", 1, ("module_0",)),
    ("module_0", 2, ("lpc", "module_1")),
    (("lpc", "module_0"), 2, ("module_1",)),
])
def test_the_second_module_learns_only_where_the_first_does_not(codec, freeze, modules, learning):
    phase = phase_of(codec.preset, freeze)
    assert (phase.modules, tuple(part for part in phase.train if part != "noise")) == (modules, learning)
    assert ("noise" in phase.train) == bool(codec.preset.config.noise_above)


def test_losses_and_weight_of_the_rate_are_those_that_taught_it_to_code():
    preset = Codec.from_pretrained("cq-9k").preset
    *_, last, entropy = preset.metadata["training"]["config"]["phases"]
    assert entropy["train"] == ["entropy"] and last["intelligibility"] != entropy["intelligibility"]
    phase = phase_of(preset)
    for name in ("weighted", "disturbance", "intelligibility"):
        assert getattr(phase, name) == last[name]
    assert phase.rate_weight == preset.metadata["training"]["rate_weight"]


def test_a_preset_that_tells_nothing_has_default_losses(codec):
    assert "training" not in codec.preset.metadata
    assert phase_of(codec.preset).rate_weight == TrainingConfig.rate_weight


def test_all_prefixes_are_tuned_at_once():
    entropy = {**NESTED_PHASE, "weighted": 0.1, "pace": {"*": 0, "noise": 1, "entropy_0": 1}}
    phase = phase_of(nested_preset(phases=(NESTED_PHASE, entropy), rate_weight=[0.05, 0.005, 0.02]))
    assert phase.prefixes == (0.5, 0.3, 0.2) and phase.pace == {} and phase.codes
    assert (phase.weighted, phase.disturbance, phase.intelligibility, phase.adversarial) == (0.7, 0.9, 1.1, 0.0)
    assert phase.rate_weight == (0.05, 0.005, 0.02)


def test_a_preset_of_the_first_modules_has_the_weights_of_those_after_them():
    """In the cascade that it is of, what a module sends counts in the rate of every prefix that it is in."""
    preset = nested_preset("one module, no LPC", rate_weight=[0.05, 0.005, 0.02])
    phase = phase_of(preset)
    assert phase.prefixes == (0.5,) and phase.rate_weight == pytest.approx((0.075,)) and len(phase.kbps) == 1
    assert tunable(preset).config((), 1e-4, 2, "mine", 1).presets[0].modules == 1


@pytest.mark.parametrize("reached", [None, 0.05, [0.05], [0.05, 0.0, 0.02], [0.05, "a lot", 0.02], [0.05, True, 0.02]])
def test_a_stranger_may_tell_no_weights(reached):
    first, *later = phase_of(nested_preset(rate_weight=reached)).rate_weight
    assert len(later) == 2 and 0 < max(later) < first


@pytest.mark.parametrize("phases", [(), ({**NESTED_PHASE, "prefixes": [1], "kbps": [9]},),
                                    ({**NESTED_PHASE, "prefixes": [0, 0, 1]},), ("joint",)])
def test_no_prefix_is_left_out(phases):
    assert phase_of(nested_preset(phases=phases)).prefixes == (1, 1, 1)


@pytest.mark.parametrize("freeze, codes", [("lpc", True), (("lpc", "encoder", "steps", "bins", "decoder"), False)])
def test_parts_of_a_nested_preset_can_be_frozen(freeze, codes):
    phase = phase_of(nested_preset(), freeze)
    assert phase.pace == dict.fromkeys([freeze] if isinstance(freeze, str) else freeze, 0.0) and phase.codes == codes


def test_parts_are_those_that_the_cascade_has():
    assert tunable(nested_preset()).parts == (
        "lpc", "encoder", "steps", "bins", "decoder", "noise", "entropy_0", "entropy_1", "entropy_2")
    silent = tunable(nested_preset("two modules of one band, fixed LPC"))
    assert "noise" not in silent.parts and "entropy_1" in silent.parts
    with pytest.raises(ConfigError, match="some of the parts lpc, encoder.*'module_0' is none"):
        phase_of(nested_preset(), "module_0")
    with pytest.raises(ConfigError, match="nothing is left to learn"):
        phase_of(nested_preset(), tunable(nested_preset()).parts)


def test_a_tuned_nested_preset_is_told_of_as_a_run():
    preset = nested_preset()
    config = tunable(preset).config((), 1e-4, 2, None, 3, {"languages": ["de"]})
    assert isinstance(config, NestedTrainingConfig)
    assert (config.name, config.start, config.seed) == ("nested-tuned", "nested", 3)
    told, = config.presets
    assert (told.name, told.description, told.modules, told.kbps) == ("nested-tuned", "Nested", 3, 24.0)
    assert config.model == preset.config and config.speech == {"languages": ["de"]}
