"""What a shell offers while a command line is typed."""

import os
import subprocess
import sys
from pathlib import Path

import click.shell_completion
import pytest

import neuralcodec
from neuralcodec.cli.main import cli as command_line
from neuralcodec.zoo.bundled import list_revisions


def offered(words, incomplete):
    """The (kind, text) of everything that is offered in the place of `incomplete`."""
    shell = click.shell_completion.ShellComplete(command_line, {}, "neuralcodec", "_NEURALCODEC_COMPLETE")
    return [(item.type, item.value) for item in shell.get_completions(words.split(), incomplete)]


@pytest.mark.parametrize("words", ["compress speech.wav --preset", "compress -p", "decompress -p", "presets info",
                                   "presets verify cq-9k", "evaluate --preset", "finetune --preset", "demo --preset"])
def test_names_of_presets_are_completed(words):
    names = [name for name in list_revisions() if name.startswith("cq-2")]  # earlier ones in a checkout only
    assert {"cq-20k", "cq-24k"} <= {*names}
    assert offered(words, "cq-2") == [("plain", name) for name in names]
    assert offered(words, "runs/") == [("dir", "runs/")]


def test_commands_options_and_files_are_completed():
    assert offered("", "comp") == [("plain", "compress")]
    assert ("plain", "--skip-existing") in offered("compress", "--s")
    assert offered("compress", "spee") == [("file", "spee")]


def test_the_line_for_the_shell_that_the_documents_give(tmp_path):
    program = tmp_path / "neuralcodec"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m neuralcodec "$@"\n')
    program.chmod(0o755)
    line = 'eval "$(_NEURALCODEC_COMPLETE=bash_source neuralcodec)"'
    document = Path(__file__).parents[2] / "docs" / "install.md"
    assert f"\n{line}\n" in document.read_text(encoding="utf-8")
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
                   "PYTHONPATH": str(Path(neuralcodec.__file__).parents[1])}
    script = f"""{line}
COMP_WORDS=(neuralcodec compress --preset cmrl-9) COMP_CWORD=3
_neuralcodec_completion neuralcodec
echo "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment)
    assert (done.stdout, done.stderr) == ("cmrl-9k\n", "")
