"""Folders are there completely or not at all."""

import os
import stat

import pytest

from neuralcodec.errors import OutputError, OutputExistsError
from neuralcodec.files.folders import atomic_folder


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
        monkeypatch.setattr("neuralcodec.files.folders.exchange", lambda *_: False)
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


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system has no names for descriptors")
def test_a_link_in_the_place_of_the_part_is_not_written_through(tmp_path):
    (tmp_path / "victim").mkdir()
    with pytest.raises(OutputError, match="another program replaced"), atomic_folder(tmp_path / "preset") as folder:
        part, = (path for path in tmp_path.iterdir() if path.name != "victim")
        part.rename(tmp_path / "moved")
        part.symlink_to(tmp_path / "victim")
        (folder / "config.json").write_text("{}")
    assert os.listdir(tmp_path / "victim") == [] and not (tmp_path / "preset").exists()
    assert os.listdir(tmp_path / "moved") == ["config.json"]
