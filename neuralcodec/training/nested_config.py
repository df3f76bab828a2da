"""A training run of a nested cascade as data: one JSON file that leads from nothing to all its presets."""
from dataclasses import asdict, dataclass, field

from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.errors import ConfigError
from neuralcodec.training.config import TrainingConfig, check_keys, config_path, read_json
from neuralcodec.zoo.metadata import is_name

WHOLE = "*"  # in `pace`: every part that is not named


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
        adversarial: weight of a discriminator that hears no original; 0 for none.
    """

    name: str
    steps: int
    prefixes: tuple
    kbps: tuple
    rate_weight: tuple = ()
    pace: dict = field(default_factory=dict)
    learning_rate: float = 1e-3
    final_learning_rate: float = 2e-5
    warmup: int = 200
    weighted: float = 0.4
    disturbance: float = 1.5
    intelligibility: float = 1.5
    adversarial: float = 0.0


@dataclass(frozen=True)
class PrefixPreset:
    """A preset that is made of the first modules of a trained cascade.

    Args:
        name: of the preset.
        description: one line for `neuralcodec presets`.
        modules: how many.
        kbps: nominal bitrate; all step sizes are scaled to it.
    """

    name: str
    description: str
    modules: int
    kbps: float


@dataclass(frozen=True)
class NestedTrainingConfig:
    """Everything a run depends on besides the speech.

    Args:
        name: of the run.
        model: NestedConfig.
        phases: module by module, then jointly, then against a discriminator.
        presets: PrefixPresets, what is made of the trained cascade.
        seed: of the weights, the clips and their levels.
        batch_size: clips a step.
        clip_frames: 20 ms frames of a clip that count in the loss.
        rate_folders: patterns of folder names; the files in them are the read speech that sets the rate (all if empty).
        leave_out: patterns of folder names; the files in them are not trained on.
        epoch_steps: steps between log lines and checkpoints.
    """

    name: str
    model: NestedConfig
    phases: tuple
    presets: tuple = ()
    seed: int = 1
    batch_size: int = 12
    clip_frames: int = 30
    rate_folders: tuple = ()
    leave_out: tuple = ()
    epoch_steps: int = 250

    def to_dict(self):
        return {**asdict(self), "model": self.model.to_dict(), "phases": [asdict(phase) for phase in self.phases]}

    @classmethod
    def from_dict(cls, data):
        """Builds a configuration from JSON data.

        Raises:
            ConfigError: a key is unknown or missing, or its value is of no use.
        """
        check_keys(data, cls, "training setting")
        for kind, key, what in ((NestedPhase, "phases", "phase setting"), (PrefixPreset, "presets", "preset setting")):
            if not isinstance(data.get(key), (list, tuple)) or not data[key]:
                raise ConfigError(f'A training configuration needs at least one object in "{key}".')
            for part in data[key]:
                check_keys(part, kind, what)
        lists = ("prefixes", "kbps", "rate_weight")
        try:
            phases = tuple(NestedPhase(**{**phase, **{name: tuple(phase.get(name, ())) for name in lists}})
                           for phase in data["phases"])
            config = cls(**{**data, "model": NestedConfig.from_dict(data.get("model")), "phases": phases,
                            "presets": tuple(PrefixPreset(**preset) for preset in data["presets"]),
                            **{name: tuple(data.get(name, ())) for name in ("rate_folders", "leave_out")}})
        except TypeError as error:
            raise ConfigError(f"The training configuration lacks a setting: {error}.") from None
        config.check()
        return config

    def check(self):
        """Makes sure that the cascade can go through all phases, and that all presets can be made of it.

        Raises:
            ConfigError: it cannot.
        """
        count = len(self.model.modules)
        for phase in self.phases:
            if not 1 <= len(phase.prefixes) <= count or len(phase.kbps) != len(phase.prefixes) or phase.steps < 1:
                raise ConfigError(f"Phase {phase.name!r} must have at least one step, and a share and a bitrate for "
                                  f"each of 1 to {count} prefixes.")
            numbers = (*phase.prefixes, *phase.kbps, *phase.rate_weight, *phase.pace.values())
            usable = all(isinstance(number, (int, float)) and number >= 0 for number in numbers)
            if not usable or not sum(phase.prefixes) or not all(phase.kbps):
                raise ConfigError(f"Phase {phase.name!r} has shares, bitrates, weights or paces that are no numbers "
                                  "of at least 0.")
        if not self.phases[0].rate_weight:
            raise ConfigError('The first phase needs a "rate_weight".')
        for preset in self.presets:
            if not is_name(preset.name) or not 1 <= preset.modules <= count or not preset.kbps > 0:
                raise ConfigError(f"A preset needs a name of letters, digits, '.', '_' and '-', 1 to {count} modules "
                                  f"and a bitrate; got {preset}.")


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
