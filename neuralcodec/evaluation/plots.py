"""The plots of a report, as PNG: quality against rate, and spectrograms. In a light and a dark variant each."""

import io

import numpy as np

from neuralcodec.audio import SAMPLE_RATE
from neuralcodec.errors import MissingDependencyError
from neuralcodec.zoo.figures import METRIC_LABELS

try:
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
except ImportError as error:
    raise MissingDependencyError("The plots need one more package: pip install 'neuralcodec[eval]'.") from error

_PEERS = {"Opus": ("#8a8f98", "s"), "AMR-WB": ("#b08a5b", "^")}  # colour and marker: what is known stays in the back
_PRESETS = (("#2f7fd6", "o"), ("#e0632d", "D"), ("#2a9d6f", "v"), ("#b455c9", "P"))
_DPI = 180
_SPECTROGRAM_DPI = 110  # noise does not compress: at full size it would make up most of the page
_FRAME, _HOP = 512, 128  # of spectrograms: 32 and 8 ms
_RANGE_DB = 75  # from the loudest point of the original down


def rate_plot(summaries, families, metric, dark=False):
    """A metric against the true rate, with 95 % intervals of both: a line for every family of codecs.

    Args:
        summaries: as `neuralcodec.evaluation.comparison.summary` returns them.
        families: dict of codec name -> its family, such as `Opus` of `Opus 24`.
        metric: name.
        dark: for a dark page.

    Returns:
        bytes of a PNG.

    Example:
        >>> png = rate_plot(summary(rows), {"Opus 16": "Opus", "Opus 24": "Opus"}, "pesq")
    """
    with rc_context(_style(dark)):
        figure = Figure(figsize=(5.6, 4.2), layout="constrained")
        axes = figure.add_subplot(xlabel="kbps (true rate)", ylabel=METRIC_LABELS[metric])
        for family, (colour, marker) in _looks(families.values()).items():
            codecs = [codec for codec in summaries if families[codec] == family]
            points = _points([(summaries[codec]["kbps"], summaries[codec][metric]) for codec in codecs])
            weight = 1.0 if family in _PEERS else 1.5
            if len(points):
                (rate, rate_error), (value, error) = (_with_error(points[:, axis]) for axis in (0, 1))
                axes.errorbar(rate, value, error, rate_error, color=colour, marker=marker, markersize=5 * weight,
                              linewidth=1.2 * weight, elinewidth=1, zorder=1 + weight,
                              label=family if len(codecs) > 1 else codecs[0])
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.2)
        if axes.containers:
            figure.legend(loc="outside upper center", ncols=4, frameon=False)
        return _png(figure)


def speed_plot(result, dark=False):
    """How many times faster than real time codecs encode and decode, as bars.

    Args:
        result: as `neuralcodec.evaluation.benchmark.measure` returns it.
        dark: for a dark page.

    Returns:
        bytes of a PNG.
    """
    codecs = [(name, [figures["encode_x_real_time"], figures["decode_x_real_time"]])
              for name, figures in result["codecs"].items() if figures["encode_x_real_time"] is not None]
    with rc_context(_style(dark)):
        figure = Figure(figsize=(5.6, 1.2 + 0.42 * len(codecs)), layout="constrained")
        axes = figure.add_subplot(xlabel="times real time, one thread")
        for shift, index, label in ((-0.2, 0, "encoding"), (0.2, 1, "decoding")):
            bars = axes.barh([row + shift for row in range(len(codecs))], [speeds[index] for _, speeds in codecs], 0.38,
                             color=_PRESETS[index][0], label=label)
            axes.bar_label(bars, fmt="%.0f", padding=2, fontsize=8)
        axes.set_yticks(range(len(codecs)), [name for name, _ in codecs])
        axes.invert_yaxis()
        axes.margins(x=0.1)
        figure.legend(loc="outside upper center", ncols=2, frameon=False)
        return _png(figure)


def spectrogram_plot(recordings, dark=False):
    """Spectrograms in two columns, all on the scale of the first.

    Args:
        recordings: list of (title, samples), samples (n,) at 16 kHz; the original comes first.
        dark: for a dark page.

    Returns:
        bytes of a PNG.

    Example:
        >>> png = spectrogram_plot([("original", reference), ("cq-24k", decoded)])
    """
    rows = -(-len(recordings) // 2)
    top = spectrogram(recordings[0][1]).max()
    with rc_context(_style(dark)):
        figure = Figure(figsize=(10, 0.6 + 1.9 * rows), layout="constrained")
        for index, (title, samples) in enumerate(recordings):
            axes = figure.add_subplot(rows, 2, index + 1, yticks=(0, 2, 4, 6, 8))
            image = axes.imshow(spectrogram(samples), origin="lower", aspect="auto", cmap="magma", vmin=top - _RANGE_DB,
                                vmax=top, extent=(0, max(len(samples), _FRAME) / SAMPLE_RATE, 0, 8))
            axes.set_title(title, loc="left")
            if index % 2 == 0:
                axes.set_ylabel("kHz")
            if index // 2 == rows - 1:
                axes.set_xlabel("seconds")
        figure.colorbar(image, ax=figure.axes, label="dB of full scale", aspect=12 * rows, pad=0.01)
        return _png(figure, _SPECTROGRAM_DPI)


def spectrogram(samples):
    """Power in dB of full scale: (257, frames), frames of 32 ms every 8 ms, Hann window."""
    samples = np.pad(samples, (0, max(0, _FRAME - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    window = np.hanning(_FRAME + 1)[:-1]
    power = np.abs(2 * np.fft.rfft(frames * (window / window.sum()))) ** 2
    return 10 * np.log10(power + 1e-12).T


def _looks(families):
    """Family -> (colour, marker): presets in front and in bright colours, in the order given."""
    presets = [family for family in dict.fromkeys(families) if family not in _PEERS]
    bright = {family: _PRESETS[index % len(_PRESETS)] for index, family in enumerate(presets)}
    return {**bright, **{family: look for family, look in _PEERS.items() if family in set(families)}}


def _points(intervals):
    """List of m pairs (mean, low, high) of rate and of value -> (m, 2, 3), by rate, without what is undefined."""
    points = np.array(intervals).reshape(-1, 2, 3)
    points = points[np.isfinite(points).all(axis=(1, 2))]
    return points[points[:, 0, 0].argsort()]


def _with_error(intervals):
    """(m, 3) of mean, low, high -> mean (m,) and what lies below and above it, (2, m)."""
    mean, low, high = intervals.T
    return mean, np.maximum([mean - low, high - mean], 0)  # rounding can put a bound on the wrong side


def _style(dark):
    ink, paper = ("#e6e6e6", "#16181c") if dark else ("#1c1e21", "#ffffff")
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    return {**dict.fromkeys(inked, ink), "figure.facecolor": paper, "axes.facecolor": paper, "font.size": 10,
            "axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False}


def _png(figure, dpi=_DPI):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()
