"""A training run from a configuration: phase after phase, with checkpoints, a log to plot, and validation."""
import json
import math
import warnings
from pathlib import Path

import keras

from neuralcodec.architecture.layout import weight_shapes
from neuralcodec.errors import ConfigError, OutputExistsError, PresetNotFoundError
from neuralcodec.model import lpc
from neuralcodec.model.cascade import Cascade
from neuralcodec.training.callbacks import CheckpointAndLog
from neuralcodec.training.checkpoint import (
    CHECKPOINT,
    DISCRIMINATOR,
    PROGRESS,
    Progress,
    read_discriminator,
    read_optimizer,
    write_checkpoint,
)
from neuralcodec.training.clips import ClipSampler
from neuralcodec.training.config import ENTROPY, LPC, NOISE
from neuralcodec.training.discriminator import Discriminator
from neuralcodec.training.interrupts import heard_between_steps
from neuralcodec.training.many_steps import whole_calls
from neuralcodec.training.speech import TrainingSpeech
from neuralcodec.training.trainer import CascadeTrainer, GuardedAdam, RateControl, incomplete_frames
from neuralcodec.zoo.folder import WEIGHTS
from neuralcodec.zoo.presets import find_preset
from neuralcodec.zoo.weights import read_weights

CLIP_NORM = 1.0
ADAPTED_CLIPS = 100
CONFIG = "config.json"


def train_cascade(config, samples, output, resume=False, callbacks=(), validate=None):
    """Trains a cascade through all phases of a configuration.

    Args:
        config: a TrainingConfig.
        samples: (N,) int16 at 16 kHz, all recordings one after another.
        output: folder for checkpoint, log and configuration.
        resume: go on from the checkpoint in `output`.
        callbacks: further Keras callbacks, for every phase.
        validate: called as validate(cascade) -> dict of figures, every `validate_epochs` epochs.

    Returns:
        The trained Cascade. Its weights are also in `output`.

    Raises:
        ConfigError: nothing to resume.
        OutputExistsError: `output` holds another run, and `resume` is False.
    """
    output = Path(output)
    cascade, speech, discriminator, progress = begin(Cascade, load_start, config, samples, output, resume)

    def train_phase(index, progress):
        phase = config.phases[index]
        cascade.active = phase.modules
        choose_trainable(cascade, phase)
        weight = progress.rate_weight if progress.epoch else phase.rate_weight or progress.rate_weight
        control = RateControl(phase.kbps or config.kbps, weight, steers=phase.codes)
        trainer = CascadeTrainer(cascade, speech, control, phase, discriminator if phase.adversarial else None)
        trainer.compile_for_backend(optimizer_for(cascade, phase, schedule(phase)))
        keeper = CheckpointAndLog(cascade, discriminator, config, index, progress, output, validate)
        fit_phase(trainer, config, index, progress, output, [keeper, *callbacks])

    go_through_phases(cascade, discriminator, config, progress, output, train_phase)
    return cascade


def begin(kind, load_start, config, samples, output, resume):
    """Makes the folder of a run, writes its configuration there, and brings together what learns, and what from.

    Args:
        kind: Cascade or NestedCascade.
        load_start: called as load_start(cascade, start) where the run starts from a preset or checkpoint.
        config: its training configuration.
        samples: (N,) int16.
        output: Path of the folder.
        resume: go on from the checkpoint there.

    Returns:
        cascade, TrainingSpeech, discriminator or None, Progress.

    Raises:
        ConfigError, OutputExistsError: as in `starting_progress`.
    """
    progress = starting_progress(config, output, resume)
    output.mkdir(parents=True, exist_ok=True)
    (output / CONFIG).write_text(json.dumps(config.to_dict(), indent=1) + "\n")
    keras.utils.set_random_seed(config.seed)
    cascade = kind(config.model)
    speech = TrainingSpeech(samples, config.clip_frames + incomplete_frames(config.model))
    if resume:
        cascade.load_weights(output / CHECKPOINT)
    elif config.start:
        load_start(cascade, config.start)
    else:
        adapt(cascade, speech, config.seed)
    discriminator = starting_discriminator(config, output / CHECKPOINT if resume else config.start)
    return cascade, speech, discriminator, progress


def go_through_phases(cascade, discriminator, config, progress, output, train_phase):
    """Trains phase after phase, with a checkpoint after each.

    Args:
        train_phase: called as train_phase(index, progress), goes on from `progress.epoch` and keeps `progress` up to
            date.
    """
    for index in range(progress.phase, len(config.phases)):
        train_phase(index, progress)
        progress = Progress(phase=index + 1, rate_weight=progress.rate_weight, seconds=progress.seconds)
        write_checkpoint(output, progress, cascade, discriminator)


def starting_progress(config, output, resume):
    """Where a run begins.

    Returns:
        Progress.

    Raises:
        ConfigError: there is nothing to resume, or nothing to start from.
        OutputExistsError: `output` is a file, or holds another run and `resume` is False.
    """
    if resume:
        return Progress.read(output)
    check_start(config)
    check_new(output)
    return Progress(rate_weight=config.rate_weight)


def check_new(output):
    """Makes sure that a folder can become that of a run.

    Raises:
        OutputExistsError: it is a file, or holds another run.
    """
    if output.exists() and not output.is_dir():
        raise OutputExistsError(f"'{output}' is a file; choose another name for the folder of the run.")
    if (output / PROGRESS).exists():
        raise OutputExistsError(f"{output} holds a run already; go on with it (--resume) or choose another folder.")


