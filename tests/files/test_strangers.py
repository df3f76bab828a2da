"""Files of a folder from a stranger: what lies in their place is looked at before it is opened."""

import os

import pytest

from neuralcodec.errors import PresetError, one_line
from neuralcodec.files.strangers import read_member


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "preset").mkdir()
    return tmp_path / "preset"


def test_a_regular_file_is_read(folder):
    (folder / "a").write_bytes(b"x" * 100)
    assert read_member(folder / "a", 100) == b"x" * 100
    (folder / "b").symlink_to("a")  # a link inside the folder
    assert read_member(str(folder / "b"), 100) == b"x" * 100
    with pytest.raises(PresetError, match="larger than any preset's .99 bytes"):
        read_member(folder / "a", 99)


def test_a_folder_may_be_reached_by_a_link(folder, tmp_path):
    (folder / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("preset")
    assert read_member(tmp_path / "link" / "a") == b"x"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "a")
    with pytest.raises(PresetError, match="no regular file"):
        read_member(folder / "a")


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/hostname", "../secret", "../other/a", "/nowhere", "a"])
def test_links_out_of_the_folder_are_not_followed(folder, tmp_path, target):
    (tmp_path / "secret").write_bytes(b"precious")
    (folder / "a").symlink_to(target)
    with pytest.raises(PresetError, match="leads out of its folder|no regular file"):
        read_member(folder / "a")


def test_a_hole_of_terabytes_is_not_read(folder):
    with open(folder / "a", "wb") as file:
        file.truncate(1 << 42)
    with pytest.raises(PresetError, match="larger"):
        read_member(folder / "a")


def test_a_folder_is_no_file(folder):
    (folder / "a").mkdir()
    with pytest.raises(PresetError, match="no regular file"):
        read_member(folder / "a")


def test_a_snapshot_of_the_hubs_cache_has_its_blobs(tmp_path):
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "123", tmp_path / "models--a--b" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    (blobs / "0").write_bytes(b"x")
    (snapshot / "a").symlink_to("../../blobs/0")
    assert read_member(snapshot / "a") == b"x"


def test_what_looks_like_the_hubs_cache_leads_nowhere_else(tmp_path):
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "123", tmp_path / "models--a--b" / "blobs"
    snapshot.mkdir(parents=True)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "0").write_bytes(b"precious")
    (snapshot / "a").symlink_to("../../blobs/0")
    blobs.symlink_to(tmp_path / "secrets")  # blobs that lie elsewhere
    with pytest.raises(PresetError, match="leads out"):
        read_member(snapshot / "a")
    blobs.unlink()
    blobs.mkdir()
    (blobs / "0").symlink_to(tmp_path / "secrets" / "0")  # a blob that lies elsewhere
    with pytest.raises(PresetError, match="leads out"):
        read_member(snapshot / "a")


def test_missing_files_and_impossible_names(folder):
    for name in ("none", "a\0b", "x" * 300):
        with pytest.raises(PresetError, match="cannot be read"):
            read_member(folder / name)


def test_messages_are_one_line_whatever_they_quote():
    message = str(PresetError("'a\nb\x1b[2J' " + "x" * 100_000 + " install it again."))
    assert len(message) <= 600 and message.isprintable() and message.endswith("install it again.")
    assert one_line("as it is") == "as it is"
