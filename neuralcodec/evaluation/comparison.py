"""Codecs compared on the same recordings: one row per clip and codec, then means with their uncertainty.

Every figure comes from a real file (for peers: real packets), written, read back and decoded.
"""

import contextlib
import csv
import functools
import io
import multiprocessing
import os
import signal
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from neuralcodec.audio import SAMPLE_RATE
from neuralcodec.audio.recordings import read_recording
from neuralcodec.errors import AudioError, TrainingDataError
from neuralcodec.evaluation.lines import line_figures, long_term_spectrum
from neuralcodec.evaluation.metrics import bootstrap_interval, score
from neuralcodec.files.outputs import atomic_output, is_full
from neuralcodec.zoo.figures import table_lines

_LABELS = ("clip", "codec", "seconds")  # of a row; the rest are figures


def evaluate(codecs, files, peers=(), metrics=None, progress=None, processes=1, failures=None, spectra=None):
    """Code every clip with every codec, decode it and score it.

    Args:
        codecs: list; each has `name`, `compress(path_in, path_nac)` and `decompress(path_nac, path_wav)`.
        files: paths of recordings, of any rate; scored at 16 kHz mono.
        peers: see `neuralcodec.evaluation.peers`.
        metrics: names, see `neuralcodec.evaluation.metrics`.
        progress: called as progress(done, total) after each clip.
        processes: how many score at the same time; worth it for many codecs and slow metrics.
        failures: dict that takes path -> reason of the recordings that cannot be read; then the others are evaluated.
        spectra: dict that takes codec name -> list of the long-term spectra of what it decodes, for `summary`.

    Returns:
        list of dicts with clip, codec, seconds, kbps and one entry per metric. kbps is bytes x 8 / seconds / 1000.

    Raises:
        TrainingDataError: there is no file to evaluate on.
        AudioError: a recording cannot be read, and there is no such dict.

    Example:
        >>> rows = evaluate([codec], ["a.flac", "b.flac"], peers=[opus(24)])
        >>> print(format_table(summary(rows)))
    """
    files = [Path(path) for path in files]
    if not files:
        raise TrainingDataError("There is no recording to evaluate on.")
    rows = []
    with _scorers(processes) as map_:
        for done, (path, clip) in enumerate(zip(files, clip_names(files)), start=1):
            try:
                rows += _rows(path, clip, codecs, peers, metrics, map_, spectra)
            except (AudioError, OSError) as error:
                if failures is None:
                    raise
                failures[path] = str(error)
                if is_full(error):
                    break
            if progress is not None:
                progress(done, len(files))
    return rows


def _rows(path, clip, codecs, peers, metrics, map_, spectra):
    """The rows of one recording."""
    reference = read_recording(path)
    names, decoded, sizes = zip(*decodings(path, reference, codecs, peers))
    for name, samples in zip(names, decoded) if spectra is not None else ():
        spectra.setdefault(name, []).append(long_term_spectrum(samples))
    scores = map_(functools.partial(score, reference, metrics=metrics), decoded)
    seconds = len(reference) / SAMPLE_RATE
    return [{"clip": clip, "codec": name, "seconds": seconds, "kbps": size * 8 / seconds / 1000 if seconds else np.nan,
             **figures} for name, size, figures in zip(names, sizes, scores)]


def decodings(path, reference, codecs, peers=()):
    """Yields (name, decoded, bytes) for each codec and peer: what it makes of a recording, and what that costs.

    Args:
        path: of the recording; codecs read it from there.
        reference: its samples as `read_recording` gives them; peers take these.
        codecs, peers: as for `evaluate`.
    """
    for codec in codecs:
        yield (codec.name, *_through_files(codec, path))
    for peer in peers:
        yield (peer.name, *peer.code(reference))


@contextlib.contextmanager
def _scorers(processes):
    """Yields `map`, or one that shares the work among processes."""
    if processes == 1:
        yield map
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks of NumPy's threads in any state
    with ProcessPoolExecutor(processes, context, _leave_ctrl_c_to_the_parent) as pool:
        try:
            yield pool.map
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _leave_ctrl_c_to_the_parent():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def write_csv(rows, path):
    """Write rows of `evaluate` as a table, replacing an earlier one."""
    with atomic_output(path, overwrite=True) as file, \
            io.TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="") as text:
        table = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else list(_LABELS), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def summary(rows, spectra=None):
    """Means over clips with 95 % bootstrap intervals.

    Args:
        rows: of `evaluate`; of several evaluations, if they share their metrics.
        spectra: of `evaluate`; with them there are figures of lines, of all clips together.

    Returns:
        dict of codec name -> {"clips": number of clips, "kbps": (mean, low, high), metric: (mean, low, high), ...}, in
        the order of the rows.
    """
    result = {}
    for codec in dict.fromkeys(row["codec"] for row in rows):
        mine = [row for row in rows if row["codec"] == codec]
        figures = [name for name in mine[0] if name not in _LABELS]
        result[codec] = {"clips": len(mine),
                         **{name: bootstrap_interval([row[name] for row in mine]) for name in figures},
                         **(line_figures(spectra[codec]) if spectra else {})}
    return result


def format_table(summaries):
    """A `summary` as plain text: a line per codec, mean and half the width of the interval; one clip has no interval.

    Example:
        >>> print(format_table(summary(rows)))
        codec    clips          kbps           pesq
        cq-24k      63  24.12 ± 0.20  4.440 ± 0.021
    """
    lines = table_lines(summaries)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in
                                                          zip(line[1:], widths[1:]))]) for line in lines)


def _through_files(codec, path):
    """Returns decoded samples (n,) and the size of the compressed file in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        compressed, decoded = Path(folder, "clip.nac"), Path(folder, "clip.wav")
        codec.compress(path, compressed)
        codec.decompress(compressed, decoded)
        return read_recording(decoded), compressed.stat().st_size


def clip_names(files):
    """Names that tell the clips apart and do not depend on where the folder lies."""
    common = os.path.commonpath([path.absolute().parent for path in files])
    return [path.absolute().relative_to(common).as_posix() for path in files]
