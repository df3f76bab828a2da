"""`neuralcodec demo`"""

import time
from pathlib import Path

import click

from neuralcodec.cli import options


@click.command()
@options.preset
@click.option("--output-dir", metavar="DIR", type=options.Name(path_type=Path, file_okay=False), show_default=True,
              default="neuralcodec-demo", help="Folder for the three files, which are replaced if they exist.")
def demo(preset, output_dir):
    """Compress and decompress a speech clip that comes with the package.

    Prints size, rate and quality, and leaves the original, the .nac and the decoded speech to listen to.
    """
    from neuralcodec.assets import demo_clip
    from neuralcodec.audio import AudioSink, AudioSource
    from neuralcodec.codec import Codec
    from neuralcodec.files.folders import make_folder

    codec = Codec.from_pretrained(preset)
    make_folder(output_dir)
    original, compressed, decoded = (output_dir / name for name in ("original.wav", "speech.nac", "decoded.wav"))
    with AudioSource(demo_clip()) as source:
        seconds = source.num_samples / source.sample_rate
        with AudioSink(original, source.sample_rate, source.num_samples, overwrite=True) as sink:
            for block in source.blocks():
                sink.write(block)
    encoding = _timed(lambda: codec.compress(original, compressed, overwrite=True))
    decoding = _timed(lambda: codec.decompress(compressed, decoded, overwrite=True))

    before, after = original.stat().st_size, compressed.stat().st_size
    lines = [
        ("preset", f"{codec.name}, {codec.preset.metadata['parameters'] / 1e6:.2f} million parameters"),
        ("recording", f"{seconds:.1f} s of speech, {before:,} bytes as WAV"),
        ("compressed", f"{after:,} bytes, {after * 8 / seconds / 1000:.1f} kbps, {before / after:.1f} times smaller"),
        ("time", f"{encoding:.2f} s to compress, {decoding:.2f} s to decompress"),
        *_quality(original, decoded),
        ("listen", f"{original}, {decoded}"),
    ]
    for name, value in lines:
        click.echo(f"{name:<18} {value}")


def _timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _quality(original, decoded):
    """Yields (metric, score), and what to install for those that are missing."""
    import soundfile

    from neuralcodec.evaluation.metrics import DEFAULT_METRICS, score
    from neuralcodec.zoo.figures import METRIC_LABELS

    scores = score(soundfile.read(original)[0], soundfile.read(decoded)[0])
    for name, value in scores.items():
        yield METRIC_LABELS[name], f"{value:.2f}"
    if len(scores) < len(DEFAULT_METRICS):
        yield "more metrics", "pip install 'neuralcodec[eval]'"
