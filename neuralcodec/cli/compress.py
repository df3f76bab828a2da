"""`neuralcodec compress`"""

import click

from neuralcodec.cli import options


@click.command()
@options.inputs
@options.output
@options.output_dir
@options.recursive
@options.preset
@click.option("--kbps", type=float, help="Bitrate that each file is to have, near the preset's own.")
@options.force
def compress(inputs, output, output_dir, recursive, preset, kbps, force):
    """Compress audio files, or all audio files of a folder, to .nac files.

    Any sample rate and channel count will do: speech is coded at 16 kHz, mono. `-` is standard input and output.
    """
    from neuralcodec.audio import AUDIO_EXTENSIONS
    from neuralcodec.cli import batch, jobs
    from neuralcodec.codec import Codec

    planned = jobs.plan(inputs, output, output_dir, recursive, AUDIO_EXTENSIONS, ".nac")
    codec = Codec.from_pretrained(preset)
    batch.run(planned, lambda source, target, progress: codec.compress(source, target, kbps=kbps,
                                                                       overwrite=force, progress=progress))
