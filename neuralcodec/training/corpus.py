"""Training speech in memory: which recordings there are, each read once, which are held back and which are skipped."""
from dataclasses import dataclass
from fnmatch import fnmatch

import numpy as np

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.audio.recordings import audio_files, read_int16
from neuralcodec.coding.adjustment import adjusted
from neuralcodec.errors import AudioError, TrainingDataError

MIN_SECONDS = 30  # of speech, to learn from
RECORDINGS_PER_HELD_BACK, MAX_HELD_BACK = 40, 24  # one recording of 40 is held back, at most 24
HELD_BACK_SHARE = 10  # of fewer recordings, one tenth of the speech is held back
MIN_HELD_BACK_SECONDS = 4
MIN_SPEECH_RMS = 10 ** (-60 / 20) * 32768  # RMS of the loudest tenth of a second; nobody speaks below that
PIECE_SAMPLES = 8 * SAMPLE_RATE  # long recordings are scored in pieces
MIN_PIECE_SAMPLES = SAMPLE_RATE // 2
MAX_LISTED = 10  # recordings that a message names


@dataclass(frozen=True, eq=False)
class Corpus:
    """Speech to train on and to compare by. No sample is in both.

    Args:
        training: {path, or another name: int16 (n,)}, a recording each.
        held_back: list of float32 (n,).
        skipped: {path or name: sentence} of what is not used.
    """

    training: dict
    held_back: list
    skipped: dict

    @property
    def samples(self):
        """All recordings to train on, one after another: int16 (n,)."""
        return np.concatenate(list(self.training.values()))

    def __str__(self):
        seconds = [sum(part.size for part in parts) / SAMPLE_RATE for parts in (self.training.values(), self.held_back)]
        return f"{seconds[0]:.0f} s of speech to train on, {seconds[1]:.0f} s held back"


