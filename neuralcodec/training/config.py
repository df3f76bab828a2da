"""A training run as data: one JSON file from which `neuralcodec train` reproduces a preset."""
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from neuralcodec.architecture.config import CascadeConfig
from neuralcodec.errors import ConfigError
from neuralcodec.zoo.metadata import is_name

LPC, NOISE, ENTROPY = "lpc", "noise", "entropy"  # in `train`: LPC, the level of noise, the modules' entropy models


@dataclass(frozen=True)
class Phase:
    """One stretch of training with one learning-rate schedule.

    Args:
        name: for logs and checkpoints.
        steps: gradient steps.
        modules: how many residual modules run.
        train: what learns: "lpc", "noise", "module_0", ...; "entropy" for the entropy models of all modules that run,
            without what they code; empty for everything that runs.
        learning_rate, final_learning_rate: start and end of a cosine.
        warmup: steps over which the rate rises from zero.
        later_pace: learning rate of modules after the first, relative to the first's. What they can add to a good
            first module is small, and at its rate they do harm while they learn.
        kbps: target bitrate, if it differs from the run's.
        rate_weight: weight of a kbps in the loss at the start; 0 to go on with that of the phase before.
        weighted, disturbance: weights of the LPC-weighted error and the loudness disturbance, beside 1 for log-mel.
        intelligibility: weight of what the envelopes of the bands lack in correlation with the original's.
        adversarial: weight of a discriminator that hears no original; 0 for none.
    """

    name: str
    steps: int
    modules: int
    train: tuple = ()
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-3
    warmup: int = 200
    later_pace: float = 1.0
    kbps: float = 0.0
    rate_weight: float = 0.0
    weighted: float = 0.3
    disturbance: float = 1.2
    intelligibility: float = 0.0
    adversarial: float = 0.0

    @property
    def codes(self):
        """Whether it trains what spends bits, and not only the noise or the entropy models."""
        return not self.train or bool(set(self.train) - {NOISE, ENTROPY})


@dataclass(frozen=True)
class TrainingConfig:
    """Everything a run depends on besides the speech.

    Args:
        name: the preset's name.
        description: one line for `neuralcodec presets`.
        kbps: nominal bitrate of the preset.
        model: the cascade.
        phases: greedy phases module by module, then joint ones.
        start: preset (name or folder) or checkpoint (.weights.h5) to start from; empty to start from scratch.
        seed: of the weights, the clips and their levels.
        batch_size: clips a step.
        clip_frames: 20 ms frames of a clip that count in the loss.
        rate_folders: patterns of folder names; the files in them are the read speech that sets the rate (all if empty).
        leave_out: patterns of folder names; the files in them are not trained on.
        rate_weight: weight of a kbps in the loss at the start of the run; from then on it follows the rate while
            that learns which spends bits.
        epoch_steps: steps between log lines and checkpoints, at most.
        validate_epochs: epochs between validations on real files.
    """

    name: str
    description: str
    kbps: float
    model: CascadeConfig
    phases: tuple = field(default_factory=tuple)
    start: str = ""
    seed: int = 1
    batch_size: int = 12
    clip_frames: int = 30
    rate_folders: tuple = ()
    leave_out: tuple = ()
    rate_weight: float = 0.05
    epoch_steps: int = 250
    validate_epochs: int = 4

    def to_dict(self):
        return {**asdict(self), "model": self.model.to_dict(), "phases": [asdict(phase) for phase in self.phases]}

    @classmethod
    def from_dict(cls, data):
        """Builds a configuration from JSON data; unknown or missing settings raise ConfigError."""
        if not isinstance(data, dict):
            raise ConfigError("A training configuration is a JSON object.")
        check_keys(data, cls, "training setting")
        if not isinstance(data.get("phases"), (list, tuple)) or not data["phases"]:
            raise ConfigError('A training configuration needs at least one phase in "phases".')
        for phase in data["phases"]:
            check_keys(phase, Phase, "phase setting")
        try:
            phases = tuple(Phase(**{**phase, "train": tuple(phase.get("train", ()))}) for phase in data["phases"])
            config = cls(**{**data, "model": CascadeConfig.from_dict(data.get("model")), "phases": phases,
                            **{name: tuple(data.get(name, ())) for name in ("rate_folders", "leave_out")}})
        except TypeError as error:
            raise ConfigError(f"The training configuration lacks a setting: {error}.") from None
        check_values(config)
        for phase in phases:
            check_values(phase)
            if not 1 <= phase.modules <= len(config.model.modules) or phase.steps < 1:
                raise ConfigError(f"Phase {phase.name!r} must run at least one step and 1 to "
                                  f"{len(config.model.modules)} modules.")
        return config

    @classmethod
    def read(cls, path):
        try:
            return cls.from_dict(json.loads(Path(path).read_text()))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"Cannot read the configuration {path}: {error}.") from None
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path} is not valid JSON: {error}.") from None


def check_values(settings):
    """Numbers where numbers belong: whole ones, positive ones; a preset's name where its name belongs."""
    for setting in fields(settings):
        value, kind = getattr(settings, setting.name), setting.type
        if kind is float and (not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 0):
            raise ConfigError(f"Setting {setting.name!r} must be a number of at least 0; got {value!r}.")
        if kind is int and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise ConfigError(f"Setting {setting.name!r} must be a whole number of at least 0; got {value!r}.")
        if kind is str and not isinstance(value, str):
            raise ConfigError(f"Setting {setting.name!r} must be text; got {value!r}.")
    if isinstance(settings, TrainingConfig):
        if not is_name(settings.name):
            raise ConfigError(f"A preset cannot be called {settings.name!r}: use letters, digits, '.', '_' and '-'.")
        if min(settings.kbps, settings.batch_size, settings.clip_frames, settings.epoch_steps,
               settings.validate_epochs) <= 0:
            raise ConfigError("kbps, batch_size, clip_frames, epoch_steps and validate_epochs must be above 0.")


def check_keys(data, cls, what):
    known = {f.name for f in fields(cls)}
    unknown = set(data) - known if isinstance(data, dict) else {str(data)}
    if unknown:
        raise ConfigError(f"Unknown {what} {sorted(unknown)[0]!r}; known are {', '.join(sorted(known))}.")
