"""Trains a nested cascade through all phases of a configuration, with checkpoints and a log to plot."""
import csv
import json
import math
import time
from pathlib import Path

import keras
import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.errors import OutputExistsError
from neuralcodec.model.nested import NestedCascade
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
from neuralcodec.training.discriminator import Discriminator
from neuralcodec.training.interrupts import heard_between_steps
from neuralcodec.training.loop import CLIP_NORM, adapt, schedule
from neuralcodec.training.nested_trainer import NestedTrainer, PacedAdam, PrefixRateControl, choose_trainable
from neuralcodec.training.trainer import incomplete_frames

LOG = "log.csv"


def train_nested(config, samples, output, resume=False, callbacks=()):
    """Trains a nested cascade.

    Args:
        config: a NestedTrainingConfig.
        samples: (N,) int16 at 16 kHz, all recordings one after another.
        output: folder for checkpoint, log and configuration.
        resume: go on from the checkpoint in `output`.
        callbacks: further Keras callbacks, for every phase.

    Returns:
        The trained NestedCascade. Its weights are also in `output`.

    Raises:
        ConfigError: nothing to resume.
        OutputExistsError: `output` holds another run, and `resume` is False.
    """
    output = Path(output)
    progress = nested_progress(output, resume)
    output.mkdir(parents=True, exist_ok=True)
    (output / "config.json").write_text(json.dumps(config.to_dict(), indent=1) + "\n")
    keras.utils.set_random_seed(config.seed)
    cascade = NestedCascade(config.model)
    if resume:
        cascade.load_weights(output / CHECKPOINT)
    else:
        adapt(cascade, samples, config.seed)
    discriminator = None
    if any(phase.adversarial for phase in config.phases):
        discriminator = Discriminator(name="discriminator")
        if resume and (output / DISCRIMINATOR).exists():
            read_discriminator(discriminator, output)
    for index in range(progress.phase, len(config.phases)):
        train_phase(cascade, discriminator, config, index, progress, samples, output, callbacks)
        progress = Progress(phase=index + 1, rate_weight=progress.rate_weight, seconds=progress.seconds)
        write_checkpoint(output, progress, cascade, discriminator)
    return cascade


def nested_progress(output, resume):
    """Where a run begins.

    Raises:
        ConfigError: there is nothing to resume.
        OutputExistsError: `output` holds another run, and `resume` is False.
    """
    if resume:
        return Progress.read(output)
    if (output / PROGRESS).exists():
        raise OutputExistsError(f"{output} holds a run already; go on with it (--resume) or choose another folder.")
    return Progress(rate_weight=())


def train_phase(cascade, discriminator, config, index, progress, samples, output, callbacks):
    """Trains one phase from `progress.epoch` on, keeping `progress` up to date."""
    phase = config.phases[index]
    paces = choose_trainable(cascade, phase.pace)
    weights = starting_weights(phase, progress)
    control = PrefixRateControl(phase.kbps, weights)
    trainer = NestedTrainer(cascade, phase, control, discriminator if phase.adversarial else None)
    optimizer = PacedAdam(schedule(phase), CLIP_NORM, paces)
    trainer.compile(optimizer=optimizer, loss=None, jit_compile=keras.backend.backend() != "tensorflow")
    optimizer.build(trainer.trainable_variables)
    epochs = math.ceil(phase.steps / config.epoch_steps)
    epoch_steps = math.ceil(phase.steps / epochs)
    done = progress.epoch * epoch_steps
    if done:
        read_optimizer(optimizer, output)
    length = (config.clip_frames + incomplete_frames(cascade.config)) * FRAME_SAMPLES
    clips = ClipSampler(samples, length, config.batch_size, (config.seed, index, done))
    keeper = NestedCheckpointAndLog(cascade, discriminator, phase, index, progress, output, control)
    with heard_between_steps() as signals:
        trainer.fit(batches(clips, phase), epochs=epochs, initial_epoch=progress.epoch, verbose=0,
                    steps_per_epoch=epoch_steps, shuffle=False, callbacks=[signals, keeper, *callbacks])


def starting_weights(phase, progress):
    """Weights of the rates: those of a checkpoint, of the phase, or of the phase before, the last for new prefixes."""
    weights = list(progress.rate_weight)
    if not progress.epoch and phase.rate_weight:
        weights = list(phase.rate_weight)
    weights = weights[: len(phase.kbps)]
    return weights + [weights[-1]] * (len(phase.kbps) - len(weights))


def batches(clips, phase):
    """Yields ((clips, levels, prefixes),) without end; the loss compares clips with themselves."""
    probabilities = np.array(phase.prefixes) / sum(phase.prefixes)
    for samples, level in clips:
        prefix = 1 + clips.rng.choice(len(probabilities), len(samples), p=probabilities)
        yield ((samples, level, prefix.astype("int32")),)


class NestedCheckpointAndLog(keras.callbacks.Callback):
    """After every epoch: a line in the log, and a checkpoint."""

    def __init__(self, cascade, discriminator, phase, index, progress, output, control):
        super().__init__()
        self.cascade, self.discriminator, self.phase, self.index = cascade, discriminator, phase, index
        self.progress, self.output, self.control = progress, output, control

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self.progress.seconds += time.monotonic() - self.started
        self.progress.phase, self.progress.epoch = self.index, epoch + 1
        self.progress.rate_weight = np.asarray(self.control.weights_).tolist()
        write_checkpoint(self.output, self.progress, self.cascade, self.discriminator, self.model.optimizer)
        figures = {name: round(float(value), 4) for name, value in logs.items() if name != "loss"}
        figures |= {f"weight_{i + 1}": round(w, 4) for i, w in enumerate(self.progress.rate_weight)}
        row = {"phase": self.phase.name, "step": (epoch + 1) * self.params["steps"],
               "seconds": round(self.progress.seconds, 1), **figures}
        append_row(self.output / LOG, row)


LOG_COLUMNS = ("phase", "step", "seconds", *NestedTrainer.PARTS, *(f"kbps_{i + 1}" for i in range(4)),
               *(f"weight_{i + 1}" for i in range(4)))


def append_row(path, row):
    """Adds a line to the CSV log, the header first."""
    new = not path.exists()
    with open(path, "a", encoding="utf-8", newline="") as log:
        writer = csv.DictWriter(log, LOG_COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
