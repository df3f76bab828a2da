"""`neuralcodec decompress`"""

import functools

import click

from neuralcodec.cli import options


@click.command()
@options.inputs
@options.output
@options.output_dir
@options.recursive
@click.option("-p", "--preset", metavar="NAME",
              help="Preset, folder or Hub repository; by default the preset a file names.")
@click.option("--native", is_flag=True, help="Keep the codec's 16 kHz instead of the original's sample rate.")
@options.force
def decompress(inputs, output, output_dir, recursive, preset, native, force):
    """Decompress .nac files, or all .nac files of a folder, to WAV.

    With -o the extension chooses the format: .wav, .flac, .aiff, .au, .caf or .w64. `-` is standard input and output.
    """
    from neuralcodec.audio.paths import open_nac
    from neuralcodec.cli import batch, jobs
    from neuralcodec.codec import Codec

    load = functools.cache(Codec.from_pretrained)

    def work(source, target, progress):
        with open_nac(source) as file:
            codec = load(preset or _preset_of(file))
            codec.decompress(file, target, native=native, overwrite=force, progress=progress)

    batch.run(jobs.plan(inputs, output, output_dir, recursive, {".nac"}, ".wav"), work)


def _preset_of(file):
    """Name of the installed preset that a file needs. Files name presets, never folders or repositories."""
    from neuralcodec.bitstream.container import ContainerReader
    from neuralcodec.errors import WrongPresetError
    from neuralcodec.zoo.bundled import list_presets

    start = file.tell()
    name = ContainerReader(file).header.preset
    file.seek(start)
    if name not in list_presets():
        raise WrongPresetError(f"The file needs the preset '{name}', which is not installed; update neuralcodec, or "
                               "give the preset's folder or Hub repository with --preset.")
    return name
