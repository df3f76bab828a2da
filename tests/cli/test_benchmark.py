"""`neuralcodec benchmark`"""

import json


def test_figures_as_a_table_a_file_and_a_plot(cli, tiny_folder, monkeypatch, tmp_path):
    monkeypatch.setattr("neuralcodec.evaluation.benchmark.ROUNDS", 1)
    monkeypatch.setattr("neuralcodec.evaluation.benchmark.COLD_SECONDS", 1)
    code, out, _ = cli("benchmark", "-p", tiny_folder, "--seconds", 1, "--jobs", 2, "--output", "a.json", "--plot",
                       "a.png")
    result = json.loads((tmp_path / "a.json").read_text())
    assert code == 0 and out.decode().splitlines()[1].startswith(str(tiny_folder))
    assert result["folder"]["files"] == 32 and result["folder"]["times_faster"] > 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_written_is_told_before_the_work(cli, tmp_path):
    (tmp_path / "file").write_text("")
    code, out, err = cli("benchmark", "--output", tmp_path / "file" / "a.json")
    assert (code, out) == (1, b"") and err.startswith("Error: ") and err.count("\n") == 1
    assert cli("benchmark", "--preset", "cq-42k")[0] == 1
