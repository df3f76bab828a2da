"""`neuralcodec compress` and `decompress` with several files and folders: where outputs go, and what is left out."""

import os

from folders import files


def test_several_files_and_folders(cli, installed, speech, tmp_path):
    for name in ("one.wav", "in/two.flac", "in/deep/three.wav"):
        speech(name)
    (tmp_path / "in" / "notes.txt").touch()
    assert cli("compress", "one.wav", "in", "-p", "tiny", "--output-dir", "out")[0] == 0
    assert files(tmp_path / "out") == ["one.nac", "two.nac"]
    assert cli("compress", "in", "-p", "tiny", "--output-dir", "all", "--recursive")[0] == 0
    assert files(tmp_path / "all") == ["deep/three.nac", "two.nac"]
    assert cli("decompress", "all", "-r") == (0, b"", "")
    assert files(tmp_path / "all") == ["deep/three.nac", "deep/three.wav", "two.nac", "two.wav"]


def test_a_batch_goes_on_after_a_bad_file(cli, tiny_folder, speech, tmp_path):
    speech("good.wav")
    (tmp_path / "bad.wav").write_bytes(b"noise")
    code, _, err = cli("compress", "bad.wav", "missing.wav", "good.wav", "-p", tiny_folder)
    assert code == 1
    lines = err.splitlines()
    assert lines[0] == "Error: 2 of 3 files failed:" and lines[3:] == ["1 done, 0 skipped, 2 failed."]
    assert "bad.wav" in lines[1] and "not an audio file" in lines[1] and "no file 'missing.wav'" in lines[2]
    assert files(tmp_path) == ["bad.wav", "good.nac", "good.wav"]


def test_a_batch_goes_on_where_it_stopped(cli, tiny_folder, speech, tmp_path):
    for name in ("in/a.wav", "in/b.wav", "in/c.wav", "in/d.wav"):
        speech(name)
    assert cli("compress", "in", "-p", tiny_folder)[0] == 0
    whole = {name: (tmp_path / "in" / f"{name}.nac").read_bytes() for name in "abcd"}
    (tmp_path / "in" / "b.nac").write_bytes(whole["b"][:-10])
    (tmp_path / "in" / "c.nac").write_bytes(b"")
    (tmp_path / "in" / "d.nac").unlink()
    before = (tmp_path / "in" / "a.nac").stat().st_mtime_ns
    code, _, err = cli("compress", "in", "-p", tiny_folder, "--skip-existing")
    assert (code, err) == (0, "3 done, 1 skipped, 0 failed.\n")
    assert {name: (tmp_path / "in" / f"{name}.nac").read_bytes() for name in "abcd"} == whole
    assert (tmp_path / "in" / "a.nac").stat().st_mtime_ns == before
    assert cli("decompress", "in", "-p", tiny_folder, "--output-dir", "out")[0] == 0
    (tmp_path / "out" / "a.wav").unlink()
    code, _, err = cli("decompress", "in", "-p", tiny_folder, "--output-dir", "out", "--skip-existing")
    assert (code, err) == (0, "1 done, 3 skipped, 0 failed.\n")


def test_what_is_not_a_finished_output_is_not_replaced(cli, tiny_folder, other_folder, speech, tmp_path):
    """A file of another preset, one that is none, and an original that has the name of an output."""
    speech("a.wav")
    speech("b.wav")
    (tmp_path / "b.nac").write_text("notes")
    assert cli("compress", "a.wav", "-p", other_folder)[0] == 0
    before = (tmp_path / "a.nac").read_bytes()
    code, _, err = cli("compress", "a.wav", "b.wav", "-p", tiny_folder, "--skip-existing")
    assert code == 1 and err.count("already exists") == 2
    assert (tmp_path / "a.nac").read_bytes() == before and (tmp_path / "b.nac").read_text() == "notes"
    original = (tmp_path / "a.wav").read_bytes()[:10000]
    (tmp_path / "a.wav").write_bytes(original)
    code, _, err = cli("decompress", "a.nac", "-p", other_folder, "--skip-existing")
    assert code == 1 and "already exists" in err and (tmp_path / "a.wav").read_bytes() == original


def test_names_that_collide(cli, tiny_folder, speech, tmp_path):
    for name in ("x/a.wav", "x/a.flac", "y/a.wav"):
        speech(name)
    assert cli("compress", "x", "-p", tiny_folder)[0] == 0
    assert files(tmp_path / "x") == ["a.flac", "a.flac.nac", "a.wav", "a.wav.nac"]
    assert cli("compress", "x/a.wav", "y/a.wav", "-p", tiny_folder, "--output-dir", "out")[0] == 0
    assert files(tmp_path / "out") == ["x/a.nac", "y/a.nac"]


def test_linked_folders_and_hidden_files(cli, tiny_folder, speech, tmp_path):
    speech("elsewhere/a.wav")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "._b.wav").write_bytes(b"\0\5\x16\7" * 20)
    assert cli("compress", "in", "-r", "-p", tiny_folder, "--output-dir", "out") == (0, b"", "")
    assert files(tmp_path / "out") == ["link/a.nac"]
    assert "hidden files are not taken" in " ".join(cli("compress", "--help")[1].decode().split())


def test_names_that_are_not_utf_8(start_cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    os.rename(tmp_path / "a.wav", folder + b"/\xff.wav")
    for arguments in (["compress"], ["decompress", "-f"]):
        process = start_cli(*arguments, os.fsdecode(folder), "-p", tiny_folder)
        assert process.communicate()[1] == b"" and process.returncode == 0
    assert sorted(os.listdir(folder)) == [b"\xff.nac", b"\xff.wav"]
    process = start_cli("compress", os.fsdecode(folder), "-p", tiny_folder)
    assert b"caf\\udce9/\\udcff.nac' already exists" in process.communicate()[1]
