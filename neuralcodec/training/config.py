"""A training run as data: one JSON file from which `neuralcodec train` makes a preset.

Its keys, with their defaults in brackets; a key without one has to be there:

    name                    the preset's name: letters, digits, `.`, `_` and `-`
    description             one line for `neuralcodec presets`
    kbps                    nominal bitrate of the preset
    model                   the cascade, see `neuralcodec.architecture.config`: lpc, modules, noise_above
    phases                  list of phases, see below: module by module (greedy), then jointly
    revision [1]            of the preset: one more each time that new weights take the name of old ones, see
                            `neuralcodec.zoo.revisions`
    start [""]              preset (name or folder) or checkpoint (.weights.h5) to start from; "": from scratch
    comment [""]            for people, such as which run `start` comes from
    speech [{}]             what the preset learns from, and its licence, for the model card: see
                            `neuralcodec.zoo.speech`
    seed [1]                of the weights, the clips and their levels
    batch_size [12]         clips a step
    clip_frames [30]        frames of 20 ms of a clip that count in the loss
    rate_folders [[]]       patterns of folder names: the files in them are the read speech that sets the rate; []: all
    leave_out [[]]          patterns of folder names: the files in them are not trained on
    rate_weight [0.05]      weight of a kbps in the loss at the start; from then on it follows the rate, while that
                            learns which spends bits
    epoch_steps [250]       steps between log lines and checkpoints, at most
    validate_epochs [4]     epochs between validations on real files

Of a phase:

    name                    for the log
    steps                   gradient steps
    modules                 how many modules run
    train [[]]              what learns: "lpc", "noise", "module_0", ...; "entropy" for the entropy models of all
                            modules that run, without what they code; []: everything that runs
    learning_rate [0.001], final_learning_rate [0.001]
                            start and end of a cosine
    warmup [200]            steps over which the learning rate rises from zero
    later_pace [1.0]        learning rate of modules after the first, relative to the first's. What they can add to a
                            good first module is small, and at its rate they do harm while they learn
    kbps [0]                target bitrate; 0: the run's
    rate_weight [0]         weight of a kbps in the loss at the start; 0: goes on with that of the phase before
    weighted [0.3]          weight of the LPC-weighted error, beside 1 for log-mel
    disturbance [1.2]       weight of the loudness disturbance
    intelligibility [0]     weight of what the envelopes of the bands lack in correlation with the original's
    similarity [0]          weight of what spectrograms lack in likeness with the original's (NSIM); 0: none
    adversarial [0]         weight of a discriminator that hears no original; 0: none
"""
import json
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path

from neuralcodec.architecture.config import CascadeConfig, check_keys
from neuralcodec.errors import ConfigError, unknown_name
from neuralcodec.zoo.metadata import is_name, is_number
from neuralcodec.zoo.speech import check_speech

LPC, NOISE, ENTROPY = "lpc", "noise", "entropy"  # in `train`: LPC, the level of noise, the modules' entropy models
CONFIGS = Path(__file__).parent / "configs"
NUMBERS, PACES = tuple[float, ...], dict[str, float]  # types of settings


@dataclass(frozen=True)
class Phase:
    """One stretch of training with one learning-rate schedule; the module's docstring describes its keys."""

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
    similarity: float = 0.0
    adversarial: float = 0.0

    @property
    def codes(self):
        """Whether it trains what spends bits, and not only the noise or the entropy models."""
        return not self.train or bool(set(self.train) - {NOISE, ENTROPY})


@dataclass(frozen=True)
class TrainingConfig:
    """Everything a run depends on besides the speech; the module's docstring describes its keys.

    Two are equal if the same presets come of them: what is there for people only does not count.

    Example:
        >>> TrainingConfig.find("quick").kbps
        24.0
    """

    name: str
    description: str
    kbps: float
    model: CascadeConfig
    phases: tuple = field(default_factory=tuple)
    revision: int = 1
    start: str = ""
    comment: str = field(default="", compare=False)
    speech: dict = field(default_factory=dict, compare=False)
    seed: int = 1
    batch_size: int = 12
    clip_frames: int = 30
    rate_folders: tuple = ()
    leave_out: tuple = ()
    rate_weight: float = 0.05
    epoch_steps: int = 250
    validate_epochs: int = 4

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
        config = build(cls, {**data, "model": CascadeConfig.from_dict(data.get("model")),
                             "phases": build_each(Phase, data, "phase")}, "training setting")
        check_config(config)
        return config

    @classmethod
    def find(cls, name_or_path):
        """Reads a configuration that comes with the package, by its name, or a file.

        Raises:
            ConfigError: there is none, or it cannot be used.
        """
        return cls.read(config_path(name_or_path))

    @classmethod
    def read(cls, path):
        """Reads a configuration from a JSON file.

        Raises:
            ConfigError: it cannot be read, or cannot be used.
        """
        return cls.from_dict(read_json(path))


