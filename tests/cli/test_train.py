"""`neuralcodec train`"""


def test_arguments_reach_the_training(cli, monkeypatch, tmp_path):
    from neuralcodec.training import phases

    calls = []
    monkeypatch.setattr(phases, "run", lambda *given, **options: calls.append((given, options)), raising=False)
    assert cli("train", "--config", "a.json", "--data", "speech", "--output", "out", "--resume")[0] == 0
    (given, options), = calls
    assert [str(path) for path in given] == ["a.json", "speech", "out"] and options == {"resume": True}


def test_all_three_paths_are_needed(cli):
    code, _, err = cli("train", "--config", "a.json")
    assert code == 2 and "--data" in err
