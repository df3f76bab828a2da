"""Makes the golden files of a revision that is about to be published: python tests/golden/make.py cq-24k@2"""
import sys
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1]))

from test_golden import GOLDEN, symbols_of  # noqa: E402

from neuralcodec import Codec  # noqa: E402
from neuralcodec.assets import demo_clip  # noqa: E402


def clips():
    """Real speech at 16 kHz, and what is hard: 22.05 kHz, silence around a click, full-scale noise."""
    speech, _ = soundfile.read(demo_clip(), dtype="float32")
    rng = np.random.default_rng(0)
    hard = np.concatenate([np.zeros(8000), [1.0], np.zeros(8000), np.sign(rng.standard_normal(4001))])
    return {"speech": (speech[: 3 * 16000 + 7], 16000), "hard": (hard.astype("float32"), 22050)}


def main(name):
    codec = Codec.from_pretrained(name)
    for clip, (samples, rate) in clips().items():
        path = GOLDEN / f"{name}.{clip}.nac"
        data = codec.encode(samples, rate)
        path.write_bytes(data)
        frames = symbols_of(data, codec.preset.tables)
        modules = {f"module_{i}": module for i, module in enumerate(frames.modules)}
        np.savez_compressed(path.with_suffix(".npz"), lsf=frames.lsf, gain=frames.gain, **modules)
        decoded, rate = codec.decode(data)
        soundfile.write(path.with_suffix(".flac"), decoded, rate)


if __name__ == "__main__":
    main(*sys.argv[1:])
