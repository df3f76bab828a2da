"""Checkpoints: what was written comes back, and damage is said."""
import keras
import numpy as np
import pytest

from neuralcodec.errors import ConfigError
from neuralcodec.training.checkpoint import (
    OPTIMIZER,
    PROGRESS,
    Progress,
    read_discriminator,
    read_optimizer,
    write_checkpoint,
)
from neuralcodec.training.discriminator import Discriminator
from neuralcodec.training.trainer import GuardedAdam


def optimizer_of(model):
    optimizer = GuardedAdam(1e-3)
    optimizer.build(model.trainable_variables)
    return optimizer


@pytest.fixture
def model():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])


@pytest.fixture
def folder(model, tmp_path):
    optimizer = optimizer_of(model)
    optimizer.apply([np.ones(variable.shape, "float32") for variable in model.trainable_variables])
    write_checkpoint(tmp_path, Progress(1, 2, 0.5, 3.0), model, Discriminator(), optimizer)
    return tmp_path


def test_what_was_written_comes_back(folder, model):
    assert Progress.read(folder) == Progress(1, 2, 0.5, 3.0)
    optimizer = optimizer_of(model)
    read_optimizer(optimizer, folder)
    assert int(optimizer.iterations) == 1 and np.abs(optimizer.variables[2]).max() > 0
    read_discriminator(Discriminator(), folder)
    assert not list(folder.glob("next.*"))


def test_a_damaged_optimizer_is_said(folder, model):
    whole = (folder / OPTIMIZER).read_bytes()
    for damaged in (whole[:-500], b""):
        (folder / OPTIMIZER).write_bytes(damaged)
        with pytest.raises(ConfigError, match="damaged or belongs to another"):
            read_optimizer(optimizer_of(model), folder)


def test_the_optimizer_of_another_model_is_said(folder):
    with pytest.raises(ConfigError, match="damaged or belongs to another"):
        read_optimizer(GuardedAdam(1e-3), folder)


def test_damaged_progress_is_said(folder):
    (folder / PROGRESS).write_text("{")
    with pytest.raises(ConfigError, match="without --resume"):
        Progress.read(folder)
