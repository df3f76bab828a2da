"""Parts that dead processes left behind, and how a part takes its place."""

import os
import subprocess
import sys

import pytest

from neuralcodec.files import parts


@pytest.fixture
def dead():
    """Number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_by(number, target, kind="file"):
    part = parts.part_beside(target)
    part = part.with_name(part.name.replace(str(os.getpid()), str(number)))
    part.mkdir() if kind == "folder" else part.write_bytes(b"half")
    return part


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_only_parts_of_the_same_target_and_of_dead_processes_are_swept(tmp_path, dead, kind):
    target = tmp_path / "a.nac"
    stale, other = left_by(dead, target, kind), left_by(dead, tmp_path / "b.nac", kind)
    living, own = left_by(os.getppid(), target), left_by(os.getpid(), target)
    (tmp_path / ".odd.part").touch()
    parts.sweep(target)
    assert not stale.exists() and other.exists() and living.exists() and own.exists()
    assert (tmp_path / ".odd.part").exists()


def test_a_part_that_somebody_writes_is_not_swept(tmp_path, dead):
    """As on a disk that is shared with another machine, whose processes have other numbers."""
    part = left_by(dead, tmp_path / "a.nac")
    with open(part, "r+b") as file:
        parts.lock(file.fileno())
        parts.sweep(tmp_path / "a.nac")
        assert part.exists()


def test_names_are_short_enough_for_any_target(tmp_path):
    assert len(parts.part_beside(tmp_path / ("x" * 255)).name) < 60


@pytest.mark.parametrize("links", [True, False])
def test_nothing_is_replaced_unless_it_is_to_be(tmp_path, monkeypatch, links):
    def no_links(*_):
        raise PermissionError

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    part, target = tmp_path / "part", tmp_path / "target"
    part.write_bytes(b"new")
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        parts.put(part, target, overwrite=False)
    assert (part.read_bytes(), target.read_bytes()) == (b"new", b"old")
    parts.put(part, target, overwrite=True)
    assert target.read_bytes() == b"new" and not part.exists()
    part.write_bytes(b"first")
    parts.put(part, tmp_path / "free", overwrite=False)
    assert (tmp_path / "free").read_bytes() == b"first" and not part.exists()


def test_exchange(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "file").touch()
    if parts.exchange(tmp_path / "a", tmp_path / "b"):
        assert (tmp_path / "b" / "file").exists() and not (tmp_path / "a" / "file").exists()
    assert not parts.exchange(tmp_path / "none", tmp_path / "b")