def read_json(path):
    """What a JSON file holds.

    Raises:
        ConfigError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The configuration '{path}' cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"'{path}' is not valid JSON: {error}.") from None


def config_path(name_or_path):
    """Path of a configuration that comes with the package, by its name, or of a file.

    Raises:
        ConfigError: there is none.
    """
    bundled = bundled_configs()
    if str(name_or_path) not in bundled and not Path(name_or_path).is_file():
        raise ConfigError(f"There is no training configuration '{name_or_path}', neither as a file nor in the "
                          f"package; {unknown_name(Path(name_or_path).stem, bundled)}")
    return bundled.get(str(name_or_path), name_or_path)


def bundled_configs():
    """Configurations that come with the package: dict of name -> path.

    Example:
        >>> list(bundled_configs())
        ['cmrl-16k', 'cmrl-20k', ..., 'quick']
    """
    return {path.stem: path for path in sorted(CONFIGS.glob("*.json"))}


def build(cls, data, what):
    """A dataclass from JSON data: lists become tuples.

    Args:
        cls: the dataclass of a configuration or of a part of one.
        data: JSON data.
        what: a key is, such as "phase setting".

    Raises:
        ConfigError: a key is unknown or missing.
    """
    check_keys(data, cls, what)
    missing = [setting.name for setting in fields(cls) if setting.name not in data
               and setting.default is MISSING and setting.default_factory is MISSING]
    if missing:
        raise ConfigError(f"The training configuration lacks the {what} {missing[0]!r}.")
    kinds = {setting.name: setting.type for setting in fields(cls)}
    return cls(**{key: tuple(value) if kinds[key] in (tuple, NUMBERS) and isinstance(value, list) else value
                  for key, value in data.items()})


def build_each(cls, data, what):
    """Dataclasses from a list in JSON data: tuple.

    Args:
        cls: the dataclass.
        data: dict with the list, under the plural of `what`.
        what: one of them is, such as "phase".

    Raises:
        ConfigError: there is none, or a key of one is unknown or missing.
    """
    parts = data.get(f"{what}s")
    if not isinstance(parts, (list, tuple)) or not parts:
        raise ConfigError(f'A training configuration needs at least one {what} in "{what}s".')
    return tuple(build(cls, part, f"{what} setting") for part in parts)


def check_values(settings):
    """Numbers where numbers belong, whole and positive ones; text; a preset's name where its name belongs.

    Args:
        settings: a configuration or a part of one.

    Raises:
        ConfigError: a value is of another kind.
    """
    for setting in fields(settings):
        value, wanted = getattr(settings, setting.name), _KINDS.get(setting.type)
        if wanted and setting.name not in ("phases", "presets") and not wanted[0](value):
            raise ConfigError(f"Setting {setting.name!r} must be {wanted[1]}; got {value!r}.")


_KINDS = {  # of a setting -> what it has to be
    float: (is_number, "a number of at least 0"),
    int: (lambda value: is_number(value) and isinstance(value, int), "a whole number of at least 0"),
    str: (lambda value: isinstance(value, str), "text"),
    tuple: (lambda value: isinstance(value, tuple) and all(isinstance(part, str) for part in value), "a list of text"),
    NUMBERS: (lambda value: isinstance(value, tuple) and all(map(is_number, value)), "a list of numbers of at least 0"),
    PACES: (lambda value: isinstance(value, dict) and all(map(is_number, value.values())),
            "an object of numbers of at least 0"),
}


def check_name(name):
    """Makes sure that a preset can have a name.

    Raises:
        ConfigError: it cannot.
    """
    if not is_name(name):
        raise ConfigError(f"A preset cannot be called {name!r}: use letters, digits, '.', '_' and '-'.")


def check_positive(settings, *names):
    """Makes sure that settings are above 0.

    Raises:
        ConfigError: one is not.
    """
    if min(getattr(settings, name) for name in names) <= 0:
        raise ConfigError(f"{', '.join(names[:-1])} and {names[-1]} must be above 0.")


def check_config(config):
    """Makes sure that a run can follow a configuration.

    Args:
        config: TrainingConfig.

    Raises:
        ConfigError: it cannot.
    """
    check_values(config)
    check_speech(config.speech)
    check_name(config.name)
    check_positive(config, "kbps", "revision", "batch_size", "clip_frames", "epoch_steps", "validate_epochs")
    for phase in config.phases:
        check_phase(phase, config.model)


def check_phase(phase, model):
    """Makes sure that a cascade can go through a phase.

    Args:
        phase: Phase.
        model: CascadeConfig.

    Raises:
        ConfigError: it cannot.
    """
    check_values(phase)
    count = len(model.modules)
    if not 1 <= phase.modules <= count or phase.steps < 1:
        raise ConfigError(f"Phase {phase.name!r} must run at least one step and 1 to {count} modules.")
    if not phase.learning_rate:
        raise ConfigError(f"Phase {phase.name!r} must have a learning rate above 0.")
    parts = (LPC, NOISE, ENTROPY, *(f"module_{number}" for number in range(count)))
    unknown = [part for part in phase.train if part not in parts]
    if unknown:
        raise ConfigError(f"`train` of phase {phase.name!r} names {unknown[0]!r}; {unknown_name(unknown[0], parts)}")
