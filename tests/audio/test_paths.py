"""Outputs are there completely or not at all; streams take all of what is written; inputs are open once."""

import errno
import io
import os
import stat
import sys
import threading
import time

import pytest

from neuralcodec.audio import atomic_output
from neuralcodec.audio.paths import (
    atomic_folder,
    check_writable,
    is_stream,
    open_nac,
    open_output,
    refuse_same,
    shown,
    standard_input,
    standard_output,
)
from neuralcodec.errors import FormatError, NeuralCodecError, OutputError, OutputExistsError


def test_the_file_appears_only_when_complete(tmp_path):
    path = tmp_path / "a.nac"
    with atomic_output(path) as file:
        file.write(b"data")
        assert not path.exists()
    assert path.read_bytes() == b"data"
    assert os.listdir(tmp_path) == ["a.nac"]


@pytest.mark.parametrize("exception", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_an_error(tmp_path, exception):
    with pytest.raises(exception), atomic_output(tmp_path / "a.nac") as file:
        file.write(b"half")
        raise exception
    assert os.listdir(tmp_path) == []


def test_an_existing_file_is_kept_unless_overwriting(tmp_path):
    path = tmp_path / "a.nac"
    path.write_bytes(b"old")
    with pytest.raises(OutputExistsError, match="a.nac' already exists"), atomic_output(path):
        pass
    with pytest.raises(ValueError), atomic_output(path, overwrite=True) as file:
        file.write(b"half")
        raise ValueError
    assert path.read_bytes() == b"old"
    with atomic_output(path, overwrite=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with atomic_output(tmp_path / "a.nac"):
        pass
    assert (tmp_path / "a.nac").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_keeps_pointing_at_the_file(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic_output(tmp_path / "link", overwrite=True) as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_bytes() == b"new"


def test_a_device_or_folder_is_never_replaced(tmp_path):
    for path in (os.devnull, tmp_path, f"{tmp_path}/new/"):
        with pytest.raises((OutputExistsError, OutputError), match="not a regular file|No such file"):
            with atomic_output(path, overwrite=True):
                pass
    with pytest.raises(OutputExistsError, match="new/' is a folder, not a regular file"):
        with atomic_output(f"{tmp_path}/new/"):
            pass


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(NeuralCodecError, match="'.*none/a.nac' cannot be written: No such file"):
        with atomic_output(tmp_path / "none" / "a.nac"):
            pass


def test_what_appears_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "a.nac"
    with pytest.raises(OutputExistsError, match="a.nac' was written by another program meanwhile"):
        with atomic_output(path) as file:
            file.write(b"mine")
            path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs" and os.listdir(tmp_path) == ["a.nac"]


def test_of_two_that_write_the_same_one_succeeds(tmp_path):
    path, outcomes = tmp_path / "a.nac", []

    def write(data):
        try:
            with atomic_output(path) as file:
                file.write(data)
                together.wait()
            outcomes.append(data)
        except OutputExistsError:
            outcomes.append(None)

    together = threading.Barrier(2)
    threads = [threading.Thread(target=write, args=(data,)) for data in (b"one", b"two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(None) == 1 and path.read_bytes() in outcomes and os.listdir(tmp_path) == ["a.nac"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_permissions_of_what_is_replaced_stay(tmp_path, mode):
    path = tmp_path / "a.nac"
    path.write_bytes(b"old")
    path.chmod(mode)
    with atomic_output(path, overwrite=True) as file:
        file.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode and path.read_bytes() == b"new"


def test_nobody_else_reads_what_is_not_complete(tmp_path):
    with atomic_output(tmp_path / "a.nac"):
        part, = tmp_path.iterdir()
        assert stat.S_IMODE(part.stat().st_mode) == 0o600 and part.name.startswith(".")


def test_the_mask_of_new_files_is_heeded(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_output(tmp_path / "a.nac"):
            pass
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.nac").stat().st_mode) == 0o640


def test_a_link_in_the_place_of_the_part_is_not_written_through(tmp_path):
    (tmp_path / "victim").write_bytes(b"precious")
    with atomic_output(tmp_path / "a.nac") as file:
        part, = (path for path in tmp_path.iterdir() if path.name != "victim")
        part.unlink()
        part.symlink_to(tmp_path / "victim")
        file.write(b"data" * 10000)
    assert (tmp_path / "victim").read_bytes() == b"precious"


@pytest.mark.parametrize("name, reason", [("x" * 256, "File name too long"), ("none/a.nac", "No such file or directo"),
                                          ("a\0b", "no name has a NUL in it"), ("file/a.nac", "Not a directory"),
                                          ("deep/" * 1000 + "a.nac", "File name too long")])
def test_places_that_cannot_be_written(tmp_path, name, reason):
    (tmp_path / "file").touch()
    for action in (lambda: atomic_output(f"{tmp_path}/{name}"), lambda: open_output(f"{tmp_path}/{name}")):
        with pytest.raises(OutputError) as caught, action():
            pass
        assert str(caught.value).startswith(f"{shown(f'{tmp_path}/{name}')} cannot be written: {reason}")
    assert os.listdir(tmp_path) == ["file"]


def full_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no such device")
def test_a_full_disk_names_the_output_and_not_its_part(tmp_path, monkeypatch):
    open_file = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: open_file("/dev/full", os.O_RDWR))
    with pytest.raises(OutputError) as caught, atomic_output(tmp_path / "a.nac") as file:
        file.write(b"x" * 100000)
    assert str(caught.value) == f"'{tmp_path / 'a.nac'}' cannot be written: No space left on device."
    assert caught.value.errno == errno.ENOSPC and os.listdir(tmp_path) == []


def test_the_first_error_is_the_one_that_is_told(tmp_path, monkeypatch):
    """Also where the disk is full, and nothing can be removed."""
    with pytest.raises(ValueError, match="first"), atomic_output(tmp_path / "a.nac") as file:
        file.write(b"x")
        monkeypatch.setattr("neuralcodec.audio.paths._OutputFile.write", full_disk)
        monkeypatch.setattr("pathlib.Path.unlink", full_disk)
        raise ValueError("first")


def test_check_writable(tmp_path):
    check_writable(tmp_path / "a" / "b" / "c.csv")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file/a.csv' cannot be written: Not a directory"):
        check_writable(tmp_path / "file" / "a.csv")
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_is_there_completely_or_not_at_all(tmp_path):
    with atomic_folder(tmp_path / "new" / "preset") as folder:
        (folder / "file").write_text("x")
        assert not (tmp_path / "new" / "preset").exists()
    with pytest.raises(ValueError), atomic_folder(tmp_path / "new" / "preset") as folder:
        (folder / "half").touch()
        raise ValueError
    assert os.listdir(tmp_path / "new") == ["preset"] and os.listdir(tmp_path / "new" / "preset") == ["file"]


@pytest.mark.parametrize("swaps", [True, False])
def test_a_folder_stays_until_the_new_one_is_in_place(tmp_path, monkeypatch, swaps):
    if not swaps:
        monkeypatch.setattr("neuralcodec.audio.paths.exchange", lambda *_: False)
    target = tmp_path / "preset"
    target.mkdir()
    (target / "old").touch()
    target.chmod(0o700)
    with pytest.raises(OutputExistsError), atomic_folder(target):
        pass
    with atomic_folder(target, overwrite=True) as folder:
        (folder / "new").touch()
        assert os.listdir(target) == ["old"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert os.listdir(target) == ["new"] and os.listdir(tmp_path) == ["preset"]


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


def test_nac_files_that_cannot_be_opened(tmp_path):
    (tmp_path / "a.nac").write_text("NAC")
    with open(tmp_path / "a.nac") as text:
        for source, problem in ((text, "is a text stream"), (tmp_path, "is a folder, not a .nac file"), (3, "not int"),
                                (b"NAC", "not bytes"), (tmp_path / "none", "There is no file"), ("a\0", "There is no")):
            with pytest.raises(FormatError, match=problem), open_nac(source):
                pass


def test_the_same_file_by_another_name(tmp_path):
    (tmp_path / "a").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(OutputExistsError, match="is the input itself"):
        refuse_same(tmp_path / "a", tmp_path / "link")
    for source, target in (("-", "-"), (tmp_path / "a", tmp_path / "b"), (os.devnull, os.devnull), (None, "a\0")):
        refuse_same(source, target)
