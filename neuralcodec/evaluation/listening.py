"""What there is to hear and see: a few recordings through a few codecs, chosen so that codecs meet at equal rates."""

import re
from typing import NamedTuple

import numpy as np

from neuralcodec.audio import SAMPLE_RATE
from neuralcodec.audio.recordings import read_recording
from neuralcodec.evaluation.comparison import decodings

RATES = (9, 24)  # kbps at which codecs are heard next to one another
SECONDS = 6  # recordings of about this length are chosen
MAX_SECONDS = 12  # seconds that a player holds

_SPREAD = 0.25  # a codec further than that from a rate is not heard at it


class Take(NamedTuple):
    """A recording through one codec: `row` is that of `evaluate`, `samples` are at 16 kHz, cut to `MAX_SECONDS`."""

    codec: str
    row: dict
    samples: np.ndarray


class Voice(NamedTuple):
    """A recording through all codecs that are heard: `takes` is a dict of codec name -> Take."""

    title: str
    clip: str
    reference: np.ndarray
    takes: dict


def family(codec):
    """What a codec is apart from its rate.

    Example:
        >>> family("AMR-WB 23.85"), family("cq-24k")
        ('AMR-WB', 'cq')
    """
    return re.sub(r"[ -][\d.]+k?$", "", codec)


def nearest(figures, kbps):
    """The codec of each family that comes nearest to a rate, if any comes near: list of names.

    Args:
        figures: a `summary`.
        kbps: the rate.
    """
    def distance(codec):
        return abs(figures[codec]["kbps"][0] - kbps)

    families = {}
    for codec in figures:
        families.setdefault(family(codec), []).append(codec)
    best = (min(codecs, key=distance) for codecs in families.values())
    return [codec for codec in best if distance(codec) <= _SPREAD * kbps]


def choose_clips(rows, groups):
    """One female and one male voice where that is known, else any two recordings, of about `SECONDS`.

    Args:
        rows: of `evaluate`.
        groups: dict of group -> set of clips, see `neuralcodec.evaluation.speakers`.

    Returns:
        list of (title, clip), one or two.
    """
    seconds = {row["clip"]: row["seconds"] for row in rows}
    clips = sorted(seconds, key=lambda clip: abs(seconds[clip] - SECONDS))
    chosen = [(f"{group.capitalize()} voice", next(clip for clip in clips if clip in groups[group]))
              for group in ("female", "male") if group in groups]
    return chosen or [(f"Recording {number}", clip) for number, clip in enumerate(clips[:2], start=1)]


def code_voice(title, clip, path, codecs, peers, rows):
    """Codes and decodes a recording once more, to keep what comes out.

    Args:
        title, clip: as `choose_clips` returns them.
        path: of the recording.
        codecs, peers: what it goes through.
        rows: of `evaluate`, with those of this recording among them.

    Returns:
        Voice.
    """
    reference = read_recording(path)
    own = {row["codec"]: row for row in rows if row["clip"] == clip}
    takes = {name: Take(name, own[name], _cut(decoded))
             for name, decoded, _ in decodings(path, reference, codecs, peers)}
    return Voice(title, clip, _cut(reference), takes)


def _cut(samples):
    return samples[:MAX_SECONDS * SAMPLE_RATE]