def starting_discriminator(config, start):
    """One discriminator for all phases; with what it learnt already, if it lies beside the checkpoint `start`.

    None where no phase wants it.
    """
    if not any(phase.adversarial for phase in config.phases):
        return None
    discriminator, before = Discriminator(name="discriminator"), Path(start).parent
    if is_checkpoint(start) and (before / DISCRIMINATOR).exists():
        read_discriminator(discriminator, before)
    return discriminator


def is_checkpoint(start):
    """Whether a run starts from a checkpoint file, as Keras names it; from a preset otherwise."""
    return str(start).endswith(".weights.h5")


def starting_weights(start):
    """Path of the weights of a checkpoint or preset."""
    return start if is_checkpoint(start) else find_preset(start) / WEIGHTS


def check_start(config):
    """Makes sure that what a run starts from is there.

    Raises:
        ConfigError: it is not.
        HubError: it cannot be downloaded.
    """
    if not config.start or Path(config.start).is_file():
        return
    try:
        if not is_checkpoint(config.start):
            find_preset(config.start)
            return
    except PresetNotFoundError:
        pass
    raise ConfigError(f"The run is to start from '{config.start}', which is not there; train that first, or take "
                      f"\"start\" out of the configuration. {config.comment}".rstrip())


def load_start(cascade, start):
    """Takes weights from a preset or checkpoint; what it does not have yet keeps its initial values.

    So does an entropy model of another kind. Of an encoder that sent more coefficients, the lowest go on.

    Raises:
        ConfigError: its weights are not those of a cascade of this configuration.
    """
    path = starting_weights(start)
    shapes, found = weight_shapes(cascade.config), read_weights(path)
    fitting = {name for name, array in found.items() if shapes.get(name) == array.shape}
    wider = {name: array[..., : shapes[name][-1]] for name, array in found.items()
             if "/encoder/leave/" in name and name in shapes and name not in fitting}
    wider = {name: array for name, array in wider.items() if array.shape == shapes[name]}
    foreign = [name for name in found
               if name not in fitting and name not in wider and not (name in shapes and "/context/" in name)]
    if foreign:
        raise ConfigError(f"The run cannot start from {start!r}: its weights {foreign[0]!r} do not fit the model.")
    with warnings.catch_warnings():  # Keras tells of what the file lacks
        warnings.simplefilter("ignore")
        cascade.load_weights(path, skip_mismatch=len(fitting) < len(shapes))
    for i, module in enumerate(cascade.chain):
        for part in (module.encoder.leave.kernel, module.encoder.leave.bias):
            if (name := f"module_{i}/encoder/leave/{part.name}") in wider:
                part.assign(wider[name])
    if cascade.config.lpc == "fixed":  # even where the weights are those of a trained one
        cascade.lsf_quantizer.reset()


def adapt(cascade, speech, seed):
    """Fits the statistics that are not trained: mean and deviation of the LSFs."""
    places, gains, *_ = ClipSampler(speech, ADAPTED_CLIPS, seed).batch(0)
    cascade.lsf_quantizer.adapt(lpc.analysis(speech(places, gains))[1])


def fit_phase(trainer, config, index, progress, output, callbacks):
    """Trains one phase from `progress.epoch` on.

    Args:
        trainer: a compiled CascadeTrainer.
        output: folder of the run, from whose checkpoint the optimiser goes on.
        callbacks: Keras callbacks.
    """
    phase = config.phases[index]
    epochs = math.ceil(phase.steps / config.epoch_steps)
    trainer.steps_per_execution, epoch_steps = whole_calls(math.ceil(phase.steps / epochs))
    trainer.optimizer.build(trainer.trainable_variables)
    if progress.epoch:
        read_optimizer(trainer.optimizer, output)
    clips = ClipSampler(trainer.speech, config.batch_size, (config.seed, index), trainer.shares)
    with heard_between_steps() as signals:
        trainer.fit(clips.batches(progress.epoch * epoch_steps), epochs=epochs, initial_epoch=progress.epoch, verbose=0,
                    steps_per_epoch=epoch_steps, shuffle=False, callbacks=[signals, *callbacks])


def optimizer_for(cascade, phase, learning_rate):
    """GuardedAdam for what a phase trains; `learning_rate` is a number or a schedule."""
    later = [variable for module in cascade.chain[1:] for variable in module.trainable_variables]
    return GuardedAdam(learning_rate, CLIP_NORM, {id(variable): phase.later_pace for variable in later})


def choose_trainable(cascade, phase):
    """Freezes what this phase does not train."""
    running = cascade.chain[: phase.modules]
    names = phase.train or (LPC, NOISE, *(module.name for module in running))
    for part in cascade.parts():
        part.trainable = False  # first: on TensorFlow, a layer that is trainable already does not pass it on
        part.trainable = part.name in names
    if ENTROPY in names:
        for module in running:
            train_entropy_model(module)
    cascade.lsf_quantizer.trainable = LPC in names and cascade.config.lpc == "trained"
    cascade.side_context.trainable = LPC in names


def train_entropy_model(module):
    """Lets a module's entropy model learn, and nothing else of the module unless it learns already."""
    if not module.trainable:
        module.trainable = True  # a layer that is not has no part that is
        for variable in module.trainable_variables:
            variable.trainable = False
        for variable in module.context.weights:
            variable.trainable = True


def schedule(phase):
    """Linear warm-up, then a cosine from the first to the final learning rate."""
    warmup = min(phase.warmup, phase.steps // 2)
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else phase.learning_rate, max(phase.steps - warmup, 1), warmup_steps=warmup,
        alpha=phase.final_learning_rate / phase.learning_rate,
        warmup_target=phase.learning_rate if warmup else None)
