"""Streams take all of what is written; standard streams that are missing or terminals are told."""

import io
import os
import stat
import sys
import threading
import time

import pytest

from neuralcodec.errors import NeuralCodecError, OutputError
from neuralcodec.files.outputs import open_output
from neuralcodec.files.streams import is_stream, standard_input, standard_output


class Stingy(io.RawIOBase):
    """Takes a few bytes at a time."""

    def __init__(self):
        self.taken = b""

    def writable(self):
        return True

    def write(self, data):
        self.taken += bytes(data[:7])
        return min(7, len(data))


class Own:
    """Somebody's own object, which returns nothing."""

    def __init__(self):
        self.taken = b""

    def write(self, data):
        self.taken += data


@pytest.mark.parametrize("kind", [Stingy, Own])
def test_a_stream_takes_all_of_what_is_written(kind):
    target, data = kind(), bytes(range(256)) * 10
    with open_output(target) as file:
        assert file.write(data) == len(data)
        assert file.write(b"") == 0
    assert target.taken == data


@pytest.mark.parametrize("buffering", [0, -1])
def test_a_pipe_that_does_not_wait_takes_all_of_it(buffering):
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    data, taken = os.urandom(1 << 20), bytearray()

    def read():
        while piece := os.read(read_end, 30000):
            time.sleep(0.001)
            taken.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    with open(write_end, "wb", buffering=buffering) as pipe, open_output(pipe) as file:
        file.write(data)
    reader.join()
    os.close(read_end)
    assert bytes(taken) == data


def test_targets_that_take_no_bytes(tmp_path):
    with open(tmp_path / "a", "w") as text:
        for target in (text, io.StringIO(), 5, None):
            with pytest.raises(OutputError, match="A path or a binary file object"), open_output(target):
                pass


def test_devices_and_pipes_are_written_as_they_are(tmp_path):
    assert is_stream(os.devnull) and is_stream("-") and is_stream("/dev/stdout") and not is_stream(tmp_path / "a")
    with open_output(os.devnull) as file:
        file.write(b"gone")
    os.mkfifo(tmp_path / "pipe")
    taken = []
    reader = threading.Thread(target=lambda: taken.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    with open_output(tmp_path / "pipe") as file:
        file.write(b"through")
    reader.join()
    assert taken == [b"through"] and stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no such device")
def test_a_device_that_is_full():
    with pytest.raises(OutputError, match="^'/dev/full' cannot be written: No space left on device.$"):
        with open_output("/dev/full") as file:
            file.write(b"x")


class Terminal(io.BytesIO):
    def isatty(self):
        return True


def test_standard_streams(monkeypatch):
    for stream, problem in ((None, "is closed"), (io.StringIO(), "no binary stream"),
                            (io.TextIOWrapper(Terminal()), "is a terminal")):
        monkeypatch.setattr(sys, "stdin", stream)
        monkeypatch.setattr(sys, "stdout", stream)
        for action in (standard_input, standard_output):
            with pytest.raises(NeuralCodecError, match=problem):
                action()


def test_a_file_in_the_place_of_a_pipe_is_not_emptied(tmp_path, monkeypatch):
    """A link to one, too, that appears between the look and the opening."""
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "pipe").symlink_to("victim")
    monkeypatch.setattr("neuralcodec.files.outputs.is_stream", lambda _: True)
    with pytest.raises(OutputError, match="another program put a file in its place"), open_output(tmp_path / "pipe"):
        pass
    assert (tmp_path / "victim").read_bytes() == b"precious"
    with pytest.raises(OutputError, match="No such file"), open_output(tmp_path / "gone"):
        pass
    assert sorted(os.listdir(tmp_path)) == ["pipe", "victim"]
