"""A training run of a nested cascade as data: one JSON file that leads from nothing to all its presets."""
from dataclasses import asdict, dataclass, field
from typing import ClassVar

from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.errors import ConfigError, unknown_name
from neuralcodec.training.config import (
    LPC,
    NOISE,
    NUMBERS,
    PACES,
    TrainingConfig,
    build,
    build_each,
    check_name,
    check_positive,
    check_values,
    config_path,
    read_json,
)
from neuralcodec.zoo.speech import check_speech

WHOLE = "*"  # in `pace`: every part that is not named
STEPS = "steps"
PARTS = (LPC, "encoder", STEPS, "bins", "decoder", NOISE)  # besides "entropy_0", "entropy_1", ...


@dataclass(frozen=True)
class NestedPhase:
    """One stretch of training with one learning-rate schedule.

    Args:
        name: for logs and checkpoints.
        steps: gradient steps.
        prefixes: how probable it is that a clip is decoded with 1, 2, ... modules. Modules after the last do not run.
        kbps: target bitrate of each of these prefixes, side information included.
        rate_weight: weight of a kbps of each prefix in the loss at the start; empty to go on with those of the phase
            before.
        pace: learning rate of parts of the cascade relative to the others; 0 for those that do not learn; "*" for all
            that are not named.
        learning_rate, final_learning_rate: start and end of a cosine.
        warmup: steps over which the rate rises from zero.
        weighted, disturbance: weights of the LPC-weighted error and the loudness disturbance, beside 1 for log-mel.
        intelligibility: weight of what the envelopes of the bands lack in correlation with the original's.
        similarity: weight of what spectrograms lack in likeness with the original's (NSIM).
        adversarial: weight of a discriminator that hears no original; 0 for none.
    """

    name: str
    steps: int
    prefixes: NUMBERS
    kbps: NUMBERS
    rate_weight: NUMBERS = ()
    pace: PACES = field(default_factory=dict)
    learning_rate: float = 1e-3
    final_learning_rate: float = 2e-5
    warmup: int = 200
    weighted: float = 0.4
    disturbance: float = 1.5
    intelligibility: float = 1.5
    similarity: float = 0.0
    adversarial: float = 0.0

    @property
    def codes(self):
        """Whether it trains what spends bits, and not only the noise or the entropy models."""
        return any(self.pace.get(part, self.pace.get(WHOLE, 1.0)) for part in PARTS if part != NOISE)


@dataclass(frozen=True)
class PrefixPreset:
    """A preset that is made of the first modules of a trained cascade.

    Args:
        name: of the preset.
        description: one line for `neuralcodec presets`.
        modules: how many.
        kbps: nominal bitrate; all step sizes are scaled to it.
        revision: of the preset: one more each time that new weights take the name of old ones.
    """

    name: str
    description: str
    modules: int
    kbps: float
    revision: int = 1


@dataclass(frozen=True)
class NestedTrainingConfig:
    """Everything a run depends on besides the speech.

    Args:
        name: of the run.
        model: NestedConfig.
        phases: module by module, then jointly, then against a discriminator.
        presets: PrefixPresets, what is made of the trained cascade.
        start: preset (name or folder) or checkpoint (.weights.h5) of a cascade with these modules first, to start from;
            empty to start from scratch.
        comment: for people, such as which run `start` comes from.
        seed: of the weights, the clips and their levels.
        batch_size: clips a step.
        clip_frames: 20 ms frames of a clip that count in the loss.
        rate_folders: patterns of folder names; the files in them are the read speech that sets the rate (all if empty).
        leave_out: patterns of folder names; the files in them are not trained on.
        speech: what the presets learn from, and their licence, for the model cards: see `neuralcodec.zoo.speech`.
        epoch_steps: steps between log lines and checkpoints.
    """

    name: str
    model: NestedConfig
    phases: tuple
    presets: tuple = ()
    start: str = ""
    comment: str = ""
    seed: int = 1
    batch_size: int = 12
    clip_frames: int = 30
    rate_folders: tuple = ()
    leave_out: tuple = ()
    speech: dict = field(default_factory=dict, compare=False)
    epoch_steps: int = 250
    rate_weight: ClassVar[tuple] = ()  # the first phase has those at the start

    def to_dict(self):
        """Plain data for JSON, that `from_dict` reads."""
        return {**asdict(self), "model": self.model.to_dict(), "phases": [asdict(phase) for phase in self.phases]}

    @classmethod
    def from_dict(cls, data):
        """Builds a configuration from JSON data.

        Raises:
            ConfigError: a key is unknown or missing, or its value is of no use.
        """
        if not isinstance(data, dict):
            raise ConfigError("A training configuration is a JSON object.")
        config = build(cls, {**data, "model": NestedConfig.from_dict(data.get("model")),
                             "phases": build_each(NestedPhase, data, "phase"),
                             "presets": build_each(PrefixPreset, data, "preset")}, "training setting")
        check_nested_config(config)
        return config


def check_nested_config(config):
    """Makes sure that a run can follow a configuration.

    Args:
        config: NestedTrainingConfig.

    Raises:
        ConfigError: it cannot.
    """
    check_values(config)
    check_speech(config.speech)
    check_positive(config, "batch_size", "clip_frames", "epoch_steps")
    for phase in config.phases:
        check_nested_phase(phase, config.model)
    if not config.phases[0].rate_weight:
        raise ConfigError('The first phase needs a "rate_weight".')
    for preset in config.presets:
        check_values(preset)
        check_name(preset.name)
        check_positive(preset, "modules", "kbps", "revision")
        if preset.modules > len(config.model.modules):
            raise ConfigError(f"The preset {preset.name!r} must have 1 to {len(config.model.modules)} modules.")


def part_names(model):
    """What `pace` can name: the parts of a cascade, of a NestedConfig."""
    return (*PARTS, *(f"entropy_{number}" for number in range(len(model.modules))))


def check_nested_phase(phase, model):
    """Makes sure that a cascade can go through a phase.

    Args:
        phase: NestedPhase.
        model: NestedConfig.

    Raises:
        ConfigError: it cannot.
    """
    check_values(phase)
    count = len(model.modules)
    if not 1 <= len(phase.prefixes) <= count or len(phase.kbps) != len(phase.prefixes) or phase.steps < 1:
        raise ConfigError(f"Phase {phase.name!r} must have at least one step, and a share and a bitrate for each of 1 "
                          f"to {count} prefixes.")
    if not sum(phase.prefixes) or not all(phase.kbps) or not phase.learning_rate:
        raise ConfigError(f"Phase {phase.name!r} must have some share, bitrates and a learning rate above 0.")
    parts = (WHOLE, *part_names(model))
    unknown = [part for part in phase.pace if part not in parts]
    if unknown:
        raise ConfigError(f"`pace` of phase {phase.name!r} names {unknown[0]!r}; {unknown_name(unknown[0], parts)}")


def find_config(name_or_path):
    """Reads a configuration of either kind: one that comes with the package, by its name, or a file.

    Returns:
        TrainingConfig or NestedTrainingConfig.

    Raises:
        ConfigError: there is none, or it cannot be used.

    Example:
        >>> find_config("cascade").model.modules
    """
    data = read_json(config_path(name_or_path))
    nested = isinstance(data, dict) and isinstance(data.get("model"), dict) and "hop" in data["model"]
    return (NestedTrainingConfig if nested else TrainingConfig).from_dict(data)
