"""Options that several commands share."""

from pathlib import Path

import click

DEFAULT_PRESET = "cq-24k"

inputs = click.argument("inputs", metavar="IN...", nargs=-1, required=True)
output = click.option("-o", "--output", metavar="OUT", help="Output file, for a single input; - for standard output.")
output_dir = click.option("--output-dir", metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
                          help="Folder for the outputs; by default each lies beside its input.")
recursive = click.option("-r", "--recursive", is_flag=True, help="Take the files in subfolders too.")
force = click.option("-f", "--force", is_flag=True, help="Replace outputs that exist.")
preset = click.option("-p", "--preset", metavar="NAME", default=DEFAULT_PRESET, show_default=True,
                      help="A preset that `neuralcodec presets` lists, a folder, or a Hub repository.")
