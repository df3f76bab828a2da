"""Which recordings a folder holds, and a recording as samples in memory."""

import os
from pathlib import Path

import numpy as np

from neuralcodec.audio.readers import AUDIO_EXTENSIONS
from neuralcodec.audio.source import AudioSource
from neuralcodec.errors import NeuralCodecError, TrainingDataError
from neuralcodec.files.names import shown


def find_files(folder, extensions, recursive=True, unreadable=None):
    """Files of some kinds in a folder. Links are followed, to each folder once; what is hidden is left alone.

    Args:
        folder: path.
        extensions: of the files, in lower case.
        recursive: whether to look into subfolders.
        unreadable: list that takes a sentence for each folder that cannot be read.

    Returns:
        list of Path, sorted.

    Raises:
        NeuralCodecError: a folder cannot be read, and there is no such list.
    """
    found, seen, waiting = [], set(), [Path(folder)]
    while waiting:
        folder = waiting.pop()
        try:
            identity = _identity(folder)
            entries = sorted((entry for entry in os.scandir(folder) if not entry.name.startswith(".")),
                             key=lambda entry: entry.name)
        except OSError as error:
            sentence = f"The folder {shown(folder)} cannot be read: {error.strerror}."
            if unreadable is None:
                raise NeuralCodecError(sentence) from error
            unreadable.append(sentence)
            continue
        if identity in seen:
            continue
        seen.add(identity)
        found += [folder / entry.name for entry in entries
                  if os.path.splitext(entry.name)[1].lower() in extensions and os.path.isfile(entry)]
        for entry in entries if recursive else ():
            if os.path.isdir(entry):  # links come last, so that a folder is found under its own name
                waiting.insert(0 if entry.is_symlink() else len(waiting), folder / entry.name)
    return sorted(found)


def _identity(folder):
    state = os.stat(folder)
    return state.st_dev, state.st_ino


def audio_files(data):
    """Every recording in a folder (recursively), the one file, or the files of a list, in a fixed order.

    Args:
        data: path of a folder or file, or a list of paths.

    Returns:
        list of Path.

    Raises:
        TrainingDataError: the folder does not exist or holds no recording.

    Example:
        >>> audio_files("speech/")
        [PosixPath('speech/ann/1.flac'), PosixPath('speech/bob/1.wav')]
    """
    if not isinstance(data, (str, Path)):
        return [Path(path) for path in data]
    folder = Path(data)
    if folder.is_file():
        return [folder]
    files = find_files(folder, AUDIO_EXTENSIONS) if folder.is_dir() else []
    if not files:
        raise TrainingDataError(f"No recordings ({', '.join(sorted(AUDIO_EXTENSIONS))}) in {folder}: check the path.")
    return files


def read_recording(source, sample_rate=None):
    """A recording as float32 samples (n,) in [-1, 1] at 16 kHz, mono.

    Args:
        source, sample_rate: as for AudioSource.

    Raises:
        AudioError: it cannot be read.
    """
    return _samples(source, sample_rate, np.float32, lambda block: block)


def read_int16(source, sample_rate=None):
    """A recording as int16 samples (n,) at 16 kHz, mono: half the memory. Otherwise as `read_recording`."""
    return _samples(source, sample_rate, np.int16, lambda block: np.round(block * 32767).astype(np.int16))


def _samples(source, sample_rate, kind, convert):
    with AudioSource(source, sample_rate) as audio:
        return np.concatenate([np.zeros(0, kind), *map(convert, audio.blocks())])
