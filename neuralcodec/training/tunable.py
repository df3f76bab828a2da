"""What fine-tuning has to know of a preset: its parts, the losses that taught it, and how its cascade is trained."""
from dataclasses import replace

import numpy as np

from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.errors import ConfigError
from neuralcodec.model.cascade import Cascade
from neuralcodec.model.nested import NestedCascade
from neuralcodec.training.callbacks import FINAL_SHARE, WARMUP_STEPS
from neuralcodec.training.config import LPC, NOISE, Phase, TrainingConfig, check_config
from neuralcodec.training.loop import CLIP_NORM, choose_trainable, optimizer_for
from neuralcodec.training.nested_config import (
    STEPS,
    NestedPhase,
    NestedTrainingConfig,
    PrefixPreset,
    check_nested_config,
    part_names,
)
from neuralcodec.training.nested_trainer import NestedTrainer, choose_pace
from neuralcodec.training.trainer import CascadeTrainer, RateControl
from neuralcodec.zoo.folder import WEIGHTS
from neuralcodec.zoo.metadata import is_number

FIRST_MODULE = "module_0"
FIRST_WEIGHT, LATER_WEIGHT = 0.05, 0.01  # of a kbps of the first prefix and of later ones, where a preset tells none


def tunable(preset):
    """A preset that is to go on learning.

    Returns:
        TunableCascade or TunableNestedCascade.

    Example:
        >>> tunable(load_preset("cq-24k")).config((), 2e-4, 12, None, 1).name
        'cq-24k-tuned'
    """
    return (TunableNestedCascade if isinstance(preset.config, NestedConfig) else TunableCascade)(preset)


class Tunable:
    """What both kinds of cascades share: the settings of one phase that goes on from the preset.

    Its losses are those of the last phase that taught the preset to code, but it has no discriminator: a fresh one
    knows nothing for longer than fine-tuning takes.

    Args:
        preset: Preset.
    """

    def __init__(self, preset):
        self.preset = preset

    def config(self, freeze, learning_rate, batch_size, name, seed, speech=None):
        """The training configuration; arguments as for `Codec.finetune`.

        Raises:
            ConfigError: a setting that cannot be used.
        """
        frozen, metadata = self._frozen(freeze), self.preset.metadata
        training = metadata.get("training")
        training = training if isinstance(training, dict) else {}
        phase = replace(self._taught_by(training), name="fine-tuning", steps=1, learning_rate=learning_rate,
                        final_learning_rate=FINAL_SHARE * learning_rate, warmup=WARMUP_STEPS, adversarial=0.0)
        facts = {"name": name or f"{self.preset.name.removesuffix('-tuned')}-tuned",
                 "description": metadata["description"], "kbps": metadata["kbps"]}
        phase = self._tuning_phase(phase, frozen, training.get("rate_weight"))
        return self._config(facts, phase, seed=seed, batch_size=batch_size, speech={} if speech is None else speech)

    def _frozen(self, freeze):
        """The parts that keep their weights.

        Raises:
            ConfigError: there is no such part, or none is left.
        """
        freeze = (freeze,) if isinstance(freeze, str) else tuple(freeze)
        unknown = [part for part in freeze if part not in self.parts]
        if unknown or set(freeze) == set(self.parts):
            wrong = f"{unknown[0]!r} is none" if unknown else "these are all, and nothing is left to learn"
            raise ConfigError(f"`freeze` must name some of the parts {', '.join(self.parts)}; {wrong}.")
        return freeze

    def _taught_by(self, training):
        """The last phase that taught the preset to code; one of default losses, where it does not tell."""
        try:
            phases = self.CONFIG.from_dict(training.get("config")).phases
        except ConfigError:  # a stranger's, or none
            return self._default_phase()
        return next((phase for phase in reversed(phases) if phase.codes), phases[-1])

    def load(self):
        """The cascade, with the preset's weights."""
        cascade = self.CASCADE(self.preset.config)
        cascade.load_weights(self.preset.directory / WEIGHTS)
        return cascade


