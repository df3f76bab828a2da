"""`neuralcodec compress` and `decompress` with standard streams, pipes and devices."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from folders import files

import neuralcodec
from neuralcodec.assets import demo_clip


def test_standard_streams_that_are_closed(cli, tiny_folder, speech, monkeypatch):
    speech("a.wav")
    monkeypatch.setattr("sys.stdin", None)
    for command in (["compress", "-", "-o", "b.nac", "-p", tiny_folder], ["info", "-"]):
        code, _, err = cli(*command)
        assert code == 1 and "Standard input is closed" in err


def test_standard_input_and_output(start_cli, tiny_folder, tmp_path):
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": tmp_path}
    data, err = start_cli("compress", "-", "-p", tiny_folder, **options).communicate(demo_clip().read_bytes())
    assert data.startswith(b"NAC") and err == b""
    wav, err = start_cli("decompress", "-", "-p", tiny_folder, **options).communicate(data)
    assert soundfile.info(io.BytesIO(wav)).frames == soundfile.info(demo_clip()).frames and err == b""
    assert files(tmp_path) == []


def test_a_reader_that_goes_away(start_cli, tiny_folder, codec, clip, tmp_path):
    (tmp_path / "a.nac").write_bytes(codec.encode(np.tile(clip[0], 4), 16000))
    process = start_cli("decompress", tmp_path / "a.nac", "-o", "-", "-p", tiny_folder, stdout=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1


def test_devices_as_outputs(cli, start_cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    assert cli("compress", "a.wav", "-o", os.devnull, "-p", tiny_folder) == (0, b"", "")
    assert cli("compress", "a.wav", "-p", tiny_folder)[0] == 0
    assert cli("decompress", "a.nac", "-o", os.devnull, "-p", tiny_folder) == (0, b"", "")
    for arguments in (["compress", "a.wav"], ["decompress", "a.nac"]):
        outputs = [start_cli(*arguments, "-o", place, "-p", tiny_folder, cwd=tmp_path,
                             stdout=subprocess.PIPE).communicate()[0] for place in ("-", "/dev/stdout")]
        assert outputs[0] == outputs[1] != b""
    with open(tmp_path / "redirected", "wb") as file:
        process = start_cli("compress", "a.wav", "-o", "/dev/stdout", "-p", tiny_folder, cwd=tmp_path, stdout=file)
        assert process.wait() == 0
    assert (tmp_path / "redirected").read_bytes() == (tmp_path / "a.nac").read_bytes()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no such device")
def test_full_outputs_are_one_sentence(start_cli, tiny_folder, speech, codec, clip, tmp_path):
    speech("a.wav")
    (tmp_path / "b.nac").write_bytes(codec.encode(clip[0][:32000], 16000))
    for arguments in (["compress", "a.wav"], ["decompress", "b.nac"]):
        for place, name in (("-", "Standard output"), ("/dev/full", "'/dev/full'")):
            with open("/dev/full", "wb") as full:
                process = start_cli(*arguments, "-o", place, "-p", tiny_folder, cwd=tmp_path, stdout=full)
                assert process.stderr.read().decode() == f"Error: {name} cannot be written: No space left on device.\n"
                assert process.wait() == 1


def test_standard_output_that_is_closed(tiny_folder, speech, codec, tmp_path):
    """Neither is it missed, nor does another file take its place."""
    speech("a.wav")
    (tmp_path / "b.nac").write_bytes(codec.encode(np.zeros(1000), 16000))
    run = ["sh", "-c", '"$0" -m neuralcodec "$@" >&- 2>err', sys.executable]
    options = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(Path(neuralcodec.__file__).parents[1])}}
    for arguments in (["compress", "a.wav", "-o", "-"], ["decompress", "b.nac", "-o", "-"]):
        assert subprocess.run([*run, *arguments, "-p", tiny_folder], **options).returncode == 1
        assert (tmp_path / "err").read_text() == "Error: Standard output is closed; name a file instead of '-'.\n"
    assert subprocess.run([*run, "decompress", "b.nac", "-o", "c.wav", "-p", tiny_folder], **options).returncode == 0
    run[2] = '"$0" -m neuralcodec "$@" >&- 2>&- <&-'
    assert subprocess.run([*run, "decompress", "b.nac", "-o", "d.wav", "-p", tiny_folder], **options).returncode == 0
    assert soundfile.info(tmp_path / "c.wav").frames == soundfile.info(tmp_path / "d.wav").frames == 1000
