"""The tables of docs/results.md, row by row: presets, their prefixes, Opus and AMR-WB on a folder of recordings.

    python docs/results.py DIR
    python docs/results.py DIR --metrics visqol
    python docs/results.py TRAINING_DIR --held-back --seconds 6 --metrics distillmos

Opus and AMR-WB want Debian's libopus0, libvo-amrwbenc0 and libopencore-amrwb0; `visqol` wants the extra `eval`, and
`distillmos`, which hears no original, wants `pip install distillmos`.
"""
import argparse
import os
import shutil
import tempfile
from pathlib import Path

import soundfile

from neuralcodec import Codec, list_presets
from neuralcodec.evaluation.comparison import evaluate, summary, write_csv
from neuralcodec.evaluation.peers import amr_wb, missing_libraries, opus
from neuralcodec.evaluation.prefixes import Prefix
from neuralcodec.zoo.figures import markdown_table

OPUS = (9, 12, 16, 18, 20, 22, 24, 26)
AMR_WB = (8.85, 12.65, 18.25, 23.05, 23.85)
PREFIXES = (("cq-24k", 2), ("cq-24k", 1), ("cmrl-24k", 2), ("cmrl-24k", 1))  # presets and numbers of modules
EXTENSIONS = {".flac", ".wav"}


class Original:
    """A codec that changes nothing: what the judge makes of the recordings themselves."""

    name = "original"

    def compress(self, source, target):
        shutil.copyfile(source, target)

    decompress = compress


def recordings(folder, held_back):
    """Paths; with `held_back` those that training on this folder keeps to itself, one in 40, at most 24."""
    files = sorted(path for path in Path(folder).rglob("*") if path.suffix in EXTENSIONS)
    if held_back:
        files = [path for path in files if "kerstin-de" not in path.parts][20::40][:24]
    return files


def beginnings(files, seconds, folder):
    """The first seconds of each recording, as files of their own."""
    for number, path in enumerate(files):
        samples, rate = soundfile.read(path)
        soundfile.write(Path(folder, f"{number:02}.wav"), samples[: int(seconds * rate)], rate)
    return sorted(Path(folder).iterdir())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--metrics", default="pesq,stoi,estoi,si_sdr,mel_distance")
    parser.add_argument("--held-back", action="store_true", help="only what training on this folder holds back")
    parser.add_argument("--seconds", type=float, help="only the first seconds of each recording")
    parser.add_argument("--limit", type=int, help="only the first recordings")
    parser.add_argument("--output", help="also write a row per recording and codec")
    options = parser.parse_args()

    codecs = [Codec.from_pretrained(name) for name in list_presets()]
    codecs.sort(key=lambda codec: (codec.name.split("-")[0], codec.kbps))
    codecs += [Prefix(codec, modules) for name, modules in PREFIXES for codec in codecs if codec.name == name]
    peers = [] if missing_libraries() else [*map(opus, OPUS), *map(amr_wb, AMR_WB)]
    metrics, processes = options.metrics.split(","), os.cpu_count()
    if "distillmos" in metrics:
        processes, codecs = 1, [Original(), *codecs]  # it takes all cores by itself
    files = recordings(options.folder, options.held_back)[: options.limit]
    with tempfile.TemporaryDirectory() as folder:
        if options.seconds:
            files = beginnings(files, options.seconds, folder)
        rows = evaluate(codecs, files, peers, metrics, processes=processes)
    if options.output:
        write_csv(rows, options.output)
    print(markdown_table(summary(rows)))


if __name__ == "__main__":
    main()
