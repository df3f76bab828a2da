"""Where outputs go: beside their inputs or below a folder, never two to one place."""

import os
from pathlib import Path

import click
import pytest

from neuralcodec.cli.jobs import plan
from neuralcodec.errors import NeuralCodecError

AUDIO = {".wav", ".flac"}


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """Plans what becomes of files; returns dict of source -> target."""
    monkeypatch.chdir(tmp_path)

    def make(files, inputs, output_dir=None, recursive=False, extensions=AUDIO, suffix=".nac"):
        for name in files:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).touch()
        outputs = {".nac"} if suffix == ".nac" else AUDIO
        found = plan(inputs, None, output_dir and Path(output_dir), recursive, extensions, suffix, outputs, {".m4a"})
        return {str(source): str(target) for source, target in found.jobs}

    return make


def test_one_name_with_two_extensions(planned):
    assert planned(["a.wav", "a.flac", "b.wav"], ["."]) == {
        "a.wav": "a.wav.nac", "a.flac": "a.flac.nac", "b.wav": "b.nac"}
    assert planned([], ["a.wav", "a.flac"], "out") == {"a.wav": "out/a.wav.nac", "a.flac": "out/a.flac.nac"}
    assert planned([], ["a.wav"], "out") == {"a.wav": "out/a.nac"}


def test_one_name_from_two_folders(planned):
    """Beside their inputs they do not meet; below one folder they keep theirs."""
    files = ["x/a.wav", "y/a.wav", "y/b.wav"]
    assert planned(files, ["x", "y"]) == {"x/a.wav": "x/a.nac", "y/a.wav": "y/a.nac", "y/b.wav": "y/b.nac"}
    kept = {"x/a.wav": "out/x/a.nac", "y/a.wav": "out/y/a.nac", "y/b.wav": "out/y/b.nac"}
    assert planned([], ["x", "y"], "out") == planned([], files, "out") == kept
    absolute = planned([], [os.path.abspath("x"), "y"], "out")
    assert sorted(absolute.values()) == sorted(kept.values())
    assert planned([], ["x/a.wav", "y/b.wav"], "out") == {"x/a.wav": "out/a.nac", "y/b.wav": "out/b.nac"}
    assert planned(["x/a.flac"], ["x", "y"], "out") == {
        **kept, "x/a.wav": "out/x/a.wav.nac", "x/a.flac": "out/x/a.flac.nac"}


def test_the_tree_of_a_folder_is_kept(planned):
    assert planned(["in/a.wav", "in/deep/a.wav"], ["in"], "out", recursive=True) == {
        "in/a.wav": "out/a.nac", "in/deep/a.wav": "out/deep/a.nac"}


def test_a_file_that_is_given_twice_is_done_once(planned):
    assert len(planned(["in/a.wav"], ["in", "in/a.wav", "./in/../in/a.wav"])) == 1
    assert list(planned([], ["in", "in/a.wav"], "out").values()) == ["out/a.nac"]


def test_names_that_would_meet_once_more(planned):
    targets = planned(["a.wav", "a.flac", "a.wav.wav"], ["."])
    assert len(set(targets.values())) == 3 and targets["a.wav"] == "a.wav.nac"


def test_back_again(planned):
    """`a.wav.nac` is `a.wav` again; where two would be, they say from what they came."""
    back = {"extensions": {".nac"}, "suffix": ".wav"}
    assert planned(["a.wav.nac", "a.flac.nac", "b.nac"], ["."], "out", **back) == {
        "a.wav.nac": "out/a.wav", "a.flac.nac": "out/a.flac.wav", "b.nac": "out/b.wav"}
    assert planned(["a.nac"], ["a.nac", "a.wav.nac"], "out", **back) == {
        "a.nac": "out/a.nac.wav", "a.wav.nac": "out/a.wav.nac.wav"}


def test_names_that_are_not_utf_8(planned, tmp_path):
    name = os.fsdecode(b"caf\xe9.wav")
    assert planned([name], ["."], "out") == {name: os.path.join("out", os.fsdecode(b"caf\xe9.nac"))}


@pytest.mark.parametrize("inputs, output, message", [
    (["a.wav", "b.nac"], None, "use -o for the output: a.wav -o b.nac"),
    (["a.wav"], "new/", "'new/' is a folder; use --output-dir"),
    (["a.wav"], ".", "'.' is a folder; use --output-dir"),
    (["a.wav", "-"], None, "`-` is the only input"),
])
def test_wrong_usage(tmp_path, monkeypatch, inputs, output, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(click.UsageError, match=message):
        plan(inputs, output, None, False, AUDIO, ".nac", {".nac"})


def test_what_is_left_out_is_said(planned, tmp_path, monkeypatch):
    planned(["in/a.m4a", "in/b.m4a", "in/._c.m4a", "in/c.wav", "none/a.m4a"], ["in"])
    notes = plan(["in"], None, None, False, AUDIO, ".nac", {".nac"}, {".m4a"}).notes
    assert len(notes) == 1 and notes[0].startswith("2 of the files in 'in' cannot be read as they are and are left out")
    with pytest.raises(NeuralCodecError, match="holds no .flac or .wav file"):
        plan(["none"], None, None, True, AUDIO, ".nac", {".nac"}, {".m4a"})
