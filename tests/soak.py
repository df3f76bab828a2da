"""Codes, decodes and fails for as long as wanted, and shows that memory stays flat: python tests/soak.py --minutes 60

Recordings of random lengths and rates are coded in memory and to files, decoded, damaged and decoded again, by two
threads, with presets of both bitrates' ends. The exit code is 1 if memory, open files or threads grow.
"""

import argparse
import concurrent.futures
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile

from neuralcodec import Codec
from neuralcodec.assets import demo_clip
from neuralcodec.errors import NeuralCodecError

PRESETS = ("cq-9k", "cmrl-24k")
RATES = (8000, 16000, 22050, 48000)
GROWTH = 1.05  # of what the second half of the time may take, over the first half


def resident():
    """MB of memory that the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def open_files():
    return len(os.listdir("/proc/self/fd"))


def once(rng, codec, clip, folder):
    """A recording there and back, in memory and through files; then damaged."""
    length, rate = int(rng.integers(0, 5 * 16000)), int(rng.choice(RATES))
    start = int(rng.integers(0, len(clip) - length))
    samples = clip[start: start + length]
    data = codec.encode(samples, rate)
    decoded, _ = codec.decode(data)
    assert len(decoded) == length and np.isfinite(decoded).all()
    source, packed = folder / "a.wav", folder / "a.nac"
    soundfile.write(source, np.stack([samples, samples], axis=1), 16000)
    codec.compress(source, packed, overwrite=True)
    codec.decompress(packed, source, overwrite=True)
    damaged = bytearray(data)
    damaged[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    try:
        codec.decode(bytes(damaged))
    except NeuralCodecError:
        return
    raise AssertionError("damage that was not noticed")


def work(seed, end, counts):
    """Goes on until a moment."""
    clip, rng = soundfile.read(demo_clip(), dtype="float32")[0], np.random.default_rng(seed)
    codecs = [Codec.from_pretrained(name) for name in PRESETS]
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            once(rng, codecs[int(rng.integers(len(codecs)))], clip, Path(folder))
            counts[seed] += 1


def soak(minutes):
    """Works for some minutes.

    Returns:
        how often recordings went there and back; list of (MB, open files, threads), one for each 60th of the time.
    """
    end, counts, measured = time.monotonic() + 60 * minutes, [0, 0], []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(work, seed, end, counts) for seed in range(2)]
        while time.monotonic() < end and not any(worker.done() for worker in workers):
            time.sleep(minutes)
            measured.append((resident(), open_files(), threading.active_count()))
            print(f"{sum(counts):7,} recordings  {measured[-1][0]:7.1f} MB  {measured[-1][1]} files", flush=True)
        for worker in workers:
            worker.result()
    return sum(counts), measured


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    count, measured = soak(parser.parse_args().minutes)
    warm = measured[len(measured) // 6:]  # until all presets and tables are loaded and every code path has run
    first, second = warm[:len(warm) // 2], warm[len(warm) // 2:]
    highest = [[max(column) for column in zip(*half)] for half in (first, second)]
    print(f"{count:,} recordings; highest in the first and the second half, after a sixth of the time to warm up: "
          f"{highest[0][0]:.1f} and {highest[1][0]:.1f} MB, {highest[0][1]} and {highest[1][1]} open files, "
          f"{highest[0][2]} and {highest[1][2]} threads")
    return int(any(later > GROWTH * before + 0.5 for before, later in zip(*highest)) or not count)


if __name__ == "__main__":
    sys.exit(main())
