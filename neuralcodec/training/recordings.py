"""A user's recordings for fine-tuning: read, checked, and split into what is trained on and what judges."""
from pathlib import Path

import numpy as np

from neuralcodec.errors import TrainingDataError
from neuralcodec.model.config import SAMPLE_RATE
from neuralcodec.training.data import audio_files, readable

LEAST_SECONDS = 30.0
LEAST_TO_JUDGE = 4  # seconds of held-back speech
QUIETEST = 10 ** (-60 / 20) * 32768  # RMS of the loudest tenth of a second; nobody speaks below that
SHARE = 10  # one tenth is held back
PIECE = 8 * SAMPLE_RATE  # long recordings are judged in pieces


def gather(data):
    """Recordings that have speech in them.

    Args:
        data: a folder (searched recursively), a list of paths, or a list of arrays (n,) at 16 kHz, floats in [-1, 1]
            or int16.

    Returns:
        recordings: list of int16 (n,).
        skipped: {path or number of the array: reason}.

    Raises:
        TrainingDataError: there is nothing that could be read, or nothing but silence.
    """
    skipped = {}
    if isinstance(data, (str, Path)) or all(isinstance(item, (str, Path)) for item in data):
        named = list(readable(audio_files(data), skipped))
    else:
        named = [(f"array {number}", samples_of(array)) for number, array in enumerate(data)]
    recordings = []
    for name, samples in named:
        if is_silent(samples):
            skipped[name] = f"{name} is silent."
        else:
            recordings.append(samples)
    if not recordings:
        reason = "silence" if named else "files that cannot be read"
        raise TrainingDataError(f"There is no speech to learn from, only {reason}: {listed(skipped) or 'no recording'}.")
    return recordings, skipped


def samples_of(array):
    """An array as int16 (n,).

    Raises:
        TrainingDataError: it is not one channel of finite floats or of int16.
    """
    array = np.asarray(array)
    if array.ndim != 1 or not (array.dtype == np.int16 or array.dtype.kind == "f" and np.isfinite(array).all()):
        raise TrainingDataError("Arrays to learn from must be one channel (n,) at 16 kHz, of int16 or of finite floats.")
    return array if array.dtype == np.int16 else np.round(np.clip(array, -1, 1) * 32767).astype(np.int16)


def is_silent(samples):
    """Whether no tenth of a second of int16 (n,) is as loud as speech."""
    size = SAMPLE_RATE // 10
    parts = samples[: samples.size // size * size].reshape(-1, size).astype(np.float64)
    return not len(parts) or np.sqrt(np.mean(np.square(parts), axis=1)).max() < QUIETEST


def listed(skipped, most=5):
    """Reasons in one line."""
    reasons = list(skipped.values())
    return " ".join(reasons[:most]) + (f" And {len(reasons) - most} more." if len(reasons) > most else "")


def split(recordings):
    """Holds a tenth back: whole recordings where there are many, the end of the longest where there are few.

    Args:
        recordings: list of int16 (n,).

    Returns:
        (to train on, held back), lists of int16 (n,) that share no sample.
    """
    wanted = max(sum(part.size for part in recordings) / SHARE, LEAST_TO_JUDGE * SAMPLE_RATE)
    longest = max(range(len(recordings)), key=lambda i: recordings[i].size)
    if recordings[longest].size > 3 * wanted:
        cut = recordings[longest].size - int(wanted)
        training = [part[:cut] if i == longest else part for i, part in enumerate(recordings)]
        return training, pieces([recordings[longest][cut:]])
    order, held, size = np.random.default_rng(0).permutation(len(recordings)), [], 0
    for index in order:
        if size >= wanted:
            break
        held.append(index)
        size += recordings[index].size
    return ([part for i, part in enumerate(recordings) if i not in held], pieces([recordings[i] for i in sorted(held)]))


def pieces(recordings):
    """Recordings cut into pieces of at most 8 s; ends shorter than a second are left out where they are not all."""
    cut = [part[start: start + PIECE] for part in recordings for start in range(0, part.size, PIECE)]
    return [part for part in cut if part.size >= SAMPLE_RATE] or cut


def check_amount(recordings):
    """Raises TrainingDataError if that is too little speech to learn from."""
    seconds = sum(part.size for part in recordings) / SAMPLE_RATE
    if seconds < LEAST_SECONDS:
        raise TrainingDataError(f"Fine-tuning needs at least {LEAST_SECONDS:.0f} s of speech, and a few minutes to be "
                                f"worth it; there are {seconds:.1f} s.")
