"""`neuralcodec verify`"""

import click

from neuralcodec.cli import options
from neuralcodec.errors import NeuralCodecError


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=options.Name(allow_dash=True))
def verify(files):
    """List what is damaged in .nac files.

    All checksums are read and nothing is decoded, so that no preset is needed. The exit code is 1 if a file is damaged
    or cannot be read. `neuralcodec decompress --conceal` decodes what is left of it.
    """
    from neuralcodec.audio.tags import shown
    from neuralcodec.coding.damage import find_damage

    all_whole = True
    for file in files:
        try:
            lines = find_damage(file)
        except NeuralCodecError as error:
            lines = [str(error)]
        for line in lines or ["ok"]:
            click.echo(f"{shown(click.format_filename(file))}: {line}")
        all_whole = all_whole and not lines
    return 0 if all_whole else 1
