"""What a run leaves in its folder after every epoch, and how it goes on from there."""
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neuralcodec.errors import ConfigError

CHECKPOINT, DISCRIMINATOR = "checkpoint.weights.h5", "discriminator.weights.h5"
OPTIMIZER, PROGRESS = "optimizer.npz", "progress.json"


@dataclass
class Progress:
    """Where a run stands: enough to go on from its checkpoint."""

    phase: int = 0
    epoch: int = 0
    rate_weight: float = 0.0
    seconds: float = 0.0

    @classmethod
    def read(cls, folder):
        try:
            return cls(**json.loads((folder / PROGRESS).read_text()))
        except (OSError, ValueError, TypeError):
            raise ConfigError(f"Nothing to resume in {folder}: start the run without --resume.") from None


def write_checkpoint(output, progress, cascade, discriminator=None, optimizer=None):
    """Weights, optimiser and progress, each written beside and renamed: an interruption leaves the last whole."""
    for name, model in ((CHECKPOINT, cascade), (DISCRIMINATOR, discriminator)):
        if model is not None:
            beside = output / ("next." + name)
            model.save_weights(beside, overwrite=True)
            beside.replace(output / name)
    if optimizer is not None:
        beside = output / ("next." + OPTIMIZER)
        np.savez(beside, *[np.asarray(variable) for variable in optimizer.variables])
        beside.replace(output / OPTIMIZER)
    beside = output / ("next." + PROGRESS)
    beside.write_text(json.dumps(vars(progress)) + "\n")
    beside.replace(output / PROGRESS)


def read_optimizer(optimizer, output):
    """Takes the optimiser's state from a checkpoint.

    Raises:
        ConfigError: it is damaged or that of another model.
    """
    try:
        with np.load(output / OPTIMIZER, allow_pickle=False) as arrays:
            for variable, name in zip(optimizer.variables, arrays.files, strict=True):
                variable.assign(arrays[name])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ConfigError(f"The checkpoint in {output} cannot be resumed: {OPTIMIZER} is damaged or belongs to another "
                          "configuration.") from error


def read_discriminator(discriminator, folder):
    """Takes a discriminator's weights from a run: one that has learnt tells well from the first step on.

    Raises:
        ConfigError: they are damaged.
    """
    try:
        discriminator.load_weights(Path(folder) / DISCRIMINATOR)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"The weights {DISCRIMINATOR} in {folder} are damaged; without them, a run starts with a "
                          "discriminator that has learnt nothing.") from error
