"""Evaluation: rates from real bytes, scores from files read back, tables."""

import csv

import numpy as np
import pytest
import soundfile

from neuralcodec.audio import AudioSink, AudioSource
from neuralcodec.errors import AudioError, TrainingDataError
from neuralcodec.evaluation import peers
from neuralcodec.evaluation.comparison import evaluate, format_table, summary, write_csv
from neuralcodec.evaluation.lines import line_figures


class EightBits:
    """One byte a sample: 128 kbps."""

    name = "eight-bits"

    def compress(self, path_in, path_nac):
        with AudioSource(path_in) as source:
            samples = np.concatenate([np.zeros(0, np.float32), *source.blocks()])
            self._rate, self._frames = source.sample_rate, source.num_samples
        path_nac.write_bytes(np.clip(np.rint(samples * 127), -127, 127).astype(np.int8).tobytes())

    def decompress(self, path_nac, path_wav):
        with AudioSink(path_wav, self._rate, self._frames) as sink:
            sink.write(np.frombuffer(path_nac.read_bytes(), np.int8) / 127)


@pytest.fixture
def clips(tmp_path, speech):
    for name, start in (("female/a", 0), ("male/a", 8000)):
        path = tmp_path / "clips" / f"{name}.wav"
        path.parent.mkdir(parents=True)
        soundfile.write(path, speech[start:start + 24000], 16000)
    return sorted((tmp_path / "clips").rglob("*.wav"))


def test_a_row_for_every_clip_and_codec(clips):
    seen = []
    rows = evaluate([EightBits()], clips, peers=[peers.opus(24)], metrics=["pesq", "si_sdr"],
                    progress=lambda done, total: seen.append((done, total)))
    assert [(row["clip"], row["codec"]) for row in rows] == [
        ("female/a.wav", "eight-bits"), ("female/a.wav", "Opus 24"),
        ("male/a.wav", "eight-bits"), ("male/a.wav", "Opus 24")]
    assert all(list(row) == ["clip", "codec", "seconds", "kbps", "pesq", "si_sdr"] for row in rows)
    assert [row["kbps"] for row in rows if row["codec"] == "eight-bits"] == [128, 128]
    assert all(row["seconds"] == 1.5 for row in rows)
    assert all(row["si_sdr"] > 25 for row in rows if row["codec"] == "eight-bits")
    assert seen == [(1, 2), (2, 2)]


def test_processes_score_alike(clips):
    alone, shared = (evaluate([EightBits()], clips, [peers.opus(24)], ["si_sdr"], processes=n) for n in (1, 2))
    assert alone == shared and len(shared) == 4


def test_lines_are_of_all_clips_of_a_codec(clips):
    spectra = {}
    rows = evaluate([EightBits()], clips, [peers.opus(24)], ["si_sdr"], spectra=spectra)
    assert {name: len(parts) for name, parts in spectra.items()} == {"eight-bits": 2, "Opus 24": 2}
    figures = summary(rows, spectra)
    assert list(figures["Opus 24"]) == ["clips", "kbps", "si_sdr", "lines_100", "lines_200"]
    assert figures["eight-bits"]["lines_200"] == line_figures(spectra["eight-bits"])["lines_200"]
    assert "lines_100" not in summary(rows)["Opus 24"]


def test_the_score_is_that_of_the_file_and_not_of_the_original(clips):
    class Silence(EightBits):
        def decompress(self, path_nac, path_wav):
            with AudioSink(path_wav, self._rate, self._frames):
                pass

    assert evaluate([Silence()], clips[:1], metrics=["si_sdr"])[0]["si_sdr"] == -100


def test_a_clip_of_another_rate_is_scored_at_16_khz(tmp_path, speech):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.repeat(speech, 3), 48000)
    row, = evaluate([EightBits()], [path], metrics=["si_sdr"])
    assert (row["clip"], row["seconds"], row["kbps"]) == ("a.wav", 3, 128)
    assert row["si_sdr"] > 25


def test_a_clip_without_samples_is_nan(tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16000)
    row, = evaluate([EightBits()], [tmp_path / "none.wav"])
    assert np.isnan(row["kbps"]) and np.isnan(row["pesq"])


def test_nothing_to_evaluate_on_and_a_bad_clip(tmp_path):
    with pytest.raises(TrainingDataError, match="no recording"):
        evaluate([EightBits()], [])
    with pytest.raises(AudioError, match="no file"):
        evaluate([EightBits()], [tmp_path / "missing.wav"])


def test_csv_holds_the_rows(tmp_path):
    rows = [{"clip": "ä.wav", "codec": "x", "seconds": 1.5, "kbps": 24.0, "pesq": np.nan},
            {"clip": "b,c.wav", "codec": "x", "seconds": 2.0, "kbps": 23.5, "pesq": 4.25}]
    for _ in range(2):  # a second evaluation replaces the first
        write_csv(rows, tmp_path / "rows.csv")
    with open(tmp_path / "rows.csv", encoding="utf-8", newline="") as file:
        back = list(csv.DictReader(file))
    assert [row["clip"] for row in back] == ["ä.wav", "b,c.wav"]
    assert [float(row["pesq"]) for row in back] == [pytest.approx(np.nan, nan_ok=True), 4.25]


def test_summary_and_table():
    rows = [{"clip": f"{clip}", "codec": codec, "seconds": 1.0, "kbps": kbps, "pesq": pesq, "visqol": np.nan}
            for clip in range(4) for codec, kbps, pesq in (("cq-24k", 24.0 + clip, 4.5), ("Opus 24", 22.0, 4.25))]
    rows[0]["pesq"] = np.nan
    result = summary(rows)
    assert list(result) == ["cq-24k", "Opus 24"]
    assert result["cq-24k"]["clips"] == 4
    assert result["cq-24k"]["pesq"] == (4.5, 4.5, 4.5)
    mean, low, high = result["cq-24k"]["kbps"]
    assert mean == 25.5 and 24 <= low < 25.5 < high <= 27
    assert format_table({"Opus 24": result["Opus 24"]}) == (
        "codec    clips          kbps           pesq  visqol\n"
        "Opus 24      4  22.00 ± 0.00  4.250 ± 0.000       -")
    assert len({len(line) for line in format_table(result).splitlines()}) == 1
