"""Is a tuned preset better than it was? Both are measured on the same held-back speech, from real files."""
from dataclasses import dataclass, field

import numpy as np

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.coding.file import decode, encode
from neuralcodec.errors import NotBetterError
from neuralcodec.evaluation.metrics import bootstrap_interval, installed_metrics, score
from neuralcodec.zoo.figures import prefix_name
from neuralcodec.zoo.metadata import is_nested

METRICS = ("pesq", "estoi", "si_sdr", "mel_distance")
DECIDING_METRICS = ("pesq", "mel_distance")  # the first of these that is installed decides
LOWER_IS_BETTER = ("mel_distance",)
RATE_TOLERANCE = 0.03


@dataclass
class Change:
    """What fine-tuning did to the held-back speech of one prefix of a preset.

    Args:
        before, after: dicts of metric -> mean over the held-back pieces, `kbps` among them, from real files.
        gain: dict of metric -> (mean, low, high): after minus before, paired, with its 95 % bootstrap interval.
    """

    before: dict
    after: dict
    gain: dict

    def __str__(self):
        return f"before {as_text(self.before)}; after {as_text(self.after)}"


@dataclass
class FinetuneHistory:
    """What a fine-tuning did.

    Args:
        history: dict of name -> list with a value per epoch, as in Keras' History.
        before, after: dicts of metric -> mean over the held-back pieces, `kbps` among them, from real files.
        gain: dict of metric -> (mean, low, high): after minus before, paired, with its 95 % bootstrap interval.
        pieces: how many held-back pieces there are, of at most 8 s.
        skipped: {recording: sentence} of what was not used.
        prefixes: {number of modules: Change} of a preset with several nested modules; empty for others.
    """

    history: dict
    before: dict
    after: dict
    gain: dict
    pieces: int
    skipped: dict = field(default_factory=dict)
    prefixes: dict = field(default_factory=dict)

    @property
    def changes(self):
        """What counts: list of Change, of each prefix where there are several."""
        return [*self.prefixes.values()] or [Change(self.before, self.after, self.gain)]

    def __str__(self):
        changes = "; ".join(map(str, self.changes))
        return f"{changes} ({self.pieces} held-back pieces)"


def code_and_score(preset, pieces, modules=None):
    """Codes pieces of speech, decodes them and scores what comes out.

    Args:
        preset: Preset.
        pieces: list of float32 (n,).
        modules: how many of its modules code; all by default.

    Returns:
        list of rows, as `neuralcodec.evaluation.comparison` has them.
    """
    rows, metrics = [], installed_metrics(METRICS)
    name = preset.name if modules in (None, len(preset.config.modules)) else prefix_name(preset.name, modules)
    for number, samples in enumerate(pieces):
        data = encode(preset, samples, SAMPLE_RATE, modules=modules)
        seconds = samples.size / SAMPLE_RATE
        rows.append({"clip": str(number), "codec": name, "seconds": seconds,
                     "kbps": len(data) * 8 / seconds / 1000, **score(samples, decode(preset, data)[0], metrics)})
    return rows


def prefix_rows(preset, pieces):
    """Rows of `code_and_score` for the first modules of a nested preset: one, two, ..., without all; else none."""
    smaller = range(1, len(preset.config.modules)) if is_nested(preset.metadata) else ()
    return [row for modules in smaller for row in code_and_score(preset, pieces, modules)]


def means(rows):
    """Rows of `code_and_score` -> dict of metric -> mean."""
    return {name: float(np.nanmean(values)) for name, values in _columns(rows).items()}


def gains(before, after):
    """Rows of `code_and_score` -> dict of metric -> (mean, low, high) of the differences."""
    return {name: bootstrap_interval(values - _columns(before)[name]) for name, values in _columns(after).items()}


def _columns(rows):
    names = [name for name in rows[0] if name not in ("clip", "codec", "seconds")]
    return {name: np.array([row[name] for row in rows]) for name in names}


def changes_of(before, after):
    """Changes of every prefix.

    Args:
        before, after: lists of rows of `code_and_score`, of each prefix.
    """
    return [Change(means(old), means(new), gains(old, new)) for old, new in zip(before, after, strict=True)]


def check_better(history):
    """Makes sure that the tuned preset is better on the held-back speech, at the bitrate that it had.

    Of several prefixes each has to have its bitrate, and quality is the mean over them.

    Raises:
        NotBetterError: it is not.
    """
    if any(abs(change.after["kbps"] / change.before["kbps"] - 1) > RATE_TOLERANCE for change in history.changes):
        raise NotBetterError(f"The tuned preset missed the bitrate by more than 3 % and is not kept: {history}; "
                             "give it more speech or freeze less.", history)
    name = next(name for name in DECIDING_METRICS if name in history.before)
    gain = np.mean([change.after[name] - change.before[name] for change in history.changes])
    if not gain * (-1 if name in LOWER_IS_BETTER else 1) > 0:
        raise NotBetterError(f"The tuned preset is not better than it was and is not kept: {history}; give it more "
                             "speech, more epochs or a lower learning rate.", history)


def as_text(figures):
    """Means in one line.

    Example:
        >>> as_text({"kbps": 9.02, "pesq": 3.8})
        '9.02 kbps, pesq 3.800'
    """
    return ", ".join(f"{value:.2f} kbps" if name == "kbps" else f"{name} {value:.3f}"
                     for name, value in figures.items())
