"""Codes, decodes and fails for as long as wanted, and shows that memory stays flat: python tests/soak.py --minutes 60

Recordings of random lengths and rates are coded in memory and to files, decoded, damaged and decoded again, by two
threads, with presets of both bitrates' ends. A third thread streams without end: two encoders and decoders, of both
kinds of cascades, which never begin anew, with packets that get lost or are damaged. The exit code is 1 if memory, open
files or threads grow.
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
STREAMED = (("cq-24k", {"fec": True}), ("cq-9k", {"frames_per_packet": 3}))
LOST, DAMAGED = 0.1, 0.02  # of the packets
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


class Stream:
    """Speech through an encoder and a decoder that never begin anew.

    Args:
        name: of the preset.
        options: of the encoder.
    """

    def __init__(self, name, options):
        codec = Codec.from_pretrained(name)
        self._encoder, self._decoder = codec.stream_encoder(**options), codec.stream_decoder()
        self._late = self._encoder.delay + 2 * 960  # samples that may be missing: two packets wait for one that is lost
        self._pushed = self._heard = 0

    def push(self, samples, rng):
        """Sends the next samples (n,), of whose packets a random generator takes some away."""
        for packet in self._encoder.push(samples):
            try:
                heard = self._decoder.push(None if rng.random() < LOST else damaged(packet, rng))
            except NeuralCodecError:
                heard = self._decoder.push(None)
            assert np.isfinite(heard).all()
            self._heard += len(heard)
        self._pushed += len(samples)
        assert self._pushed - self._late <= self._heard <= self._pushed, "another length than what was said"


def damaged(packet, rng):
    """A packet, or, now and then, one of whose bits but those of the first byte is another."""
    packet = bytearray(packet)
    if rng.random() < DAMAGED:
        packet[int(rng.integers(1, len(packet)))] ^= 1 << int(rng.integers(8))
    return bytes(packet)


def stream(seed, end, counts):
    """Streams until a moment: counts seconds, of each preset."""
    clip, rng = soundfile.read(demo_clip(), dtype="float32")[0], np.random.default_rng(seed)
    streams, samples = [Stream(name, options) for name, options in STREAMED], 0
    while time.monotonic() < end:
        start, size = int(rng.integers(0, len(clip) - 4000)), int(rng.integers(1, 4000))
        for each in streams:
            each.push(clip[start: start + size], rng)
        samples += size
        counts[seed] = samples // 16000


def work(seed, end, counts):
    """Codes recordings until a moment."""
    clip, rng = soundfile.read(demo_clip(), dtype="float32")[0], np.random.default_rng(seed)
    codecs = [Codec.from_pretrained(name) for name in PRESETS]
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            once(rng, codecs[int(rng.integers(len(codecs)))], clip, Path(folder))
            counts[seed] += 1


def soak(minutes):
    """Works for some minutes.

    Returns:
        how often recordings went there and back, by each of two threads, and how many seconds were streamed; list of
        (MB, open files, threads), one for each 60th of the time.
    """
    end, counts, measured = time.monotonic() + 60 * minutes, [0, 0, 0], []
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        workers = [pool.submit(each, seed, end, counts) for seed, each in enumerate((work, work, stream))]
        while time.monotonic() < end and not any(worker.done() for worker in workers):
            time.sleep(minutes)
            measured.append((resident(), open_files(), threading.active_count()))
            print(f"{sum(counts[:2]):7,} recordings  {counts[2]:7,} s streamed  {measured[-1][0]:7.1f} MB  "
                  f"{measured[-1][1]} files", flush=True)
        for worker in workers:
            worker.result()
    return counts, measured


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    counts, measured = soak(parser.parse_args().minutes)
    warm = measured[len(measured) // 6:]  # until all presets and tables are loaded and every code path has run
    first, second = warm[:len(warm) // 2], warm[len(warm) // 2:]
    highest = [[max(column) for column in zip(*half)] for half in (first, second)]
    print(f"{sum(counts[:2]):,} recordings, {counts[2]:,} s streamed; highest in the first and the second half, after "
          f"a sixth of the time to warm up: "
          f"{highest[0][0]:.1f} and {highest[1][0]:.1f} MB, {highest[0][1]} and {highest[1][1]} open files, "
          f"{highest[0][2]} and {highest[1][2]} threads")
    return int(any(later > GROWTH * before + 0.5 for before, later in zip(*highest)) or not all(counts))


if __name__ == "__main__":
    sys.exit(main())