def read_corpus(data, leave_out=()):
    """Reads the training speech of a preset.

    Of more than 20 recordings every 40th is held back, at most 24; of fewer, a tenth of the speech.

    Args:
        data: folder of recordings (searched recursively), one recording, or a list of paths.
        leave_out: patterns of folder names; the files in them are left alone.

    Returns:
        Corpus.

    Raises:
        TrainingDataError: there are no recordings, or too little speech in them.
    """
    files = audio_files(data)
    recordings, skipped = read_each((path, path) for path in files if not in_folder(path, leave_out))
    check_amount(recordings, skipped, "Training", "an hour or more")
    names = list(recordings)
    held_back = names[RECORDINGS_PER_HELD_BACK // 2:: RECORDINGS_PER_HELD_BACK][:MAX_HELD_BACK]
    if held_back:
        held_back = [as_float(recordings.pop(name)) for name in held_back]
    else:
        recordings, held_back = hold_back_a_tenth(recordings)
        held_back = evenly(pieces(held_back.values()), MAX_HELD_BACK)
    return Corpus(recordings, held_back, skipped)


def read_each(sources):
    """Reads recordings, those with speech in them. They are adjusted as they are when they are coded.

    Args:
        sources: yields (path or another name, path or array at 16 kHz).

    Returns:
        recordings: {path or name: int16 (n,)}.
        skipped: {the same: sentence that says why}.
    """
    recordings, skipped = {}, {}
    for name, source in sources:
        try:
            samples = adjusted(read_int16(source, SAMPLE_RATE))
        except AudioError as error:
            skipped[name] = str(error) if source is name else f"{name}: {error}"
            continue
        if any(not _is_silent(part) for part in _cut(samples, SAMPLE_RATE)):
            recordings[name] = samples
        else:
            skipped[name] = f"'{name}' is silent."
    return recordings, skipped


def check_speech(recordings, skipped):
    """Raises TrainingDataError if there are no recordings; arguments as `read_each` returns them."""
    if not recordings:
        silent = skipped and all(reason.endswith("is silent.") for reason in skipped.values())
        found = "they are silent" if silent else "none of them holds any that can be read"
        raise TrainingDataError(f"There is no speech in the recordings: {found}; check the data.{listing(skipped)}")


def check_amount(recordings, skipped, what, better):
    """Makes sure that there is enough speech to learn from.

    Args:
        recordings, skipped: as `read_each` returns them.
        what: needs it, such as "Training".
        better: how much more would be better.

    Raises:
        TrainingDataError: there is too little, or none.
    """
    check_speech(recordings, skipped)
    seconds = sum(map(speech_seconds, recordings.values()))
    if seconds < MIN_SECONDS:
        raise TrainingDataError(f"{what} needs at least {MIN_SECONDS} s of speech, better {better}, and there are "
                                f"{seconds:.1f} s; add recordings.{listing(skipped)}")


def listing(skipped):
    """What was skipped and why, a line each; nothing where nothing was."""
    if not skipped:
        return ""
    reasons = [f"  {reason}" for reason in skipped.values()]
    more = [f"  and {len(reasons) - MAX_LISTED} more"] if len(reasons) > MAX_LISTED else []
    return "\n".join([f"\nSkipped {len(reasons)}:", *reasons[:MAX_LISTED], *more])


def hold_back_a_tenth(recordings):
    """Holds a tenth back: the end of the longest recording where it is large enough, else whole recordings.

    Args:
        recordings: {name: int16 (n,)}.

    Returns:
        (to train on, held back), dicts that share no sample.
    """
    wanted = max(sum(part.size for part in recordings.values()) // HELD_BACK_SHARE, MIN_HELD_BACK_SECONDS * SAMPLE_RATE)
    longest = max(recordings, key=lambda name: recordings[name].size)
    samples = recordings[longest]
    if samples.size > 3 * wanted:
        return {**recordings, longest: samples[:-wanted]}, {longest: samples[-wanted:]}
    names, held_back, size = list(recordings), {}, 0
    for index in np.random.default_rng(0).permutation(len(names)):
        if size >= wanted:
            break
        held_back[names[index]] = recordings[names[index]]
        size += recordings[names[index]].size
    return {name: part for name, part in recordings.items() if name not in held_back}, held_back


def pieces(recordings):
    """Recordings cut into pieces of at most 8 s, without silent ones and without ends of less than half a second.

    Args:
        recordings: iterable of int16 (n,).

    Returns:
        list of float32 (n,).
    """
    cut = [part for samples in recordings for part in _cut(samples, PIECE_SAMPLES)]
    return [as_float(part) for part in cut if part.size >= MIN_PIECE_SAMPLES and not _is_silent(part)]


def evenly(parts, count):
    """At most `count` of a list, evenly spread over it."""
    chosen = np.linspace(0, len(parts) - 1, min(len(parts), count)).astype(int)
    return [parts[i] for i in chosen]


def as_float(samples):
    """int16 (n,) -> float32 in [-1, 1)."""
    return samples.astype("float32") / 32768


def speech_seconds(samples):
    """How much of int16 (n,) is not silence: seconds in which a tenth is as loud as speech."""
    return sum(part.size for part in _cut(samples, SAMPLE_RATE) if not _is_silent(part)) / SAMPLE_RATE


def _is_silent(samples):
    tenths = [np.square(part, dtype=np.float64).mean() for part in _cut(samples, SAMPLE_RATE // 10)]
    return np.sqrt(max(tenths)) < MIN_SPEECH_RMS


def _cut(samples, size):
    return [samples[start: start + size] for start in range(0, samples.size, size)]


def in_folder(path, patterns):
    """Whether a path goes through a folder whose name fits one of the patterns.

    Example:
        >>> in_folder(Path("speech/librispeech-test/1.flac"), ["librispeech-*"])
        True
    """
    return any(fnmatch(part, pattern) for part in path.parts[:-1] for pattern in patterns)
