"""`neuralcodec train`"""

from pathlib import Path

import click

from neuralcodec.cli import options


@click.command()
@click.option("--config", metavar="NAME|FILE", required=True,
              help="What to train and how: quick, which trains in minutes, another configuration that comes with the "
                   "package, or a JSON file of your own.")
@click.option("--data", metavar="DIR", required=True, type=options.Name(path_type=Path),
              help="Folder of recordings, searched recursively.")
@click.option("--output", metavar="DIR", required=True, type=options.Name(path_type=Path),
              help="Folder for checkpoints, log and the finished preset.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in the output folder.")
def train(config, data, output, resume):
    """Train a preset from a configuration and a folder of speech; at least 30 s of it, better an hour or more."""
    from neuralcodec.files.outputs import check_writable
    from neuralcodec.training.nested_config import find_config
    from neuralcodec.training.quiet import import_keras

    find_config(config)  # an error here should not come after seconds of imports
    check_writable(output / "progress")
    import_keras()
    from neuralcodec.training.train import train_presets

    for preset in train_presets(config, data, output, resume=resume):
        click.echo(f"Wrote {preset.directory}.", err=True)
