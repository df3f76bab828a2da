"""`neuralcodec compress` and `decompress`: outputs are there completely or not at all, whoever else is at work."""

import dataclasses
import io
import os
import signal
import time

import numpy as np
import pytest
import soundfile
from folders import files

from neuralcodec.bitstream.container import ContainerReader, ContainerWriter


def test_an_output_is_replaced_by_force_only(cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    assert cli("compress", "a.wav", "-p", tiny_folder)[0] == 0
    before = (tmp_path / "a.nac").read_bytes(), (tmp_path / "a.wav").read_bytes()
    for command in (["compress", "a.wav"], ["decompress", "a.nac"]):
        code, out, err = cli(*command, "-p", tiny_folder)
        assert (code, out) == (1, b"") and err.startswith("Error: ") and "already exists" in err
        assert err.count("\n") == 1
    assert ((tmp_path / "a.nac").read_bytes(), (tmp_path / "a.wav").read_bytes()) == before
    assert cli("decompress", "a.nac", "-p", tiny_folder, "--force") == (0, b"", "")
    assert (tmp_path / "a.wav").read_bytes() != before[1]


def write_long_file(path, second, seconds):
    """Repeats the block of a file of a second, which is quicker than coding it again and again."""
    reader = ContainerReader(io.BytesIO(second))
    block, = reader
    length = (50 * seconds - 2) * 320
    writer = ContainerWriter(dataclasses.replace(reader.header, num_samples=length, num_samples_16k=length))
    for _ in range(seconds):
        writer.add_block(block)
    with open(path, "wb") as file:
        writer.finish(file)


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_an_interrupted_run_leaves_nothing(start_cli, tiny_folder, codec, clip, tmp_path, command, number, code):
    if command == "compress":
        soundfile.write(tmp_path / "a.wav", np.zeros(40 * 60 * 16000, np.int16), 16000)
    else:
        write_long_file(tmp_path / "a.nac", codec.encode(clip[0][:48 * 320], 16000), seconds=1200)
    before = files(tmp_path)
    process = start_cli(command, before[0], "-p", tiny_folder, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while files(tmp_path) == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(files(tmp_path)) == 2, process.stderr.read()  # the output has been begun
    os.kill(process.pid, number)
    assert process.stderr.read().strip() == b""
    assert process.wait() == code
    assert files(tmp_path) == before


def test_permissions_stay_when_an_output_is_replaced(cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    for name in ("a.nac", "b.wav"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o600)
    assert cli("compress", "a.wav", "--force", "-p", tiny_folder)[0] == 0
    assert cli("decompress", "a.nac", "-o", "b.wav", "--force", "-p", tiny_folder)[0] == 0
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a.nac", "b.wav")] == [0o600, 0o600]


def test_two_runs_at_once(start_cli, tiny_folder, speech, tmp_path):
    """One succeeds, the other says why not."""
    speech("a.wav")
    both = [start_cli("compress", "a.wav", "-p", tiny_folder, cwd=tmp_path) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    assert b"written by another program meanwhile" in b"".join(said) or b"already exists" in b"".join(said)
    assert files(tmp_path) == ["a.nac", "a.wav"]


def test_what_a_killed_run_left_is_swept_by_the_next(start_cli, tiny_folder, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(10 * 60 * 16000, np.int16), 16000)
    process = start_cli("compress", "a.wav", "-p", tiny_folder, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while len(files(tmp_path)) == 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert len(files(tmp_path)) == 2
    soundfile.write(tmp_path / "a.wav", np.zeros(1000, np.int16), 16000)
    assert start_cli("compress", "a.wav", "-p", tiny_folder, cwd=tmp_path).wait() == 0
    assert files(tmp_path) == ["a.nac", "a.wav"]
