"""Outputs are there completely or not at all."""

import os

import pytest

from neuralcodec.audio import atomic_output
from neuralcodec.errors import NeuralCodecError, OutputExistsError


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
    for path in (os.devnull, tmp_path):
        with pytest.raises(OutputExistsError, match="not a regular file"), atomic_output(path, overwrite=True):
            pass


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(NeuralCodecError, match="'.*none/a.nac' cannot be written: No such file"):
        with atomic_output(tmp_path / "none" / "a.nac"):
            pass
