"""A training run of a nested cascade: module by module, then jointly, each clip decoded with some of the modules."""
from dataclasses import replace
from pathlib import Path

from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.errors import ConfigError
from neuralcodec.model.nested import NestedCascade
from neuralcodec.training.callbacks import CheckpointAndLog
from neuralcodec.training.loop import (
    CLIP_NORM,
    CONFIG,
    begin,
    fit_phase,
    go_through_phases,
    is_checkpoint,
    schedule,
    starting_weights,
)
from neuralcodec.training.nested_config import find_config
from neuralcodec.training.nested_trainer import NestedTrainer, choose_pace
from neuralcodec.training.prefixes import take_first_modules
from neuralcodec.zoo.presets import load_preset


def train_nested(config, samples, output, resume=False, callbacks=()):
    """Trains a nested cascade through all phases of a configuration.

    Args:
        config: a NestedTrainingConfig.
        samples: (N,) int16 at 16 kHz, all recordings one after another.
        output: folder for checkpoint, log and configuration.
        resume: go on from the checkpoint in `output`.
        callbacks: further Keras callbacks, for every phase.

    Returns:
        The trained NestedCascade. Its weights are also in `output`.

    Raises:
        ConfigError: nothing to resume, or nothing to start from.
        OutputExistsError: `output` is a file, or holds another run and `resume` is False.
    """
    output = Path(output)
    cascade, speech, discriminator, progress = begin(NestedCascade, load_start, config, samples, output, resume)

    def train_phase(index, progress):
        phase = config.phases[index]
        optimizer = choose_pace(cascade, phase.pace, schedule(phase), CLIP_NORM)
        trainer = NestedTrainer(cascade, speech, starting_rate_weights(phase, progress), phase,
                                discriminator if phase.adversarial else None)
        trainer.compile_for_backend(optimizer)
        keeper = CheckpointAndLog(cascade, discriminator, config, index, progress, output, None)
        fit_phase(trainer, config, index, progress, output, [keeper, *callbacks])

    go_through_phases(cascade, discriminator, config, progress, output, train_phase)
    return cascade


def load_start(cascade, start):
    """Takes weights from a preset or checkpoint of a cascade whose first modules are these; the LPC stage may differ.

    Raises:
        ConfigError: it is of another kind.
    """
    mine, theirs = cascade.config, starting_model(start)
    count = len(mine.modules)
    if not isinstance(theirs, NestedConfig) or replace(theirs, lpc=mine.lpc, modules=theirs.modules[:count]) != mine:
        raise ConfigError(f"The run cannot start from {start!r}: its model differs in more than the LPC stage and the "
                          "number of modules.")
    whole = NestedCascade(theirs)
    whole.load_weights(starting_weights(start))
    take_first_modules(cascade, whole)
    if mine.lpc == "fixed":  # even where the weights are those of a trained one
        cascade.lsf_quantizer.reset()


def starting_model(start):
    """The model of a preset, or of the run that a checkpoint belongs to."""
    return find_config(Path(start).with_name(CONFIG)).model if is_checkpoint(start) else load_preset(start).config


def starting_rate_weights(phase, progress):
    """Weights of the rates: those of a checkpoint, of the phase, or of the phase before, the last for new prefixes."""
    weights = list(progress.rate_weight if progress.epoch else phase.rate_weight or progress.rate_weight)
    weights = weights[: len(phase.kbps)]
    return weights + [weights[-1]] * (len(phase.kbps) - len(weights))
