"""`neuralcodec train`"""

import os
from pathlib import Path

import click


@click.command()
@click.option("--config", metavar="FILE", required=True, type=click.Path(path_type=Path),
              help="What to train and how: a JSON file, such as those in neuralcodec/training/configs.")
@click.option("--data", metavar="DIR", required=True, type=click.Path(path_type=Path),
              help="Folder of recordings, searched recursively.")
@click.option("--output", metavar="DIR", required=True, type=click.Path(path_type=Path),
              help="Folder for checkpoints, log and the finished preset.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in the output folder.")
def train(config, data, output, resume):
    """Train a preset from a configuration and a folder of speech."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # only what matters to the user; before TensorFlow is imported
    from neuralcodec.training.train import train_preset

    train_preset(config, data, output, resume=resume)
