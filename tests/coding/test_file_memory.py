"""Memory does not grow with the length of a file."""

import tracemalloc

import numpy as np
import pytest
import soundfile


def peak_bytes(action):
    tracemalloc.start()
    action()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_file(tmp_path, codec, clip):
    peaks = {}
    for repeats in (8, 18):  # 61 s and 136 s, both more than twice what is decoded at once
        soundfile.write(tmp_path / f"{repeats}.wav", np.tile(clip[0], repeats), 16000)
        peaks[repeats] = [
            peak_bytes(lambda: codec.compress(tmp_path / f"{repeats}.wav", tmp_path / f"{repeats}.nac")),
            peak_bytes(lambda: codec.decompress(tmp_path / f"{repeats}.nac", tmp_path / f"{repeats}.out.wav")),
        ]
    assert peaks[18][0] < 1.2 * peaks[8][0] and peaks[18][1] < 1.2 * peaks[8][1]


# In kB. What `getrusage` tells is never less than what the process had that started this one: pytest, with TensorFlow.
PEAK = "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"


@pytest.mark.slow
def test_an_hour_in_the_memory_of_a_minute(tmp_path, run_python, tiny_folder, clip):
    code = (f"import sys, neuralcodec; codec = neuralcodec.Codec.from_pretrained({str(tiny_folder)!r});"
            f"codec.compress(sys.argv[1], sys.argv[2]); codec.decompress(sys.argv[2], sys.argv[3]); {PEAK}")
    peaks = {}
    for name, length in (("minute", 60 * 16000), ("hour", 3600 * 16000 + 1)):
        source, packed, decoded = (tmp_path / f"{name}{suffix}" for suffix in (".wav", ".nac", ".out.wav"))
        with soundfile.SoundFile(source, "w", 16000, 1, "PCM_16") as file:
            while file.frames < length:
                file.write(clip[0][:length - file.frames])
        result = run_python("-c", code, source, packed, decoded)
        peaks[name] = int(result.stdout)
        assert soundfile.info(decoded).frames == length
    assert peaks["hour"] < 1.1 * peaks["minute"]