class TunableCascade(Tunable):
    """A preset of modules in the time domain.

    Where the first module learns, it learns without those after it: they are nearly silent, and a first module that
    learns together with them gets worse.
    """

    CONFIG, CASCADE = TrainingConfig, Cascade
    prefixes = (None,)  # numbers of modules whose quality counts, None for all

    @property
    def parts(self):
        """Names of what can be frozen."""
        noise = (NOISE,) if self.preset.config.noise_above else ()
        return (LPC, *(f"module_{i}" for i in range(len(self.preset.config.modules))), *noise)

    def _default_phase(self):
        return Phase("", 1, 1, rate_weight=TrainingConfig.rate_weight)

    def _tuning_phase(self, phase, frozen, reached):
        learning = tuple(part for part in self.parts if part not in frozen)
        count = len(self.preset.config.modules)
        if FIRST_MODULE in learning:
            learning, count = tuple(part for part in learning if part in (LPC, FIRST_MODULE, NOISE)), 1
        weight = reached if _is_weight(reached) else phase.rate_weight or TrainingConfig.rate_weight
        return replace(phase, modules=count, train=learning, kbps=0.0, rate_weight=weight)

    def _config(self, facts, phase, **settings):
        config = TrainingConfig(**facts, model=self.preset.config, phases=(phase,), start=self.preset.name, **settings)
        check_config(config)
        return config

    def trainer(self, cascade, speech, phase):
        """A compiled CascadeTrainer, whose target bitrate is still to be set."""
        choose_trainable(cascade, phase)
        cascade.active = phase.modules
        trainer = CascadeTrainer(cascade, speech, RateControl(0.0, phase.rate_weight, steers=phase.codes), phase)
        trainer.compile_for_backend(optimizer_for(cascade, phase, phase.learning_rate))
        return trainer

    def scaled(self, cascade, phase):
        """Which step sizes bring which prefix to its bitrate; those that are frozen are not scaled.

        Returns:
            list of (layers, 1 where their step sizes are scaled and 0 elsewhere, place of the prefix in `prefixes`).
        """
        return [([module for module in cascade.chain if module.name in phase.train], 1.0, 0)]

    def written(self, config):
        """What has the name, description and bitrate of the tuned preset."""
        return config

    def trained_phase(self, phase, steps, kbps):
        """The phase as it was: so many steps, at a bitrate, or at a list of those of the prefixes."""
        return replace(phase, steps=steps, kbps=kbps)


class TunableNestedCascade(Tunable):
    """A preset of nested modules: all its prefixes are tuned at once, each at the bitrate that it has."""

    CONFIG, CASCADE = NestedTrainingConfig, NestedCascade

    @property
    def prefixes(self):
        return tuple(range(1, 1 + len(self.preset.config.modules)))

    @property
    def parts(self):
        return tuple(part for part in part_names(self.preset.config) if part != NOISE or self.preset.config.noise_above)

    def _default_phase(self):
        return NestedPhase("", 1, (1,), (1,))

    def _tuning_phase(self, phase, frozen, reached):
        count = len(self.prefixes)
        shares = phase.prefixes[:count]
        if len(shares) < count or not all(shares):
            shares = (1.0,) * count
        kbps = (self.preset.metadata["kbps"],) * count  # until it is known what each prefix spends
        return replace(phase, prefixes=shares, kbps=kbps, pace=dict.fromkeys(frozen, 0.0),
                       rate_weight=_prefix_weights(reached, count))

    def _config(self, facts, phase, **settings):
        preset = PrefixPreset(modules=len(self.prefixes), **facts)
        config = NestedTrainingConfig(facts["name"], self.preset.config, (phase,), (preset,), self.preset.name,
                                      **settings)
        check_nested_config(config)
        return config

    def trainer(self, cascade, speech, phase):
        optimizer = choose_pace(cascade, phase.pace, phase.learning_rate, CLIP_NORM)
        trainer = NestedTrainer(cascade, speech, phase.rate_weight, phase)
        trainer.compile_for_backend(optimizer)
        return trainer

    def scaled(self, cascade, phase):
        """Each prefix by the coefficients that its last module is the first to send: what was sent before stays."""
        layers = [cascade.step_sizes] if phase.pace.get(STEPS, 1.0) else []
        bands = [np.float32(cascade.quantizer.first == number) for number in range(len(self.prefixes))]
        if not all(band.any() for band in bands):  # then all depends on the steps of the first
            return [(layers, 1.0, len(self.prefixes) - 1)]
        return [(layers, band, number) for number, band in enumerate(bands)]

    def written(self, config):
        return config.presets[0]

    def trained_phase(self, phase, steps, kbps):
        return replace(phase, steps=steps, kbps=tuple(kbps))


def _prefix_weights(reached, count):
    """Weights of a kbps of each prefix, from those that a training ended with.

    A preset may be the first modules of a larger cascade. What a module sent there counted in all prefixes after it,
    too: the last one takes over their weights.
    """
    if not (isinstance(reached, list) and len(reached) >= count and all(map(_is_weight, reached))):
        return (FIRST_WEIGHT,) + (LATER_WEIGHT,) * (count - 1)
    return (*reached[:count - 1], sum(reached[count - 1:]))


def _is_weight(value):
    return is_number(value) and value > 0
