"""`neuralcodec compress`"""

import click

from neuralcodec.cli import options


@click.command()
@options.inputs
@options.output
@options.output_dir
@options.recursive
@options.preset
@options.force
def compress(inputs, output, output_dir, recursive, preset, force):
    """Compress audio files, or all audio files of a folder, to .nac files.

    Any sample rate and channel count will do: speech is coded at 16 kHz, mono. `-` is standard input and output.
    """
    from neuralcodec.audio import AUDIO_EXTENSIONS
    from neuralcodec.cli import batch, jobs
    from neuralcodec.codec import Codec

    planned = jobs.plan(inputs, output, output_dir, recursive, AUDIO_EXTENSIONS, ".nac")
    codec = Codec.from_pretrained(preset)
    batch.run(planned, lambda source, target, progress: codec.compress(source, target, overwrite=force,
                                                                       progress=progress))
