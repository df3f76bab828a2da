"""`neuralcodec info`"""

import io
import json
import os
import subprocess

import numpy as np
import pytest
import soundfile

import neuralcodec


@pytest.fixture
def coded(tmp_path, codec, clip):
    """A file of five seconds."""
    path = tmp_path / "a.nac"
    path.write_bytes(codec.encode(clip[0][:80000], 16000))
    return path


def test_facts(coded, codec):
    facts = neuralcodec.codec_info(coded)
    size = coded.stat().st_size
    assert facts["preset"] == "tiny" and facts["hash"] == codec.preset.hash.hex()[:16]
    assert (facts["seconds"], facts["samples"], facts["sample_rate"]) == (5.0, 80000, 16000)
    assert facts["bytes"] == size and facts["kbps"] == pytest.approx(size * 8 / 5000)
    assert (facts["modules"], facts["step_index"], facts["blocks"]) == (2, 0, 6)
    assert facts["damaged_blocks"] == [] and facts["intact"]
    kbps = facts["kbps_by_module"]
    assert list(kbps) == ["side", "module_0", "module_1"] and min(kbps.values()) > 0
    assert 0 < facts["kbps"] - sum(kbps.values()) < 0.3  # what headers and checksums cost


def test_text(cli, installed, coded):
    code, out, err = cli("info", "a.nac")
    lines = dict(line.split(None, 1) for line in out.decode().replace("module ", "module-").splitlines())
    assert (code, err) == (0, "")
    assert lines["preset"] == "tiny (installed)" and lines["duration"] == "5.000 s (80000 samples at 16000 Hz)"
    assert lines["integrity"] == "ok" and lines["module-1"].endswith(" kbps")
    assert lines["rate"].endswith(f"({coded.stat().st_size} bytes)")


def test_json_of_several_files(cli, coded, tmp_path, codec):
    (tmp_path / "none.nac").write_bytes(codec.encode(np.zeros(0), 16000))
    code, out, _ = cli("info", "--json", "a.nac", "none.nac")
    first, second = map(json.loads, out.splitlines())
    assert code == 0 and first == {"file": "a.nac", **neuralcodec.codec_info(coded)}
    assert (second["file"], second["kbps"], second["blocks"], second["intact"]) == ("none.nac", None, 0, True)
    assert cli("info", "none.nac")[0] == 0


@pytest.mark.parametrize("change, damaged, words", [
    (lambda data: data[:-200], [5], "1 of 6 blocks (5)"),
    (lambda data: data[:len(data) // 2], [3, 4, 5], "3 of 6 blocks (3, 4, 5)"),
    (lambda data: data + b"x", [], "foreign bytes"),
])
def test_damage(cli, coded, change, damaged, words):
    coded.write_bytes(change(coded.read_bytes()))
    facts = neuralcodec.codec_info(coded)
    assert facts["damaged_blocks"][-1:] == damaged[-1:] and not facts["intact"]
    code, out, _ = cli("info", coded)
    assert code == 1 and words.split()[-1] in out.decode() and "damaged" in out.decode()


def test_preset_not_installed_or_changed(cli, coded, monkeypatch, tmp_path, other_folder):
    monkeypatch.setattr("neuralcodec.zoo.bundled.bundled_directory", lambda: tmp_path)
    assert b"tiny (not installed)" in cli("info", coded)[1]
    (tmp_path / "tiny").symlink_to(other_folder)
    assert b"tiny (installed with other weights)" in cli("info", coded)[1]


def test_a_revision_that_wrote_a_file_is_named(cli, coded, revised):
    assert b"tiny (installed as tiny@1)" in cli("info", coded)[1]
    coded.write_bytes(neuralcodec.Codec.from_pretrained("tiny").encode(np.zeros(1000), 16000))
    assert b"tiny (installed)" in cli("info", coded)[1]


def test_a_name_that_is_not_text(start_cli, coded, tmp_path):
    name = b"a\xff.nac"
    with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
        file.write(coded.read_bytes())
    process = start_cli("info", os.fsdecode(name), cwd=tmp_path, stdout=subprocess.PIPE, encoding="utf-8")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "") and "integrity  ok" in out


def test_not_a_nac_file(cli, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    code, out, err = cli("info", "a.wav")
    assert (code, out) == (1, b"") and "not a .nac file" in err


def test_an_unreadable_file_does_not_hide_the_others(cli, coded, tmp_path):
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    code, out, err = cli("info", "b.wav", "none.nac", "a.nac")
    assert code == 1 and b"integrity  ok" in out
    assert "b.wav: " in err and "none.nac: There is no file" in err


def test_standard_input(coded, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(coded.read_bytes())))
    assert neuralcodec.codec_info("-") == neuralcodec.codec_info(coded)


def test_tags_are_shown_so_that_they_cannot_command_a_terminal(cli, tiny_folder, tmp_path):
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 16000, 1) as file:
        file.title, file.comment = "Öl", "\x1b[31mtwo\nlines"
        file.write(np.zeros(1000))
    assert cli("compress", "a.wav", "-p", tiny_folder)[0] == 0
    lines = cli("info", "a.nac")[1].decode().splitlines()
    assert "title      Öl" in lines and "comment     [31mtwo lines" in lines
    assert json.loads(cli("info", "--json", "a.nac")[1])["tags"] == {"title": "Öl", "comment": "\x1b[31mtwo\nlines"}
    assert cli("compress", "a.wav", "-p", tiny_folder, "--no-tags", "--force")[0] == 0
    assert b"title" not in cli("info", "a.nac")[1]
