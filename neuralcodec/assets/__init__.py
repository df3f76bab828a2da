"""The recording that `neuralcodec demo` codes: LibriSpeech, CC BY 4.0, see LICENSE.txt beside it."""

from pathlib import Path


def demo_clip():
    """Path of 7.6 seconds of read English speech, 16 kHz, mono (FLAC)."""
    return Path(__file__).parent / "speech.flac"
