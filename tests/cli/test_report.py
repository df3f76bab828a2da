"""`neuralcodec report`"""

import os

import pytest
import soundfile


@pytest.fixture
def data(tmp_path, clip):
    (tmp_path / "data").mkdir()
    for number in range(2):
        soundfile.write(tmp_path / "data" / f"{number}.wav", clip[0][16000 * number:16000 * number + 16000], 16000)
    return tmp_path / "data"


@pytest.fixture
def quick(installed, monkeypatch):
    """One metric and one peer."""
    from neuralcodec.evaluation import peers, report

    monkeypatch.setattr(report, "METRICS", ("si_sdr",))
    monkeypatch.setattr(peers, "available_peers", lambda: [peers.opus(24)])


def test_a_page_and_where_it_lies(cli, quick, data, tmp_path):
    code, out, err = cli("report", "--data", data, "--output", tmp_path / "new" / "out", "--limit", 1)
    assert (code, err) == (0, "")
    assert out.decode().strip() == str(tmp_path / "new" / "out" / "report.html")
    html = (tmp_path / "new" / "out" / "report.html").read_text()
    assert "1 recording (" in html and "tiny" in html and "Opus 24" in html


def test_presets_come_in_the_order_of_their_rates(cli, data, tmp_path, monkeypatch):
    from neuralcodec.errors import TrainingDataError
    from neuralcodec.evaluation import report

    def measure(data, files, codecs, *_, **__):
        raise TrainingDataError(" ".join(codec.name for codec in codecs))

    monkeypatch.setattr(report, "measure", measure)
    _, _, err = cli("report", "--data", data, "--output", tmp_path / "out")
    assert "cmrl-9k cq-9k cmrl-16k cq-16k cmrl-20k cq-20k cmrl-24k cq-24k" in err


def test_what_is_missing_is_noted(cli, quick, data, tmp_path, monkeypatch):
    from neuralcodec.evaluation import metrics, peers, report

    monkeypatch.setattr(peers, "missing_libraries", lambda: ["AMR-WB is missing; install it."])
    monkeypatch.setattr(report, "METRICS", ("visqol", "si_sdr"))
    monkeypatch.setattr(metrics, "find_spec", lambda name: None)
    code, _, err = cli("report", "--data", data, "--output", tmp_path / "out", "--limit", 1)
    assert code == 0
    assert err.splitlines() == ["Note: AMR-WB is missing; install it.",
                                "Note: Without 'visqol', which needs one more package: pip install "
                                "'visqol-python[lattice]'."]
    assert not (tmp_path / "out" / "rate-visqol.png").exists()


def test_wrong_input_is_one_sentence(cli, quick, data, tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.wav").write_text("not audio")
    for source, output, message in ((tmp_path / "nowhere", "out", "nowhere"), (tmp_path / "empty", "out", "empty"),
                                    (data, tmp_path / "file", "file"), (tmp_path / "bad", "out", "a.wav")):
        code, out, err = cli("report", "--data", source, "--output", output)
        assert (code, out) == (1, b"") and message in err
        assert err.startswith("Error: ") and err.count("\n") == 1
    assert cli("report", "--data", data)[0] == 2


def test_without_matplotlib(run_python, data, tmp_path):
    code = ("import sys; sys.modules['matplotlib'] = None; from neuralcodec.cli.main import main;"
            f"sys.exit(main(['report', '--data', {str(data)!r}, '--output', {str(tmp_path / 'out')!r}]))")
    result = run_python("-c", code)
    assert result.returncode == 1
    assert result.stderr.decode() == "Error: The plots need one more package: pip install 'neuralcodec[eval]'.\n"
    assert not (tmp_path / "out").exists()


def test_a_recording_that_cannot_be_read_does_not_stop_the_others(cli, quick, data, tmp_path):
    (data / "bad.wav").write_bytes(b"not audio")
    code, out, err = cli("report", "--data", data, "--output", tmp_path / "out")
    assert code == 1 and out.decode().strip() == str(tmp_path / "out" / "report.html")
    assert err.startswith("Error: 1 of 3 files could not be read:\n") and "bad.wav' is not an audio file" in err
    assert "2 recordings" in (tmp_path / "out" / "report.html").read_text()


def test_nothing_that_can_be_read(cli, quick, data, tmp_path):
    for path in data.iterdir():
        path.write_bytes(b"not audio")
    code, out, err = cli("report", "--data", data, "--output", tmp_path / "out")
    assert (code, out) == (1, b"") and err.startswith("Error: ") and "Traceback" not in err
    assert err.count("not an audio file") == 2 and not (tmp_path / "out" / "report.html").exists()


def test_names_that_are_not_utf_8(cli, quick, data, tmp_path):
    os.rename(data / "0.wav", os.fsencode(data) + b"/caf\xe9.wav")
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    code, out, err = cli("report", "--data", data, "--output", folder)
    assert (code, err) == (0, "") and os.path.exists(os.path.join(folder, "report.html"))
