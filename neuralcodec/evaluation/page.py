"""A report as one HTML page that stands alone: plots and sound are inside of it, nothing is loaded from anywhere."""

import base64
import io
from html import escape
from importlib.resources import files
from string import Template

import numpy as np
import soundfile

from neuralcodec.audio import SAMPLE_RATE
from neuralcodec.evaluation.comparison import summary
from neuralcodec.evaluation.listening import MAX_SECONDS
from neuralcodec.evaluation.speakers import ADULT
from neuralcodec.zoo.figures import METRIC_LABELS, format_figure

SPECTROGRAMS = "spectrograms.png"
WORST = 5  # recordings named per preset


def render(report, light, dark):
    """The page.

    Args:
        report: as `neuralcodec.evaluation.report.measure` returns it.
        light, dark: dicts of file name -> bytes of a PNG, of the same plots for either colour scheme.

    Returns:
        str, HTML.

    Example:
        >>> Path("report.html").write_text(render(report, images, images), encoding="utf-8")
    """
    pictures = {name: _picture(name, light[name], dark[name]) for name in light}
    sections = {"Rate and quality": _quality(report, pictures), "Listen": _listening(report),
                "Spectrograms": _spectrograms(report, pictures), "Groups": _groups(report),
                "Worst recordings": _worst(report), "Versions": _versions(report)}
    sections = {title: body for title, body in sections.items() if body}
    return Template(files("neuralcodec.evaluation").joinpath("report.html").read_text(encoding="utf-8")).substitute(
        title=f"neuralcodec report: {escape(report.data)}",
        introduction=_introduction(report),
        contents="".join(f'<li><a href="#{_anchor(title)}">{title}</a></li>' for title in sections),
        sections="\n".join(f'<section id="{_anchor(title)}">\n<h2>{title}</h2>\n{body}\n</section>'
                           for title, body in sections.items()))


def rate_plot_name(metric):
    """File name of the plot of a metric against the rate."""
    return f"rate-{metric}.png"


def _introduction(report):
    seconds = {row["clip"]: row["seconds"] for row in report.rows}
    peers = len(report.figures) - len(report.presets)
    return (f"{_count(len(report.presets), 'preset')} and {_count(peers, 'setting')} of other codecs on "
            f"{_count(len(seconds), 'recording')} ({sum(seconds.values()) / 60:.1f} minutes), {report.day}. Every "
            "figure comes from a real file, written, read back and decoded; other codecs count their packets without "
            "any container. ± is half of the 95 % bootstrap interval of the mean over recordings.")


def _quality(report, pictures):
    plots = "".join(f"<figure>{picture}</figure>" for name, picture in pictures.items() if name != SPECTROGRAMS)
    metrics = [name for name in next(iter(report.figures.values())) if name != "clips"]
    rows = [(codec, [_mean(name, figures) for name in metrics]) for codec, figures in report.figures.items()]
    table = _table(["codec", *map(_label, metrics)], rows, report.presets, "Mean over all recordings")
    return (f'<div class="plots">{plots}</div>\n<p class="soft">Points are means, bars their 95 % intervals; higher is '
            "better. Opus reshapes the waveform, which costs it SI-SDR. Lines stand out of the long-term spectrum of "
            "all that is decoded, at multiples of the rate of frames, and are heard as a buzz: 0 dB is none.</p>\n"
            + table)


def _listening(report):
    voices = []
    for voice in report.voices:
        original = _player("original", f"{len(voice.reference) / SAMPLE_RATE:.1f} s", voice.reference, voice.title)
        levels = [f"<h4>About {kbps:g} kbps</h4>\n{_players(report, voice, names)}"
                  for kbps, names in report.levels.items()]
        voices.append(f"<h3>{escape(voice.title)}</h3>\n<p class=\"soft\">{escape(voice.clip)}</p>\n"
                      f'<ul class="players">{original}</ul>\n' + "\n".join(levels))
    return (f"<p>Levels are as recorded. Rates and scores are those of the recording, of which at most the first "
            f"{MAX_SECONDS} seconds are here.</p>\n" + "\n".join(voices))


