"""Checkpoints: what was written comes back, and damage is said."""
import keras
import numpy as np
import pytest

from neuralcodec.errors import ConfigError
from neuralcodec.training.checkpoint import (
    CHECKPOINT,
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
def discriminator():
    """One that has learnt something."""
    discriminator = Discriminator()
    discriminator.set_weights([weights + 1 for weights in discriminator.get_weights()])
    return discriminator


@pytest.fixture
def folder(model, discriminator, tmp_path):
    optimizer = optimizer_of(model)
    optimizer.apply([np.ones(variable.shape, "float32") for variable in model.trainable_variables])
    write_checkpoint(tmp_path, Progress(1, 2, 0.5, 3.0), model, discriminator, optimizer)
    return tmp_path


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def test_what_was_written_comes_back(folder, model, discriminator):
    assert Progress.read(folder) == Progress(1, 2, 0.5, 3.0)
    optimizer = optimizer_of(model)
    read_optimizer(optimizer, folder)
    assert int(optimizer.iterations) == 1 and np.abs(optimizer.variables[2]).max() > 0
    fresh, other = Discriminator(), keras.models.clone_model(model)
    assert not same(fresh, discriminator) and not same(other, model)
    read_discriminator(fresh, folder)
    other.load_weights(folder / CHECKPOINT)
    assert same(fresh, discriminator) and same(other, model)
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
