"""How close decoded speech is to the original: metrics that disagree with one another, and their uncertainty.

| metric         | what it hears                                   | range              | from                  |
|----------------|-------------------------------------------------|--------------------|-----------------------|
| `pesq`         | PESQ-WB, loudness disturbance as MOS-LQO        | 1.04 to 4.64       | ITU-T P.862.2, `pesq` |
| `stoi`         | intelligibility from band envelopes             | 0 to 1             | Taal 2011, `pystoi`   |
| `estoi`        | the same across bands, for modulated noise      | 0 to 1             | Jensen 2016, `pystoi` |
| `si_sdr`       | waveform error whatever the gain, dB            | -100 to 100        | Le Roux 2019          |
| `mel_distance` | mean difference of log-mel spectra, dB          | 0 is equal         | own, see below        |
| `visqol`       | similarity of gammatone spectrograms as MOS-LQO | 1 to 5             | `visqol-python`       |
| `distillmos`   | naturalness as MOS, without the original        | 1 to 5             | `distillmos`          |

Lines in the spectrum are a figure of a whole set of clips: see `neuralcodec.evaluation.lines`.
A metric that is undefined for an original (silence, less than 0.3 s) is NaN. Decoded silence in place of speech is not
undefined: it gets the worst score, lest a failure improve the mean by dropping out of it.
"""

import contextlib
import functools
import os
import sys
from importlib.util import find_spec

import numpy as np

from neuralcodec.audio import SAMPLE_RATE
from neuralcodec.errors import ConfigError, MissingDependencyError

_SHORTEST = 4800  # samples: 0.3 s
_LONGEST_PESQ = 20 * SAMPLE_RATE
_SILENCE = 1e-12  # variance: -120 dB, well below a 16-bit step
_WORST_PESQ, _WORST_VISQOL, _WORST_DISTILLMOS = 1.04, 1.0, 1.0
_LIMIT_SI_SDR = 100.0  # dB: identical signals would give infinity, and no mean after that


def score(reference, decoded, metrics=None):
    """Compare decoded speech with its original.

    Args:
        reference, decoded: float arrays (n,) at 16 kHz, aligned.
        metrics: names out of `METRICS`. Without it: `DEFAULT_METRICS`, as far as their packages are installed.

    Returns:
        dict of metric name -> float, in the order asked for; NaN where a metric is undefined.

    Raises:
        MissingDependencyError: a metric was asked for by name and its package is not installed.
        ConfigError: there is no such metric.

    Example:
        >>> score(reference, decoded)["pesq"]
        4.41
    """
    reference, decoded = np.asarray(reference, np.float64), np.asarray(decoded, np.float64)
    if reference.ndim != 1 or reference.shape != decoded.shape:
        raise ValueError(f"Original and decoded speech differ in shape: {reference.shape} and {decoded.shape}.")
    return {name: float(METRICS[name](reference, decoded)) for name in _chosen(metrics)}


