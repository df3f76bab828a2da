"""`neuralcodec evaluate`"""

import csv
import os
import subprocess

import numpy as np
import pytest
import soundfile


@pytest.fixture
def data(tmp_path, clip):
    for number in range(3):
        path = tmp_path / "data" / f"speaker{number}" / "a.wav"
        path.parent.mkdir(parents=True)
        soundfile.write(path, clip[0][16000 * number:16000 * number + 24000], 16000)
    return tmp_path / "data"


def test_table_and_csv(cli, tiny_folder, data, tmp_path):
    code, out, err = cli("evaluate", "-p", tiny_folder, "--data", data, "--output", "rows.csv", "--metrics",
                         "si_sdr,estoi", "--limit", 2)
    assert (code, err) == (0, "")
    head, row = out.decode().splitlines()
    assert head.split() == ["codec", "clips", "kbps", "si_sdr", "estoi"] and row.split()[:2] == ["tiny", "2"]
    rows = list(csv.DictReader((tmp_path / "rows.csv").open()))
    assert [line["clip"] for line in rows] == ["speaker0/a.wav", "speaker1/a.wav"]
    assert all(float(line["si_sdr"]) > 3 for line in rows)


@pytest.mark.parametrize("arguments", [(), ("--metrics", "lines, pesq"), ("--metrics", "lines")])
def test_lines_are_measured_unless_only_others_are_wanted(cli, tiny_folder, data, tmp_path, arguments):
    code, out, err = cli("evaluate", "-p", tiny_folder, "--data", data, "--limit", 2, "--output", "rows.csv",
                         *arguments)
    assert (code, err) == (0, "")
    head, row = (line.split("  ") for line in out.decode().splitlines())
    assert [name.strip() for name in head if name][-2:] == ["lines_100", "lines_200"] and "±" in row[-1]
    assert "lines" not in (tmp_path / "rows.csv").read_text()  # they are of no single recording


def test_prefixes_are_codecs_of_their_own(cli, tiny_folder, data, tmp_path):
    code, out, err = cli("evaluate", "-p", tiny_folder, "--data", data, "--metrics", "si_sdr", "--limit", 1,
                         "--prefixes", "--output", "rows.csv")
    whole, first = csv.DictReader((tmp_path / "rows.csv").open())
    assert code == 0 and (whole["codec"], first["codec"]) == ("tiny", "tiny (1 module)")
    assert float(first["kbps"]) < float(whole["kbps"]) and b"tiny (1 module)" in out
    assert cli("compress", data / "speaker0" / "a.wav", "-p", tiny_folder, "--modules", 1, "-o", "a.nac")[0] == 0
    assert float(first["kbps"]) == pytest.approx((tmp_path / "a.nac").stat().st_size * 8 / 1500)


def test_conversions_are_noted(cli, tiny_folder, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((800, 2)), 8000)
    code, _, err = cli("evaluate", "-p", tiny_folder, "--data", tmp_path / "a.wav", "--metrics", "si_sdr, stoi")
    assert code == 0 and err == f"Note: '{tmp_path / 'a.wav'}' has 2 channels (mixed to one) and is resampled from " \
                                "8000 to 16000 Hz.\n"


def test_peers(cli, tiny_folder, data, monkeypatch):
    from neuralcodec.evaluation import peers

    monkeypatch.setattr(peers, "available_peers", lambda: [peers.opus(24)])
    monkeypatch.setattr(peers, "missing_libraries", lambda: ["AMR-WB is missing; install it."])
    code, out, err = cli("evaluate", "-p", tiny_folder, "--data", data, "--peers", "--limit", 1, "--metrics", "si_sdr")
    assert code == 0 and err == "Note: AMR-WB is missing; install it.\n"
    assert [line.split("  ")[0] for line in out.decode().splitlines()] == ["codec", "tiny", "Opus 24"]


@pytest.mark.parametrize("arguments, code, message", [
    (["--metrics", "loudness"], 1, "no metric 'loudness'"),
    (["--limit", 0], 2, "--limit"),
    (["--data", "nowhere"], 1, "nowhere"),
])
def test_wrong_arguments(cli, tiny_folder, data, arguments, code, message):
    found, _, err = cli("evaluate", "-p", tiny_folder, "--data", data, *arguments)
    assert found == code and message in err and "Traceback" not in err


def test_a_recording_that_cannot_be_read_does_not_stop_the_others(cli, tiny_folder, data, tmp_path):
    (data / "speaker1" / "a.wav").write_bytes(b"not audio")
    (data / "speaker1" / "._a.wav").write_bytes(b"resource fork")
    code, out, err = cli("evaluate", "-p", tiny_folder, "--data", data, "--output", "rows.csv", "--metrics", "si_sdr")
    assert code == 1 and out.decode().splitlines()[1].split()[:2] == ["tiny", "2"]
    lines = err.splitlines()
    assert lines[0] == "Error: 1 of 3 files could not be read:" and "speaker1/a.wav' is not an audio file" in lines[1]
    rows = list(csv.DictReader((tmp_path / "rows.csv").open()))
    assert [line["clip"] for line in rows] == ["speaker0/a.wav", "speaker2/a.wav"]


def test_nothing_that_can_be_read(cli, tiny_folder, data, tmp_path):
    for path in data.rglob("*.wav"):
        path.write_bytes(b"not audio")
    code, out, err = cli("evaluate", "-p", tiny_folder, "--data", data, "--output", "rows.csv", "--metrics", "si_sdr")
    assert (code, out) == (1, b"") and err.startswith("Error: 3 of 3 files could not be read:\n")
    assert not (tmp_path / "rows.csv").exists()


def test_a_place_that_cannot_be_written_is_found_out_before(cli, tiny_folder, data, tmp_path, monkeypatch):
    monkeypatch.setattr("neuralcodec.evaluation.comparison.evaluate", lambda *_, **__: pytest.fail("too late"))
    (tmp_path / "file").touch()
    code, _, err = cli("evaluate", "-p", tiny_folder, "--data", data, "--output", "file/rows.csv")
    assert code == 1 and "file/rows.csv' cannot be written: Not a directory" in err


def test_names_that_are_not_utf_8(start_cli, tiny_folder, data, tmp_path):
    os.rename(data / "speaker0", os.fsencode(data) + b"/caf\xe9")
    process = start_cli("evaluate", "-p", tiny_folder, "--data", data, "--output", "rows.csv", "--metrics", "si_sdr",
                        cwd=tmp_path, stdout=subprocess.PIPE)
    assert process.communicate()[1] == b"" and process.returncode == 0
    assert "caf\\udce9/a.wav" in (tmp_path / "rows.csv").read_text()
