"""Compress a recording, decompress it, and see what it cost: rate and quality."""

import tempfile
from pathlib import Path

import soundfile

from neuralcodec import Codec
from neuralcodec.assets import demo_clip
from neuralcodec.evaluation.metrics import score

original = demo_clip()  # a recording of your own will do as well, of any sample rate
folder = Path(tempfile.mkdtemp())
compressed, decoded = folder / "speech.nac", folder / "decoded.wav"

codec = Codec.from_pretrained("cq-24k")
codec.compress(original, compressed)
codec.decompress(compressed, decoded)

before, sample_rate = soundfile.read(original)
after, _ = soundfile.read(decoded)
print(f"{compressed.stat().st_size * 8 / (len(before) / sample_rate) / 1000:.1f} kbps")
for metric, value in score(before, after).items():
    print(f"{metric} {value:.3f}")
print(f"Listen to {decoded}")
