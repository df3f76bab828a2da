"""How long does a packet take, on both sides, on one thread?

    python examples/stream_benchmark.py [--preset cq-24k] [--seconds 20]

Prints milliseconds of processor time for each packet of 20, 40 and 60 ms: median, 99th percentile, and the longest.
Processor time, because it leaves out what other programs take meanwhile.
"""

import argparse
import os
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported

import numpy as np
import soundfile

from neuralcodec import Codec
from neuralcodec.assets import demo_clip

FRAME = 320  # samples, 20 ms


def timed(action, times):
    start = time.process_time()
    result = action()
    times.append(1000 * (time.process_time() - start))
    return result


def measure(codec, samples, frames):
    """Milliseconds for each packet of so many frames: (coding, decoding, concealing)."""
    encoder, decoder, size = codec.stream_encoder(frames_per_packet=frames), codec.stream_decoder(), frames * FRAME
    coding, decoding, concealing = [], [], []
    for number, start in enumerate(range(0, len(samples) - size, size)):
        packet, = timed(lambda: encoder.push(samples[start: start + size]), coding)
        if number % 10 == 9:
            timed(lambda: decoder.push(None), concealing)
        else:
            timed(lambda: decoder.push(packet), decoding)
    return coding, decoding, concealing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="cq-24k")
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()

    codec, (clip, _) = Codec.from_pretrained(options.preset), soundfile.read(demo_clip(), dtype="float32")
    samples = np.resize(clip, int(options.seconds * 16000))
    measure(codec, samples[:16000], 1)  # the first packets pay for what later ones share
    print(f"{codec.name}, ms a packet       median   99 %   longest")
    for frames in (1, 2, 3):
        names = (f"coding {20 * frames} ms", f"decoding {20 * frames} ms", f"concealing {20 * frames} ms")
        for name, times in zip(names, measure(codec, samples, frames)):
            print(f"{name:<24} {np.median(times):8.2f} {np.percentile(times, 99):6.2f} {max(times):9.2f}")


if __name__ == "__main__":
    main()
