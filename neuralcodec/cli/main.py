"""The command `neuralcodec`: its subcommands, and how errors leave it."""

import importlib
import os
import signal
import sys

import click

from neuralcodec.errors import NeuralCodecError
from neuralcodec.version import __version__

INTERRUPTED = 128 + signal.SIGINT

_FILES = {name: name for name in ("benchmark", "compress", "decompress", "demo", "evaluate", "export", "finetune",
                                  "info", "presets", "report", "strip", "train", "verify")}
_FILES |= {"stream-encode": "stream", "stream-decode": "stream"}  # by command


class _Commands(click.Group):
    """Imports a command when somebody asks for it: all of them together would delay each."""

    def list_commands(self, context):
        return sorted(_FILES)

    def get_command(self, context, name):
        if name not in _FILES:
            return super().get_command(context, name)
        return getattr(importlib.import_module(f"neuralcodec.cli.{_FILES[name]}"), name.replace("-", "_"))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="neuralcodec")
def cli():
    """A neural speech codec: 16 kHz speech at 9 to 24 kbps."""


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
