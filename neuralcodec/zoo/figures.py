"""Measured figures: as a preset's metadata has them, and as text and tables for people."""

import math

from neuralcodec.zoo.metadata import is_figure, is_nested, is_number, is_text

METRIC_LABELS = {"pesq": "PESQ-WB", "stoi": "STOI", "estoi": "ESTOI", "si_sdr": "SI-SDR (dB)",
                 "mel_distance": "mel distance (dB)", "visqol": "ViSQOL", "distillmos": "DistillMOS",
                 "lines_100": "lines at 100 Hz (dB)", "lines_200": "lines at 200 Hz (dB)"}
_DECIMALS = {"kbps": 2, "si_sdr": 2, "mel_distance": 2, "lines_100": 2, "lines_200": 2}


def measured_figures(metadata):
    """The measured figures of a preset and its peers.

    Returns:
        dict of codec -> {"clips": int, metric: [mean, low, high], ...}; empty where there are none, or where a stranger
        wrote something else.
    """
    figures = metadata.get("evaluation")
    if not isinstance(figures, dict) or not all(is_text(codec) and _is_row(row) for codec, row in figures.items()):
        return {}
    return figures if len({tuple(row) for row in figures.values()}) == 1 else {}


def measured_off_speech(metadata):
    """What a preset does to sound that is not speech.

    Returns:
        dict of sound -> {"kbps": float, "si_sdr": float}; empty where it was not measured, or where a stranger wrote
        something else.
    """
    measured = metadata.get("off_speech")
    if not isinstance(measured, dict) or not all(is_text(sound) for sound in measured):
        return {}
    wanted = ("kbps", "si_sdr")
    whole = all(isinstance(row, dict) and all(is_figure(row.get(name)) for name in wanted)
                for row in measured.values())
    return measured if whole else {}


def prefix_figures(metadata):
    """What the first modules of a preset reach alone, measured on the same recordings as all of them.

    Returns:
        list of {"clips": int, metric: [mean, low, high], ...}, `kbps` among them, for the first module, the first two,
        ..., all; empty where it was not measured, or where a stranger wrote something else.
    """
    found = metadata.get("prefixes")
    whole = (isinstance(found, list) and all(map(_is_row, found)) and all("kbps" in row for row in found)
             and len({tuple(row) for row in found}) == 1)
    rates = [row["kbps"][0] for row in found] if whole else []
    rise = all(is_number(rate) and rate > 0 for rate in rates) and rates == sorted(rates)
    return found if rates and rise else []


def prefix_rates(metadata):
    """Nominal bitrates of the first modules of a preset.

    Args:
        metadata: of the preset.

    Returns:
        list of kbps, of the first module, the first two, ..., the last that of all; where the others are not known,
        and for cascades that are not nested, that one alone.
    """
    rates = [row["kbps"][0] for row in prefix_figures(metadata)] if is_nested(metadata) else []
    return [metadata["kbps"] * rate / rates[-1] for rate in rates] or [metadata["kbps"]]


def prefix_name(name, modules):
    """What a table calls the first modules of a preset.

    Example:
        >>> prefix_name("cq-24k", 2)
        'cq-24k (2 modules)'
    """
    return f"{name} ({count_modules(modules)})"


def count_modules(modules):
    """A number of modules in words.

    Example:
        >>> count_modules(1)
        '1 module'
    """
    return f"{modules} module{'' if modules == 1 else 's'}"


def judges(metadata):
    """Figures of further judges, that were measured elsewhere or on other recordings.

    Returns:
        list of {"metric": str, "note": str, "values": {codec: mean, ...}}; empty where there are none, or where a
        stranger wrote something else.
    """
    found = metadata.get("judges")
    return found if isinstance(found, list) and all(map(_is_judge, found)) else []


def markdown_table(summaries):
    """Figures as a Markdown table, for cards and documentation.

    Args:
        summaries: dict of codec -> figures, as `neuralcodec.evaluation.comparison.summary` returns them.
    """
    head, *lines = ("| " + " | ".join(line) + " |" for line in table_lines(summaries))
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *lines])


def table_lines(summaries):
    """Figures as text cells: a list of lists of str, the first of them the head."""
    names = list(next(iter(summaries.values()))) if summaries else ["clips"]
    return [["codec", *names],
            *([codec, *(format_figure(name, figures[name], figures["clips"]) for name in names)]
              for codec, figures in summaries.items())]


def format_figure(name, figure, clips=None):
    """A figure as text: its mean and half the width of its interval.

    Args:
        name: of the metric.
        figure: (mean, low, high), or the number of clips.
        clips: how many it is of, where that is known. One has no interval, not one of width 0.

    Example:
        >>> format_figure("pesq", (4.36, 4.32, 4.40))
        '4.360 ± 0.040'
    """
    if name == "clips":
        return str(figure)
    mean, low, high = figure
    decimals = _DECIMALS.get(name, 3)
    if math.isnan(mean):
        return "-"
    return f"{mean:.{decimals}f}" + ("" if clips == 1 else f" ± {(high - low) / 2:.{decimals}f}")


def _is_row(row):
    return isinstance(row, dict) and "clips" in row and all(map(is_text, row)) and all(
        isinstance(value, int) and is_number(value) if name == "clips" else _is_interval(value)
        for name, value in row.items())


def _is_judge(judge):
    return (isinstance(judge, dict) and is_text(judge.get("metric")) and is_text(judge.get("note"))
            and isinstance(judge.get("values"), dict) and all(map(is_text, judge["values"]))
            and all(map(is_number, judge["values"].values())))


def _is_interval(value):
    return isinstance(value, list) and len(value) == 3 and all(map(is_figure, value))
