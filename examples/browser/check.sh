#!/bin/sh
# Exports a preset, codes the clip that comes with the package, and decodes it here, in Node and in a browser.
#
#     sh check.sh [PRESET]
set -eu
cd "$(dirname "$0")"
preset=${1:-cq-24k}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

rm -rf model
python -m neuralcodec export --quiet "$preset" --format onnx --output model
python - "$preset" "$out" <<'PYTHON'
import sys
import soundfile
from neuralcodec import Codec
from neuralcodec.assets import demo_clip

codec, (samples, rate) = Codec.from_pretrained(sys.argv[1]), soundfile.read(demo_clip(), dtype="float32")
data = codec.encode(samples[:3 * rate], rate)
open(f"{sys.argv[2]}/speech.nac", "wb").write(data)
codec.decode(data, native=True)[0].astype("<f4").tofile(f"{sys.argv[2]}/speech.f32")
PYTHON
[ -d node_modules ] || npm install --no-audit --no-fund
node check.mjs model "$out/speech.nac" "$out/speech.f32"
node check_page.mjs "$out/speech.nac" "$out/speech.f32"
