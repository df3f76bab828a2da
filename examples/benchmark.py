"""How fast is a preset on one thread, after start-up, next to Opus in the same run?

    python examples/benchmark.py [--preset cq-24k] [--seconds 60] [--output benchmark.json]

Prints seconds of audio per second of computation for encoding and decoding (files in memory, entropy coding and
container included), the median of several rounds; what it is at goes to standard error.
"""
import argparse
import json
import os
import statistics
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported

import numpy as np
import soundfile

from neuralcodec import Codec
from neuralcodec.assets import demo_clip
from neuralcodec.evaluation import peers
from neuralcodec.progress import Status

ROUNDS = 5


def median_seconds(action, what, status):
    times = []
    for number in range(ROUNDS):
        status.count(f"{what}, round {number + 1} of {ROUNDS}.")
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(codec, samples, seconds, status):
    data = codec.encode(samples, 16000)  # the first call pays for what later ones share
    codec.decode(data)
    figures = {
        "preset": codec.name,
        "seconds": seconds,
        "encode_x_real_time": seconds / median_seconds(lambda: codec.encode(samples, 16000), "Encoding", status),
        "decode_x_real_time": seconds / median_seconds(lambda: codec.decode(data), "Decoding", status),
    }
    if not peers.missing_libraries():
        opus = seconds / median_seconds(lambda: peers.opus(24).code(samples), "Opus", status)
        both = 1 / (1 / figures["encode_x_real_time"] + 1 / figures["decode_x_real_time"])
        figures |= {"opus_both_ways_x_real_time": opus, "both_ways_relative_to_opus": both / opus}
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="cq-24k")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--output", help="also save the figures as JSON")
    options = parser.parse_args()

    clip, _ = soundfile.read(demo_clip(), dtype="float32")
    samples = np.resize(clip, int(options.seconds * 16000))
    codec = Codec.from_pretrained(options.preset)
    with Status() as status:
        figures = measure(codec, samples, options.seconds, status)
    for name, value in figures.items():
        print(f"{name:<28} {value:.3g}" if isinstance(value, float) else f"{name:<28} {value}")
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
