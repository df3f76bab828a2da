"""`neuralcodec train`"""

from types import SimpleNamespace

import pytest

from neuralcodec.training import train as training


@pytest.fixture
def calls(monkeypatch):
    """In place of the training: a list of the arguments that it was given."""
    calls = []

    def train_presets(*given, **options):
        calls.append((given, options))
        return [SimpleNamespace(directory="out/quick"), SimpleNamespace(directory="out/other")]

    monkeypatch.setattr(training, "train_presets", train_presets)
    return calls


def test_arguments_reach_the_training(cli, calls):
    code, out, err = cli("train", "--config", "quick", "--data", "speech", "--output", "out", "--resume")
    assert (code, out, err) == (0, b"", "Wrote out/quick.\nWrote out/other.\n")
    (given, options), = calls
    assert [str(path) for path in given] == ["quick", "speech", "out"] and options == {"resume": True}


@pytest.mark.parametrize("name, message", [("a.json", "'a.json', neither as a file nor in the package"),
                                           ("Quik", "did you mean 'quick'?")])
def test_a_configuration_that_is_not_there(cli, calls, tmp_path, name, message):
    code, out, err = cli("train", "--config", name, "--data", tmp_path, "--output", tmp_path / "out")
    assert (code, out) == (1, b"") and err.startswith("Error: There is no training configuration") and message in err
    assert list(tmp_path.iterdir()) == [] and calls == []


def test_a_place_that_cannot_be_written_is_found_out_before(cli, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = cli("train", "--config", "quick", "--data", tmp_path, "--output", "file/out")
    assert code == 1 and "file/out/progress' cannot be written: Not a directory" in err


def test_all_three_are_needed(cli):
    code, _, err = cli("train", "--config", "quick")
    assert code == 2 and "--data" in err
