"""Options that several commands share."""

import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem

DEFAULT_PRESET = "cq-24k"


class Name(click.Path):
    """A path that is not empty: `""` would be the folder that one is in."""

    name = "path"

    def convert(self, value, param, ctx):
        if not value:
            self.fail("The name is empty.", param, ctx)
        return super().convert(value, param, ctx)


def cores():
    """How many processes can compute at the same time here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def complete_preset(context, parameter, incomplete):
    """What a shell offers for the name of a preset: those that are installed, else folders."""
    from neuralcodec.zoo.bundled import list_revisions

    names = [name for name in list_revisions() if name.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="dir")]


inputs = click.argument("inputs", metavar="IN...", nargs=-1, required=True, type=Name(allow_dash=True))
output = click.option("-o", "--output", metavar="OUT", type=Name(allow_dash=True),
                      help="Output file, for a single input; - for standard output.")
output_dir = click.option("--output-dir", metavar="DIR", type=Name(path_type=Path, file_okay=False),
                          help="Folder for the outputs; by default each lies beside its input. It takes the folders of "
                               "the inputs where these hold files of the same name.")
recursive = click.option("-r", "--recursive", is_flag=True,
                         help="Take the files in subfolders too; links are followed, hidden files are not taken.")
force = click.option("-f", "--force", is_flag=True, help="Replace outputs that exist.")
skip_existing = click.option("--skip-existing", is_flag=True,
                             help="Leave out files whose output is complete and valid, as after an interruption.")
jobs = click.option("-j", "--jobs", metavar="N", type=click.IntRange(min=1), default=lambda: cores(),
                    help="Files to work on at the same time; as many as there are processor cores by default.")
quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
preset = click.option("-p", "--preset", metavar="NAME", default=DEFAULT_PRESET, show_default=True,
                      shell_complete=complete_preset,
                      help="A preset that `neuralcodec presets` lists, a folder, or a Hub repository; @REVISION behind "
                           "it for another than the newest.")


def check_exclusive(force, skip_existing):
    """Raises click.UsageError if outputs that exist are to be replaced and left alone."""
    if force and skip_existing:
        raise click.UsageError("--force and --skip-existing exclude each other.")
