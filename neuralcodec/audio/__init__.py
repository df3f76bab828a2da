"""Sound in and sound out: any file as a stream of 16 kHz mono blocks, and such a stream as a file of any rate.

Everything here runs in constant memory: an hour costs no more than a minute.
"""

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.audio.readers import AUDIO_EXTENSIONS
from neuralcodec.audio.resampling import resample, resampled_length
from neuralcodec.audio.sink import OUTPUT_FORMATS, AudioSink
from neuralcodec.audio.source import AudioSource

__all__ = ["AUDIO_EXTENSIONS", "OUTPUT_FORMATS", "SAMPLE_RATE", "AudioSink", "AudioSource", "resample",
           "resampled_length"]
