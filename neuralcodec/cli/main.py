"""The command `neuralcodec`: its subcommands, and how errors leave it."""

import signal
import sys

import click

from neuralcodec.cli.compress import compress
from neuralcodec.cli.decompress import decompress
from neuralcodec.cli.demo import demo
from neuralcodec.cli.evaluate import evaluate
from neuralcodec.cli.finetune import finetune
from neuralcodec.cli.info import info
from neuralcodec.cli.presets import presets
from neuralcodec.cli.report import report
from neuralcodec.cli.train import train
from neuralcodec.errors import NeuralCodecError
from neuralcodec.version import __version__

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="neuralcodec")
def cli():
    """A neural speech codec: 16 kHz speech at 9 to 24 kbps."""


for command in (compress, decompress, info, presets, demo, evaluate, report, train, finetune):
    cli.add_command(command)


def main(arguments=None):
    """Runs the command line.

    Args:
        arguments: list of str, those of the process by default.

    Returns:
        Exit code: 0, 1 for an error that has been told in one sentence, 2 for wrong usage, 130 after Ctrl-C.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # so that half-written files are removed
    try:
        return cli.main(arguments, prog_name="neuralcodec", standalone_mode=False) or 0
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except NeuralCodecError as error:
        click.echo(f"Error: {error}", err=True)
    except OSError as error:
        click.echo(f"Error: {error.filename or 'a file'}: {error.strerror or error}.", err=True)
    return 1