def bootstrap_interval(values, confidence=0.95, resamples=2000, seed=0):
    """Mean of a metric over clips, and how far it would move with other clips (percentile bootstrap, Efron 1979).

    Args:
        values: one figure per clip; NaN is left out.
        confidence: share of resampled means inside the interval.

    Returns:
        (mean, low, high); all NaN where no figure is left.

    Example:
        >>> bootstrap_interval([4.3, 4.4, 4.5])
        (4.4, 4.3, 4.5)
    """
    values = np.asarray(values, np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return (np.nan, np.nan, np.nan)
    return interval(values.mean(), values[resampled(len(values), resamples, seed)].mean(axis=1), confidence)


def resampled(count, resamples=2000, seed=0):
    """Which clips each of many other sets would hold, drawn from `count` clips: (resamples, count)."""
    return np.random.default_rng(seed).integers(0, count, (resamples, count))


def interval(figure, others, confidence=0.95):
    """(figure, low, high): a figure, and between which bounds most of those of other sets of clips lie."""
    low, high = np.quantile(others, [(1 - confidence) / 2, (1 + confidence) / 2])
    return (float(figure), float(low), float(high))


def installed_metrics(names):
    """Those of the named metrics whose packages are installed.

    Example:
        >>> installed_metrics(["pesq", "visqol"])
        ['pesq']
    """
    return [name for name in names if _is_installed(name)]


def installation(name):
    """How to install what a metric needs.

    Example:
        >>> installation("distillmos")
        "pip install 'distillmos'"
    """
    return f"pip install '{_REQUIRES[name][0]}'"


def _chosen(metrics):
    if metrics is None:
        return installed_metrics(DEFAULT_METRICS)
    for name in metrics:
        if name not in METRICS:
            raise ConfigError(f"There is no metric '{name}'; it must be one of "
                              f"{', '.join([*METRICS, LINES])}.")
        if not _is_installed(name):
            raise MissingDependencyError(f"The metric '{name}' needs one more package: {installation(name)}.")
    return list(metrics)


def _is_installed(metric):
    _, modules = _REQUIRES.get(metric, (None, ()))
    return all(find_spec(module) is not None for module in modules)


def _pesq(reference, decoded):
    """PESQ-WB. Long recordings are scored in equal pieces of at most 20 s, the length P.862 was made for, and averaged:
    the reference code has room for 50 utterances only and crashes beyond."""
    pieces = -(-len(reference) // _LONGEST_PESQ) or 1
    scores = [_pesq_of_piece(*pair) for pair in zip(np.array_split(reference, pieces), np.array_split(decoded, pieces))]
    return _mean(scores)


def _pesq_of_piece(reference, decoded):
    from pesq import PesqError, pesq

    if _is_undefined(reference):
        return np.nan
    if _is_silent(decoded):
        return _WORST_PESQ
    try:
        return pesq(SAMPLE_RATE, reference, decoded, "wb")
    except PesqError:  # no utterance found
        return np.nan


def _stoi(reference, decoded, extended=False):
    import warnings

    from pystoi import stoi

    if _is_undefined(reference):
        return np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        result = stoi(reference, decoded, SAMPLE_RATE, extended=extended)
    return np.nan if result == 1e-5 else result  # what pystoi returns for less than 30 frames of speech


def _si_sdr(reference, decoded):
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., ICASSP 2019), within 100 dB of 0."""
    if not len(reference) or _is_silent(reference):
        return np.nan
    if _is_silent(decoded):
        return -_LIMIT_SI_SDR
    reference, decoded = reference - reference.mean(), decoded - decoded.mean()
    target = np.dot(reference, decoded) / np.dot(reference, reference) * reference
    error = decoded - target
    signal, distortion = np.dot(target, target), np.dot(error, error)
    tiny = 1e-10 * np.dot(decoded, decoded)
    return 10 * np.log10(max(signal, tiny) / max(distortion, tiny))


def _mel_distance(reference, decoded):
    """Mean absolute difference of log-mel power spectra in dB: 80 bands from 0 to 8 kHz (HTK mel, triangles of height
    1), Hann window of 1024 samples, hop 256, floor at -100 dB of full scale."""
    if not len(reference):
        return np.nan
    return np.mean(np.abs(_log_mel(reference) - _log_mel(decoded)))


def _log_mel(samples):
    samples = np.pad(samples, (512, 512 + -len(samples) % 256))
    frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::256]  # (frames, 1024)
    window = np.hanning(1025)[:-1]
    bands = []
    for start in range(0, len(frames), 1000):  # spectra of an hour at once would not fit
        power = np.abs(np.fft.rfft(frames[start:start + 1000] * (window / window.sum()))) ** 2  # (frames, 513)
        bands.append(power @ _mel_filters())
    return 10 * np.log10(np.concatenate(bands) + 1e-10)  # (frames, 80)


@functools.cache
def _mel_filters():
    """(513, 80)"""
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 82) / 2595) - 1)  # Hz
    bins = np.linspace(0, 8000, 513)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None)


def _visqol(reference, decoded):
    """ViSQOL v3 in its speech mode with the lattice mapping to MOS, the default of Google's own program (Chinen et al.,
    QoMEX 2020). The older polynomial mapping, which needs one package less, is not used in its place: its figures are
    up to 0.9 higher."""
    if _is_undefined(reference):
        return np.nan
    if _is_silent(decoded):
        return _WORST_VISQOL
    try:
        return _visqol_api().measure_from_arrays(reference, decoded, SAMPLE_RATE).moslqo
    except (ValueError, IndexError):  # less than one patch (0.6 s) of speech
        return np.nan


@functools.cache
def _visqol_api():
    from visqol import VisqolApi

    api = VisqolApi()
    with _silent_standard_error():
        api.create(mode="speech", use_lattice_model=True)
    return api


def _distillmos(reference, decoded):
    """DistillMOS, which learnt from a large model what listeners say, and hears the decoded speech only (Stahl and
    Gamper, "Distillation and pruning for scalable self-supervised representation-based speech quality assessment",
    ICASSP 2025)."""
    import torch

    if _is_undefined(reference):
        return np.nan
    if _is_silent(decoded):
        return _WORST_DISTILLMOS
    with torch.no_grad():
        return _distillmos_model()(torch.from_numpy(decoded.astype(np.float32))[None]).item()


@functools.cache
def _distillmos_model():
    from distillmos import ConvTransformerSQAModel

    with contextlib.redirect_stdout(None):  # it says where its weights are
        return ConvTransformerSQAModel().eval()


@contextlib.contextmanager
def _silent_standard_error():
    """TensorFlow Lite announces itself there, past Python's own sys.stderr, and has no switch for it."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _is_undefined(reference):
    return len(reference) < _SHORTEST or _is_silent(reference)


def _is_silent(samples):
    return samples.var() < _SILENCE


def _mean(values):
    values = [value for value in values if not np.isnan(value)]
    return np.mean(values) if values else np.nan


METRICS = {
    "pesq": _pesq,
    "stoi": _stoi,
    "estoi": functools.partial(_stoi, extended=True),
    "si_sdr": _si_sdr,
    "mel_distance": _mel_distance,
    "visqol": _visqol,
    "distillmos": _distillmos,
}
DEFAULT_METRICS = ("pesq", "stoi", "estoi", "si_sdr", "mel_distance")  # each other one takes longer than all of them
LINES = "lines"  # a figure of all clips together

_REQUIRES = {  # what pip installs, what must then be importable
    "pesq": ("pesq", ("pesq",)),
    "stoi": ("pystoi", ("pystoi",)),
    "estoi": ("pystoi", ("pystoi",)),
    "visqol": ("visqol-python[lattice]", ("visqol", "ai_edge_litert")),
    "distillmos": ("distillmos", ("distillmos",)),
}
