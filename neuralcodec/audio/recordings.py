"""Which recordings a folder holds, and a recording as samples in memory."""

from pathlib import Path

import numpy as np

from neuralcodec.audio.readers import AUDIO_EXTENSIONS
from neuralcodec.audio.source import AudioSource
from neuralcodec.errors import TrainingDataError


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
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO_EXTENSIONS)
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
