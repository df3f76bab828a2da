"""How the command line starts and ends."""

import os
import signal

import click
import pytest

import neuralcodec
from neuralcodec.cli import main as module
from neuralcodec.errors import NeuralCodecError


@pytest.mark.parametrize("command", ["compress", "decompress", "info", "presets", "demo", "evaluate", "finetune",
                                     "train", "benchmark"])
def test_every_command_has_help(cli, command):
    code, out, _ = cli(command, "--help")
    assert code == 0 and out.startswith(f"Usage: neuralcodec {command}".encode())
    assert cli("--help")[1].count(f"  {command} ".encode()) == 1


def test_version(cli):
    assert cli("--version")[1].decode().strip().endswith(neuralcodec.__version__)


@pytest.mark.parametrize("error, code, message", [
    (NeuralCodecError("It broke; mend it."), 1, "Error: It broke; mend it.\n"),
    (OSError(28, "No space left on device", "a.nac"), 1, "Error: a.nac: No space left on device.\n"),
    (OSError(28, "No space left on device"), 1, "Error: a file: No space left on device.\n"),
    (KeyboardInterrupt(), 130, "\n"),
])
def test_errors_end_in_a_code_and_a_sentence(cli, monkeypatch, error, code, message):
    @click.command()
    def fails():
        raise error

    monkeypatch.setitem(module.cli.commands, "fails", fails)
    assert cli("fails") == (code, b"", message)


def test_unknown_command(cli):
    code, _, err = cli("encode")
    assert code == 2 and "No such command 'encode'" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_in_order_unless_they_are_ignored(cli, monkeypatch, number):
    """`nohup` ignores SIGHUP, and goes on doing so."""
    @click.command()
    def ends():
        os.kill(os.getpid(), number)

    monkeypatch.setitem(module.cli.commands, "ends", ends)
    before = signal.signal(number, signal.SIG_DFL)  # whoever runs the tests may ignore it
    try:
        with pytest.raises(SystemExit) as caught:
            cli("ends")
        assert caught.value.code == 128 + number
        signal.signal(number, signal.SIG_IGN)
        assert cli("ends")[0] == 0
    finally:
        signal.signal(number, before)
