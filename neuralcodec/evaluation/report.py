"""A report on all codecs over a folder of recordings: measured, plotted, and written as a page that stands alone."""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from neuralcodec.errors import NeuralCodecError, PresetNotFoundError
from neuralcodec.evaluation import page, plots
from neuralcodec.evaluation.comparison import clip_names, evaluate, summary, write_csv
from neuralcodec.evaluation.listening import RATES, choose_clips, code_voice, family, nearest
from neuralcodec.evaluation.metrics import installed_metrics
from neuralcodec.evaluation.speakers import find_labels, groups, read_labels
from neuralcodec.evaluation.versions import versions
from neuralcodec.files.outputs import atomic_output

PAGE, SCORES = "report.html", "scores.csv"
METRICS = ("pesq", "visqol", "estoi", "stoi", "si_sdr", "distillmos")
PLOTTED = ("pesq", "visqol", "estoi", "si_sdr", "distillmos")


@dataclass(frozen=True)
class Report:
    """What was measured.

    Args:
        data: name of the folder of recordings.
        day: ISO date.
        presets: names of the codecs that are reported on; all others are peers.
        rows: of `evaluate`.
        figures: their `summary`.
        families: dict of codec name -> family.
        groups: dict of group -> set of clips; empty without labels.
        levels: dict of kbps -> names of the codecs that are heard at about that rate.
        voices: list of Voice.
        versions: dict of name -> version.
    """

    data: str
    day: str
    presets: tuple
    rows: list
    figures: dict
    families: dict
    groups: dict
    levels: dict
    voices: list
    versions: dict


def measure(data, files, codecs, peers=(), progress=None, processes=1, failures=None):
    """Codes all recordings with all codecs and keeps what a report shows.

    Args:
        data: folder of the recordings, or one recording; labels are looked for from there upwards.
        files: the recordings.
        codecs: list of Codec.
        peers: see `neuralcodec.evaluation.peers`.
        progress: called as progress(done, total) after each recording.
        processes: how many score at the same time.
        failures: dict that takes path -> reason of the recordings that cannot be read; the report is on the others.

    Returns:
        Report, or None where no recording can be read.

    Raises:
        PresetNotFoundError: there is no codec to report on.
        AudioError: a recording cannot be read, and there is no such dict.
        NeuralCodecError: the labels cannot be read.

    Example:
        >>> report = measure("valid", audio_files("valid"), [Codec.from_pretrained("cq-24k")], available_peers())
    """
    if not codecs:
        raise PresetNotFoundError("There is no preset to report on; install neuralcodec again.")
    labels = find_labels(data)
    members = groups(files, clip_names(files), read_labels(labels)) if labels else {}
    spectra = {}
    rows = evaluate(codecs, files, peers, installed_metrics(METRICS), progress, processes, failures, spectra)
    if not rows:
        return None
    figures = summary(rows, spectra)
    levels = {kbps: nearest(figures, kbps) for kbps in RATES}
    heard = {name for names in levels.values() for name in names}
    paths = dict(zip(clip_names(files), files))
    voices = [code_voice(title, clip, paths[clip], codecs, [peer for peer in peers if peer.name in heard], rows)
              for title, clip in choose_clips(rows, members)]
    return Report(Path(data).absolute().name, date.today().isoformat(), tuple(codec.name for codec in codecs), rows,
                  figures, {name: family(name) for name in figures}, members, levels, voices, versions(codecs))


def write_report(report, output):
    """Writes a report: the page, the plots it shows, and a table of all scores. Earlier ones are replaced.

    Args:
        report: as `measure` returns it.
        output: an existing folder.

    Returns:
        Path of the page.

    Raises:
        NeuralCodecError: the folder cannot be written.
    """
    output = Path(output)
    images = {dark: _images(report, dark) for dark in (False, True)}
    text = page.render(report, images[False], images[True])
    for name, png in images[False].items():
        _write(output / name, png)
    write_csv(report.rows, output / SCORES)
    # Names need not be valid text. The page comes last: whoever finds it finds everything.
    _write(output / PAGE, text.encode("utf-8", "backslashreplace"))
    return output / PAGE


def check_writable(output):
    """Raises NeuralCodecError if nothing can be written to a folder: better before all the work than after it."""
    if not os.access(output, os.W_OK | os.X_OK):
        raise NeuralCodecError(f"The folder '{output}' cannot be written to.")


def _images(report, dark):
    """dict of file name -> bytes of a PNG."""
    shown = [metric for metric in PLOTTED if metric in report.rows[0]]
    images = {page.rate_plot_name(metric): plots.rate_plot(report.figures, report.families, metric, dark)
              for metric in shown}
    voice = report.voices[0]
    takes = [(f"{take.codec}, {take.row['kbps']:.1f} kbps", take.samples) for take in voice.takes.values()]
    images[page.SPECTROGRAMS] = plots.spectrogram_plot([("original", voice.reference), *takes], dark)
    return images


def _write(path, data):
    with atomic_output(path, overwrite=True) as file:
        file.write(data)