def _players(report, voice, names):
    if not names:
        return '<p class="soft">No codec was measured at about this rate.</p>'
    peers_first = sorted(names, key=lambda name: name in report.presets)
    takes = (voice.takes[name] for name in peers_first)
    return '<ul class="players">' + "".join(
        _player(take.codec, _take_facts(take), take.samples, voice.title, take.codec in report.presets)
        for take in takes) + "</ul>"


def _take_facts(take):
    best = next((name for name in ("pesq", "estoi") if name in take.row), "si_sdr")
    return f"{take.row['kbps']:.1f} kbps, {_label(best)} {_number(best, take.row[best])}"


def _player(name, facts, samples, voice, preset=False):
    return (f'<li{_preset(preset)}><strong>{escape(name)}</strong><span class="soft">{escape(facts)}</span>'
            f'<audio controls preload="metadata" aria-label="{escape(voice)}, {escape(name)}" '
            f'src="{_data_uri("audio/flac", _flac(samples))}"></audio></li>')


def _spectrograms(report, pictures):
    clip = escape(report.voices[0].clip)
    return (f'<figure><div class="scroll wide" tabindex="0">{pictures[SPECTROGRAMS]}</div>\n'
            f"<figcaption>{clip}, at most its first {MAX_SECONDS} seconds. Holes and flicker above 4 kHz are heard as "
            "watery sound.</figcaption></figure>")


def _groups(report):
    if not report.groups:
        return ""
    members = {group: summary([row for row in report.rows if row["clip"] in clips])
               for group, clips in report.groups.items()}
    heads = ["codec", *(f"{group} ({len(clips)})" for group, clips in report.groups.items())]
    tables = []
    for metric in _metrics(report):
        rows = [(codec, [_mean(metric, members[group][codec]) for group in members])
                for codec in report.figures]
        table = _table(heads, rows, report.presets, f"{_label(metric)}, mean over the recordings of each group")
        is_open = " open" if metric in ("kbps", "pesq") else ""
        tables.append(f"<details{is_open}><summary>{_label(metric)}</summary>{table}</details>")
    return (f"<p>In brackets, the number of recordings. A child is younger than {ADULT} years, where the age is known, "
            "and then counts as neither female nor male.</p>\n" + "\n".join(tables))


def _worst(report):
    metrics = _metrics(report)
    judge = metrics[1]
    tables = []
    for preset in report.presets:
        rows = [row for row in report.rows if row["codec"] == preset and np.isfinite(row[judge])]
        worst = sorted(rows, key=lambda row: row[judge])[:WORST]
        lines = [(row["clip"], [_number(name, row[name]) for name in metrics]) for row in worst]
        tables.append(_table(["recording", *map(_label, metrics)], lines, (), f"{preset}, by {_label(judge)}"))
    return "\n".join(tables)


def _versions(report):
    rows = "".join(f"<tr><th scope=\"row\">{escape(name)}</th><td>{escape(version)}</td></tr>"
                   for name, version in report.versions.items())
    return f'<div class="scroll"><table class="text"><tbody>{rows}</tbody></table></div>'


def _table(heads, rows, presets, caption):
    """Rows are (name, cells); a table too wide for the page scrolls by itself."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "\n".join(f'<tr{_preset(name in presets)}><th scope="row">{escape(name)}</th>'
                     + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for name, cells in rows)
    return (f'<div class="scroll" tabindex="0"><table><caption>{escape(caption)}</caption>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>")


def _picture(name, light, dark):
    what = "Spectrograms" if name == SPECTROGRAMS else f"{_label(name[5:-4])} against rate, for every codec"
    return (f'<picture><source media="(prefers-color-scheme: dark)" srcset="{_data_uri("image/png", dark)}">'
            f'<img src="{_data_uri("image/png", light)}" alt="{escape(what)}"></picture>')


def _data_uri(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _flac(samples):
    file = io.BytesIO()
    soundfile.write(file, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def _metrics(report):
    """What there is of every recording."""
    return [name for name in next(iter(report.figures.values())) if name in report.rows[0]]


def _mean(metric, figures):
    return format_figure(metric, figures[metric], figures["clips"])


def _number(metric, value):
    return format_figure(metric, (value, value, value), clips=1)


def _label(metric):
    return METRIC_LABELS.get(metric, metric)


def _count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _preset(is_preset):
    return ' class="preset"' if is_preset else ""


def _anchor(title):
    return title.lower().replace(" ", "-")
