"""The command `neuralcodec`: its subcommands, and how errors leave it."""

import os
import signal
import sys

import click

from neuralcodec.cli.benchmark import benchmark
from neuralcodec.cli.compress import compress
from neuralcodec.cli.decompress import decompress
from neuralcodec.cli.demo import demo
from neuralcodec.cli.evaluate import evaluate
from neuralcodec.cli.export import export
from neuralcodec.cli.finetune import finetune
from neuralcodec.cli.info import info
from neuralcodec.cli.presets import presets
from neuralcodec.cli.report import report
from neuralcodec.cli.stream import stream_decode, stream_encode
from neuralcodec.cli.strip import strip
from neuralcodec.cli.train import train
from neuralcodec.cli.verify import verify
from neuralcodec.errors import NeuralCodecError
from neuralcodec.version import __version__

INTERRUPTED = 128 + signal.SIGINT


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="neuralcodec")
def cli():
    """A neural speech codec: 16 kHz speech at 9 to 24 kbps."""


for command in (compress, decompress, strip, info, verify, stream_encode, stream_decode, presets, demo, evaluate,
                report, benchmark, train, finetune, export):
    cli.add_command(command)


def main(arguments=None):
    """Runs the command line.

    Args:
        arguments: list of str, those of the process by default.

    Returns:
        Exit code: 0, 1 for an error that has been told in one sentence, 2 for wrong usage, 130 after Ctrl-C.
    """
    _end_in_order()
    _open_standard_streams()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # matrices are small: threads would only wait for one another
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


def _end_in_order():
    """Signals that end the process let it remove half-written files first."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` ignores it
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def _open_standard_streams():
    """Standard streams that are closed lead nowhere, or the next file to be opened would take their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:  # nobody wants to hear what everybody may say
        sys.stderr = open(os.devnull, "w", encoding="utf-8")
