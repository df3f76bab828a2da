"""Files are there completely or not at all, and replace nothing that they should not."""

import errno
import os
import stat
import threading

import pytest

from neuralcodec.errors import NeuralCodecError, OutputError, OutputExistsError
from neuralcodec.files.names import shown
from neuralcodec.files.outputs import atomic_output, check_writable, open_output, refuse_same


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
    with pytest.raises(OutputError, match="another program replaced"), atomic_output(tmp_path / "a.nac") as file:
        part, = (path for path in tmp_path.iterdir() if path.name != "victim")
        part.unlink()
        part.symlink_to(tmp_path / "victim")
        file.write(b"data" * 10000)
    assert (tmp_path / "victim").read_bytes() == b"precious" and os.listdir(tmp_path) == ["victim"]


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
        monkeypatch.setattr("neuralcodec.files.outputs._OutputFile.write", full_disk)
        monkeypatch.setattr("pathlib.Path.unlink", full_disk)
        raise ValueError("first")


def test_check_writable(tmp_path):
    check_writable(tmp_path / "a" / "b" / "c.csv")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file/a.csv' cannot be written: Not a directory"):
        check_writable(tmp_path / "file" / "a.csv")
    assert os.listdir(tmp_path) == ["file"]


def test_the_same_file_by_another_name(tmp_path):
    (tmp_path / "a").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(OutputExistsError, match="is the input itself"):
        refuse_same(tmp_path / "a", tmp_path / "link")
    for source, target in (("-", "-"), (tmp_path / "a", tmp_path / "b"), (os.devnull, os.devnull), (None, "a\0")):
        refuse_same(source, target)
