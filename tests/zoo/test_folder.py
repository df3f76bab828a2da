"""Preset folders: read, written and copied; and everything a stranger's may get wrong."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from neuralcodec.bitstream.entropy_tables import EntropyTables
from neuralcodec.errors import NeuralCodecError, NewerVersionError, OutputError, OutputExistsError, PresetError
from neuralcodec.zoo.folder import CARD, CONFIG, FILES, METADATA, TABLES, WEIGHTS, copy_preset, save_preset
from neuralcodec.zoo.presets import load_preset


@pytest.fixture
def folder(tmp_path, tiny_folder):
    """A copy that may be damaged."""
    return shutil.copytree(tiny_folder, tmp_path / "copy")


def change(path, **entries):
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


@pytest.mark.parametrize("name", FILES[:4])
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(PresetError):
        load_preset(folder)


@pytest.mark.parametrize("name", FILES[:4])
@pytest.mark.parametrize("content", [b"", b"\0" * 1000, b"[1]", b"[" * 100_000, b"{}", b"\xff"],
                         ids=["empty", "zeros", "list", "deep", "object", "bytes"])
def test_a_file_of_something_else(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(PresetError):
        load_preset(folder)


def test_files_that_are_too_large_are_not_read(folder):
    for name in (METADATA, WEIGHTS):
        with open(folder / name, "r+b") as file:
            file.truncate(1 << 40)
        with pytest.raises(PresetError, match="larger"):
            load_preset(folder)


def test_a_newer_preset(folder):
    change(folder / METADATA, format_version=3)
    with pytest.raises(NewerVersionError, match="update neuralcodec"):
        load_preset(folder)


@pytest.mark.parametrize("entry", [
    {"lpc": "cubic"}, {"modules": []}, {"modules": [{"hop": 7}]}, {"modules": [{"width": 7}]}, {"modules": None},
    {"layers": 3}, {"modules": [[]]}, {"modules": [{"hop": "320"}]},
])
def test_a_configuration_that_cannot_be(folder, entry):
    change(folder / CONFIG, **entry)
    with pytest.raises(PresetError, match="configuration"):
        load_preset(folder)


def test_weights_of_other_shapes(folder):
    config = json.loads((folder / CONFIG).read_text())
    config["modules"][0]["decoder_width"] = 16
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(PresetError):
        load_preset(folder)


def test_weights_of_another_preset(folder, other_folder):
    shutil.copy(other_folder / WEIGHTS, folder)
    with pytest.raises(PresetError, match="hash"):
        load_preset(folder)


def test_tables_of_another_preset(folder, tmp_path):
    tables = EntropyTables.load(folder / TABLES)
    dataclasses.replace(tables, scales_per_octave_q8=1).save(folder / TABLES)
    with pytest.raises(PresetError, match="hash"):
        load_preset(folder)
    dataclasses.replace(tables, modules=tables.modules[:1]).save(folder / TABLES)
    with pytest.raises(PresetError, match="other modules"):
        load_preset(folder)


def test_tables_that_predict_what_the_configuration_does_not(folder):
    from neuralcodec.model.cascade import Cascade
    from neuralcodec.training.table_fitting import nominal_tables

    config = load_preset(folder).config
    first = dataclasses.replace(config.modules[0], long_term=True, coded_below=3000)
    predicted = nominal_tables(Cascade(dataclasses.replace(config, modules=(first, *config.modules[1:]))))
    predicted.save(folder / TABLES)
    with pytest.raises(PresetError, match="other modules"):
        load_preset(folder)


def parts(folder):
    preset = load_preset(folder)
    return {"name": "mine", "description": "Mine.", "kbps": 9, "config": preset.config, "tables": preset.tables,
            "weights_file": folder / WEIGHTS, "card": "# mine\n"}


def test_save_and_load(tmp_path, tiny_folder):
    saved = save_preset(tmp_path / "new" / "mine", **parts(tiny_folder), details={"results": {"pesq": 4.4}})
    loaded = load_preset(tmp_path / "new" / "mine")
    assert loaded.hash == saved.hash == load_preset(tiny_folder).hash
    assert loaded.name == "mine" and loaded.metadata["results"] == {"pesq": 4.4}
    assert sorted(path.name for path in loaded.directory.iterdir()) == sorted(FILES)
    for name, array in loaded.weights.items():
        np.testing.assert_array_equal(array, saved.weights[name])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mine"]


def test_what_cannot_be_read_back_is_not_written(tmp_path, tiny_folder):
    with pytest.raises(PresetError, match="name"):
        save_preset(tmp_path / "mine", **{**parts(tiny_folder), "name": "my preset"})
    tables = load_preset(tiny_folder).tables
    fewer = dataclasses.replace(tables, modules=tables.modules[:1])
    with pytest.raises(PresetError, match="other modules"):
        save_preset(tmp_path / "mine", **{**parts(tiny_folder), "tables": fewer})
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_save_keeps_what_was_there(folder, monkeypatch):
    before = load_preset(folder)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(EntropyTables, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_preset(folder, **parts(folder), overwrite=True)
    assert load_preset(folder).metadata == before.metadata
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_is_killed_leaves_a_preset(folder, run_python, moment):
    """Whatever the moment; and what it left is swept when somebody saves again."""
    code = ("import os, sys; from neuralcodec.files import folders; from neuralcodec import Codec\n"
            "exchange, moment = folders.exchange, sys.argv[2]\n"
            "def die(*names):\n"
            "    if moment == 'after':\n"
            "        exchange(*names)\n"
            "    os.kill(os.getpid(), 9)\n"
            "folders.exchange = die\n"
            "Codec.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[1], overwrite=True)\n")
    assert run_python("-c", code, folder, moment).returncode == -9
    assert len(list(folder.parent.iterdir())) == 2
    preset = load_preset(folder)
    copy_preset(preset, folder, overwrite=True)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_preset_that_appears_meanwhile_is_not_replaced(folder, tmp_path, monkeypatch):
    preset, save = load_preset(folder), EntropyTables.save

    def slowly(self, path):
        shutil.copytree(folder, tmp_path / "mine")
        save(self, path)

    monkeypatch.setattr(EntropyTables, "save", slowly)
    with pytest.raises(OutputExistsError, match="mine' was written by another program meanwhile"):
        save_preset(tmp_path / "mine", **parts(folder))
    assert load_preset(tmp_path / "mine").metadata == preset.metadata


def test_a_full_disk_is_one_sentence(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    preset = load_preset(folder)
    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OutputError, match="mine' cannot be written: No space left on device"):
        copy_preset(preset, tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_only_a_preset_is_replaced(folder, tmp_path):
    preset = load_preset(folder)
    (tmp_path / "empty").mkdir()
    copy_preset(preset, tmp_path / "empty")
    assert load_preset(tmp_path / "empty").hash == preset.hash
    (tmp_path / "empty" / "thesis.tex").touch()
    for options in ({}, {"overwrite": True}):
        with pytest.raises(OutputExistsError):
            copy_preset(preset, tmp_path / "empty", **options)
    assert (tmp_path / "empty" / "thesis.tex").exists()
    (tmp_path / "file").touch()
    with pytest.raises(OutputExistsError, match="is a file"):
        copy_preset(preset, tmp_path / "file", overwrite=True)


def test_a_preset_that_changed_on_disk_is_not_copied(folder, tmp_path, other_folder):
    preset = load_preset(folder)
    for name in FILES:
        shutil.copy(other_folder / name, folder)
    with pytest.raises(PresetError, match="changed"):
        copy_preset(preset, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_a_link_points_at_is_not_copied(folder, tmp_path):
    (tmp_path / "secret").write_text("precious")
    preset = load_preset(folder)
    (folder / CARD).unlink()
    (folder / CARD).symlink_to(tmp_path / "secret")
    with pytest.raises(PresetError, match="leads out of its folder"):
        copy_preset(preset, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_a_folder_that_cannot_be_written(tmp_path, tiny_folder):
    (tmp_path / "file").touch()
    for name in ("file/mine", "file/new/mine", "x" * 300):
        with pytest.raises(NeuralCodecError, match="cannot be written|cannot be made"):
            save_preset(tmp_path / name, **parts(tiny_folder))
