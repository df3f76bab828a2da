"""Revisions: new weights under an old name, beside the earlier ones."""

import io
import json
import shutil

import numpy as np
import pytest

from neuralcodec import Codec, list_presets
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.coding.presets import bundled_preset_for
from neuralcodec.errors import PresetNotFoundError
from neuralcodec.zoo.bundled import list_revisions
from neuralcodec.zoo.folder import METADATA
from neuralcodec.zoo.presets import find_preset, load_preset
from neuralcodec.zoo.revisions import revisions_beside, split_revision


@pytest.mark.parametrize("name, parts", [
    ("cq-24k", ("cq-24k", None)), ("cq-24k@1", ("cq-24k", 1)), ("a/b@12", ("a/b", 12)), ("a@1@2", ("a@1", 2)),
    *((name, (name, None)) for name in ("", "@1", "cq-24k@0", "cq-24k@01", "cq-24k@v1", "a@" + "9" * 5000)),
])
def test_a_name_and_its_revision(name, parts):
    assert split_revision(name) == parts


def test_without_a_revision_a_name_means_the_newest(revised, tiny_folder, other_folder):
    old, new = load_preset(tiny_folder).hash, load_preset(other_folder).hash
    assert [load_preset(name).hash for name in ("tiny", "tiny@2", "tiny@1")] == [new, new, old]
    assert list_presets() == ["tiny"] and list_revisions() == ["tiny", "tiny@1"]
    assert Codec.from_pretrained("tiny@1").name == "tiny"  # which stands in files


def test_of_a_preset_that_another_took_the_place_of_the_revisions_are_left(revised, other_folder):
    shutil.rmtree(revised / "tiny")
    shutil.copytree(other_folder, revised / "another")
    assert list_presets() == ["another"] and list_revisions() == ["another", "tiny@1"]
    data = Codec.from_pretrained("tiny@1").encode(np.zeros(400), 16000)
    header = ContainerReader(io.BytesIO(data)).header
    assert bundled_preset_for(header).directory == revised / "tiny@1"
    with pytest.raises(PresetNotFoundError, match="'tiny'"):
        load_preset("tiny")


@pytest.mark.parametrize("name", ["tiny@3", "tiny@10"])
def test_a_revision_that_is_not_there(revised, name):
    with pytest.raises(PresetNotFoundError, match=rf"no revision {name[5:]} of the preset 'tiny'; .* tiny@2, tiny@1\."):
        load_preset(name)
    folder = str(revised / name)
    with pytest.raises(PresetNotFoundError, match="no revision .*tiny@2, .*tiny@1"):
        load_preset(folder)


def test_folders_have_revisions_too(revised, monkeypatch, tmp_path):
    monkeypatch.setattr("neuralcodec.zoo.bundled.bundled_directory", lambda: tmp_path / "none")
    monkeypatch.chdir(revised)
    for place in ("./tiny", revised / "tiny", str(revised / "tiny")):
        assert [revision.number for revision in revisions_beside(place)] == [2, 1]
        assert find_preset(f"{place}@2").resolve() == revised / "tiny"
        assert find_preset(f"{place}@1").resolve() == revised / "tiny@1"
    assert [revision.number for revision in revisions_beside(revised / "tiny@1")] == [2, 1]


def test_a_folder_of_that_very_name_is_taken(revised, tmp_path, monkeypatch, tiny_folder):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_folder, tmp_path / "tiny@7")
    assert find_preset("tiny@7").resolve() == tmp_path / "tiny@7"
    assert find_preset("tiny@1") == revised / "tiny@1"  # but those that come with the package come first


def test_what_is_no_revision_is_left_out(revised):
    for name, content in (("tiny@4", None), ("tiny@5", "{}"), ("tiny@x", (revised / "tiny" / METADATA).read_text()),
                          ("tiny-more@6", (revised / "tiny" / METADATA).read_text())):
        (revised / name).mkdir()
        if content:
            (revised / name / METADATA).write_text(content)
    assert [str(revision) for revision in revisions_beside(revised / "tiny")] == ["tiny@2", "tiny@1"]


def test_the_hash_does_not_depend_on_the_revision(revised, other_folder, tmp_path):
    preset = load_preset("tiny")
    assert preset.metadata["revision"] == 2 and "revision" not in json.loads((other_folder / METADATA).read_text())
    assert preset.hash == load_preset(other_folder).hash
    Codec(preset).save_pretrained(tmp_path / "copy")
    assert load_preset(tmp_path / "copy").metadata["revision"] == 2
