"""A user's recordings for fine-tuning: read, checked, and split into what is trained on and what is held back."""
from pathlib import Path

import numpy as np

from neuralcodec.architecture.config import SAMPLE_RATE
from neuralcodec.audio.recordings import audio_files, read_int16
from neuralcodec.errors import AudioError, TrainingDataError

MIN_SECONDS = 30
MIN_HELD_BACK_SECONDS = 4  # seconds of held-back speech
MIN_SPEECH_RMS = 10 ** (-60 / 20) * 32768  # RMS of the loudest tenth of a second; nobody speaks below that
HELD_BACK_SHARE = 10  # one tenth is held back
PIECE_SAMPLES = 8 * SAMPLE_RATE  # long recordings are scored in pieces
MIN_PIECE_SAMPLES = SAMPLE_RATE // 2
MAX_LISTED = 10  # recordings that a message names


def gather(data, besides=()):
    """Recordings that have speech in them.

    Args:
        data: a folder (searched recursively), a file, a list of paths, an array (n,) at 16 kHz or a list of them:
            floats in [-1, 1] or int16.
        besides: paths that are left alone.

    Returns:
        recordings: {path, or "array 1", ...: int16 (n,)}.
        skipped: {the same: sentence that says why}.

    Raises:
        TrainingDataError: there is no file, or no speech in any.
    """
    besides = {Path(path).resolve() for path in besides if isinstance(path, Path)}
    recordings, skipped = {}, dict(_no_recordings(data))
    for name, source in _sources(data):
        if isinstance(name, Path) and name.resolve() in besides:
            continue
        try:
            samples = read_int16(source, SAMPLE_RATE)
        except AudioError as error:
            skipped[name] = str(error) if isinstance(name, Path) else f"{name}: {error}"
            continue
        if speech_seconds(samples):
            recordings[name] = samples
        else:
            skipped[name] = f"'{name}' is silent."
    if not recordings:
        silent = skipped and all(reason.endswith("is silent.") for reason in skipped.values())
        found = "they are silent" if silent else "none of them holds any that can be read"
        raise TrainingDataError(f"There is no speech in the recordings: {found}; check the data.{listing(skipped)}")
    return recordings, skipped


def _sources(data):
    """Yields (name, path or array)."""
    if isinstance(data, (str, Path)):
        data = audio_files(data)
    elif isinstance(data, np.ndarray) and data.ndim == 1:
        data = [data]
    for number, item in enumerate(data, start=1):
        yield (Path(item), item) if isinstance(item, (str, Path)) else (f"array {number}", item)


def _no_recordings(data):
    """Yields (path, reason) of the files in a folder that are not taken for recordings."""
    if isinstance(data, (str, Path)) and Path(data).is_dir():
        files = {path for path in Path(data).rglob("*") if path.is_file() and not path.name.startswith(".")}
        for path in sorted(files.difference(audio_files(data))):
            yield path, f"'{path}' is not a recording by its name."


def speech_seconds(samples):
    """How much of int16 (n,) is not silence: seconds in which a tenth is as loud as speech."""
    return sum(part.size for part in _cut(samples, SAMPLE_RATE) if not _is_silent(part)) / SAMPLE_RATE


def _is_silent(samples):
    tenths = [np.square(part, dtype=np.float64).mean() for part in _cut(samples, SAMPLE_RATE // 10)]
    return np.sqrt(max(tenths)) < MIN_SPEECH_RMS


def _cut(samples, size):
    return [samples[start: start + size] for start in range(0, samples.size, size)]


def listing(skipped):
    """What was skipped and why, a line each; nothing where nothing was."""
    if not skipped:
        return ""
    reasons = [f"  {reason}" for reason in skipped.values()]
    more = [f"  and {len(reasons) - MAX_LISTED} more"] if len(reasons) > MAX_LISTED else []
    return "\n".join([f"\nSkipped {len(reasons)}:", *reasons[:MAX_LISTED], *more])


def check_amount(recordings, skipped):
    """Raises TrainingDataError if that is too little speech to learn from."""
    seconds = sum(map(speech_seconds, recordings.values()))
    if seconds < MIN_SECONDS:
        raise TrainingDataError(f"Fine-tuning needs at least {MIN_SECONDS} s of speech, better some minutes, and "
                                f"there are {seconds:.1f} s; add recordings.{listing(skipped)}")


def split(recordings):
    """Holds a tenth back: the end of the longest recording where it is large enough, else whole recordings.

    Args:
        recordings: list of int16 (n,).

    Returns:
        (to train on, held back), lists of int16 (n,) that share no sample.
    """
    wanted = max(sum(part.size for part in recordings) // HELD_BACK_SHARE, MIN_HELD_BACK_SECONDS * SAMPLE_RATE)
    longest = max(range(len(recordings)), key=lambda i: recordings[i].size)
    if recordings[longest].size > 3 * wanted:
        cut = recordings[longest].size - wanted
        training = [part[:cut] if i == longest else part for i, part in enumerate(recordings)]
        return training, [recordings[longest][cut:]]
    held, size = set(), 0
    for index in np.random.default_rng(0).permutation(len(recordings)):
        if size >= wanted:
            break
        held.add(index)
        size += recordings[index].size
    return [[part for i, part in enumerate(recordings) if (i in held) == wanted] for wanted in (False, True)]


def pieces(recordings):
    """Recordings cut into pieces of at most 8 s, without silent ones and without ends of less than half a second.

    Args:
        recordings: list of int16 (n,).

    Returns:
        list of float32 (n,).
    """
    cut = [part for samples in recordings for part in _cut(samples, PIECE_SAMPLES)]
    return [part.astype("float32") / 32768 for part in cut if part.size >= MIN_PIECE_SAMPLES and not _is_silent(part)]
