"""`neuralcodec train`"""

from neuralcodec.training import train as training


def test_arguments_reach_the_training(cli, monkeypatch):
    calls = []
    monkeypatch.setattr(training, "train_preset", lambda *given, **options: calls.append((given, options)))
    assert cli("train", "--config", "a.json", "--data", "speech", "--output", "out", "--resume")[0] == 0
    (given, options), = calls
    assert [str(path) for path in given] == ["a.json", "speech", "out"] and options == {"resume": True}


def test_a_configuration_that_is_not_there(cli, tmp_path):
    code, out, err = cli("train", "--config", "a.json", "--data", tmp_path, "--output", tmp_path / "out")
    assert (code, out) == (1, b"") and err.startswith("Error: ") and "a.json" in err
    assert list(tmp_path.iterdir()) == []


def test_all_three_paths_are_needed(cli):
    code, _, err = cli("train", "--config", "a.json")
    assert code == 2 and "--data" in err
