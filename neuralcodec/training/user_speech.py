"""A user's recordings for fine-tuning, in whatever form they come, as a Corpus."""
from pathlib import Path

import numpy as np

from neuralcodec.audio.recordings import audio_files
from neuralcodec.errors import TrainingDataError
from neuralcodec.training.corpus import (
    MAX_HELD_BACK,
    Corpus,
    check_amount,
    check_speech,
    evenly,
    hold_back_a_tenth,
    pieces,
    read_each,
)


def read_user_speech(data, validation_data=None):
    """Reads and splits a user's speech.

    Args:
        data: a folder (searched recursively), a file, a list of paths, an array (n,) at 16 kHz or a list of them:
            floats in [-1, 1] or int16.
        validation_data: what to compare by, as `data`; by default a tenth of the data is held back.

    Returns:
        Corpus, whose held-back speech is in pieces of at most 8 s.

    Raises:
        TrainingDataError: too little of it, to train on or to compare by.
    """
    recordings, held_back, skipped = {}, {}, {}
    if validation_data is not None:
        held_back, skipped = _gather(validation_data)
        check_speech(held_back, skipped)
    recordings, also_skipped = _gather(data, besides=held_back)
    check_amount(recordings, also_skipped, "Fine-tuning", "some minutes")
    if validation_data is None:
        recordings, held_back = hold_back_a_tenth(recordings)
    parts = pieces(held_back.values())
    if not parts:
        raise TrainingDataError("The speech that is held back is too short or too quiet to compare by; give other "
                                "recordings as validation data.")
    return Corpus(recordings, evenly(parts, MAX_HELD_BACK), {**also_skipped, **skipped})


def _gather(data, besides=()):
    """Recordings and what was skipped, as `read_each` returns them; the files `besides` are left alone."""
    besides = {path.resolve() for path in besides if isinstance(path, Path)}
    recordings, skipped = read_each((name, source) for name, source in _sources(data)
                                    if not (isinstance(name, Path) and name.resolve() in besides))
    return recordings, {**dict(_no_recordings(data)), **skipped}


def _sources(data):
    """Yields (path, path) or (name, array)."""
    if isinstance(data, (str, Path)):
        data = audio_files(data)
    elif isinstance(data, np.ndarray) and data.ndim == 1:
        data = [data]
    for number, item in enumerate(data, start=1):
        path = Path(item) if isinstance(item, (str, Path)) else None
        yield (path, path) if path else (f"array {number}", item)


def _no_recordings(data):
    """Yields (path, reason) of the files in a folder that are not taken for recordings."""
    if isinstance(data, (str, Path)) and Path(data).is_dir():
        files = {path for path in Path(data).rglob("*") if path.is_file()
                 and not any(part.startswith(".") for part in path.relative_to(data).parts)}
        for path in sorted(files.difference(audio_files(data))):
            yield path, f"'{path}' is not a recording by its name."
