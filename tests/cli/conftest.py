"""The command line in this process: as a user sees it, but quick."""

import numpy as np
import pytest
import soundfile

from neuralcodec.cli.main import main


@pytest.fixture
def cli(capsysbinary, monkeypatch, tmp_path):
    """Runs a command in an empty folder; returns (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("neuralcodec.progress.INTERVAL", 3600)  # however slow the machine is
    monkeypatch.setattr("neuralcodec.cli.options.cores", lambda: 1)  # further processes know nothing of this one

    def run(*arguments):
        capsysbinary.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsysbinary.readouterr()
        return code, out, err.decode()

    return run


@pytest.fixture
def speech(tmp_path, clip):
    """Writes a second of speech."""
    def write(name, sample_rate=16000, channels=1):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = np.repeat(clip[0][16000:16000 + sample_rate, None], channels, axis=1)
        soundfile.write(path, samples, sample_rate)

    return write
