"""The report: what is measured, and that it is written as a whole."""

import csv

import numpy as np
import pytest

from neuralcodec.errors import NeuralCodecError, PresetNotFoundError
from neuralcodec.evaluation import report as reporting


def test_everything_is_measured_once(report):
    assert report.presets == ("cq-24k", "x<i>y-9k") and report.data == "valid"
    assert [codec for codec in report.figures] == ["cq-24k", "x<i>y-9k", "Opus 9", "AMR-WB 8.85"]
    assert len(report.rows) == 16 and report.figures["cq-24k"]["clips"] == 4
    assert report.figures["cq-24k"]["kbps"][0] == 96 and report.figures["AMR-WB 8.85"]["kbps"][0] < 9.1
    assert report.families == {"cq-24k": "cq", "x<i>y-9k": "x<i>y", "Opus 9": "Opus", "AMR-WB 8.85": "AMR-WB"}
    assert set(report.groups) == {"female", "male", "child", "phones", "reading"}


def test_voices_are_what_the_codecs_made_of_them(report, coarse):
    female, male = report.voices
    assert (female.title, male.clip) == ("Female voice", "reading/bob/<b>.wav")
    assert set(report.levels[9]) == {"Opus 9", "AMR-WB 8.85"} and report.levels[24] == []
    assert list(female.takes) == ["cq-24k", "x<i>y-9k", "Opus 9", "AMR-WB 8.85"]
    error = female.takes["cq-24k"].samples - female.reference
    assert 0.005 < np.abs(error).max() <= 1 / 62 + 1e-4  # half a step of 6 bits


def test_versions_name_everything(report):
    assert report.versions["numpy"] == np.__version__
    assert report.versions["preset cq-24k"] == "hash 0001020304050607"
    assert report.versions["libopus.so.0"].startswith("libopus ")
    assert {"Python", "neuralcodec", "keras", "matplotlib", "libvo-amrwbenc.so.0"} <= set(report.versions)


def test_the_folder_holds_page_plots_and_scores(report, tmp_path):
    for _ in range(2):  # a second report replaces the first
        assert reporting.write_report(report, tmp_path) == tmp_path / "report.html"
    plots = {f"rate-{metric}.png" for metric in reporting.PLOTTED if metric in report.rows[0]}
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "scores.csv", "spectrograms.png", *plots}
    assert (tmp_path / "spectrograms.png").read_bytes()[:4] == b"\x89PNG"
    with open(tmp_path / "scores.csv", newline="", encoding="utf-8") as file:
        assert [float(row["si_sdr"]) for row in csv.DictReader(file)] == [row["si_sdr"] for row in report.rows]


def test_a_failure_leaves_nothing(report, tmp_path, monkeypatch):
    monkeypatch.setattr(reporting, "_images", lambda *_: {"rate-pesq.png": b"PNG"})
    monkeypatch.setattr(reporting.page, "render", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reporting.write_report(report, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_preset_there_is_nothing_to_report(labelled_folder):
    with pytest.raises(PresetNotFoundError, match="no preset"):
        reporting.measure(labelled_folder, sorted(labelled_folder.rglob("*.wav")), [])


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(reporting.os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(NeuralCodecError, match="cannot be written to"):
        reporting.check_writable(tmp_path)
