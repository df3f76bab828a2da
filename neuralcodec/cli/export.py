"""`neuralcodec export`"""

from pathlib import Path

import click

from neuralcodec.cli import options


@click.command()
@click.argument("preset", shell_complete=options.complete_preset)
@click.option("--format", "format_", type=click.Choice(["onnx", "litert"]), required=True,
              help="For ONNX Runtime, or for LiteRT (TensorFlow Lite).")
@click.option("--output", metavar="DIR", required=True, type=options.Name(path_type=Path),
              help="Folder to write; it must not be there, or be empty.")
@options.quiet
def export(preset, format_, output, quiet):
    """Write a preset's networks for other runtimes: a browser, a phone.

    PRESET is a preset that `neuralcodec presets` lists, a folder, or a Hub repository.
    """
    from neuralcodec.cli.progress import ProgressBar
    from neuralcodec.export.folder import export as write
    from neuralcodec.zoo.presets import load_preset

    loaded = load_preset(preset)
    with ProgressBar(len(loaded.config.modules) + 1, quiet) as bar:
        write(loaded, format_, output, lambda done, total: bar.show(done))
    if not quiet:
        click.echo(f"Wrote {click.format_filename(output)}.", err=True)
