"""`neuralcodec compress`"""

import functools
import os

import click

from neuralcodec.cli import options

ENCODING = "s16le"


@click.command()
@options.inputs
@options.output
@options.output_dir
@options.recursive
@options.preset
@click.option("--kbps", type=float, help="Bitrate that each file is to have, in the preset's range.")
@click.option("--modules", type=click.IntRange(min=1), help="Code with the first modules of the cascade only.")
@click.option("--channel", metavar="left|right|mix|N", default="mix", show_default=True,
              help="Which channel to code of several; N counts from 1.")
@click.option("--normalize", is_flag=True, help="Scale each recording so that its peak is 1 dB below full scale.")
@click.option("--raw", is_flag=True, help="The inputs are bare samples without a header; see the next three.")
@click.option("--rate", metavar="HZ", type=click.IntRange(1, 768000), help="Sample rate of bare samples; 16000.")
@click.option("--channels", metavar="N", type=click.IntRange(1, 1024), help="Channels of bare samples, interleaved; 1.")
@click.option("--encoding", metavar="NAME", help=f"Of bare samples, such as u8, s24be, f32le, mulaw; {ENCODING}.")
@click.option("--no-tags", is_flag=True, help="Leave out title, artist, comment and date of the source.")
@options.force
@options.skip_existing
@options.jobs
@options.quiet
def compress(inputs, output, output_dir, recursive, preset, kbps, modules, channel, normalize, raw, rate, channels,
             encoding, no_tags, force, skip_existing, jobs, quiet):
    """Compress audio files, or all audio files of a folder, to .nac files.

    Any sample rate and channel count will do: speech is coded at 16 kHz, mono. `-` is standard input and output.
    Outputs are called like their inputs: a.wav becomes a.nac, or a.wav.nac where there is an a.flac, too.
    """
    from neuralcodec.audio.foreign import EXTENSIONS
    from neuralcodec.audio.readers import AUDIO_EXTENSIONS, RAW_EXTENSIONS
    from neuralcodec.cli import batch
    from neuralcodec.cli.jobs import plan
    from neuralcodec.codec import Codec

    options.check_exclusive(force=force, skip_existing=skip_existing)
    form = _raw_format(raw, rate, channels, encoding)
    extensions = RAW_EXTENSIONS if raw else AUDIO_EXTENSIONS
    planned = plan(inputs, output, output_dir, recursive, extensions, ".nac", {".nac"}, EXTENSIONS)
    codec = Codec.from_pretrained(preset)
    work = functools.partial(_compress, codec, force, kbps=kbps, modules=modules, normalize=normalize, raw=form,
                             channel=int(channel) if channel.isdecimal() else channel, tags=not no_tags)
    batch.run(planned, work, describe=_described, quiet=quiet, processes=jobs,
              finished=functools.partial(_is_finished, codec.preset.hash) if skip_existing else None)


def _compress(codec, force, source, target, progress, again, **settings):
    codec.compress(source, target, overwrite=force or again, progress=progress, **settings)


def _raw_format(raw, rate, channels, encoding):
    """(sample rate, channels, encoding) of bare samples; None where the inputs have headers."""
    from neuralcodec.audio.readers import ENCODINGS

    if not raw and (rate or channels or encoding):
        raise click.UsageError("--rate, --channels and --encoding describe bare samples; add --raw.")
    if encoding is not None and encoding not in ENCODINGS:
        raise click.UsageError(f"There is no encoding '{encoding}'; there are {', '.join(ENCODINGS)}.")
    return (rate or 16000, channels or 1, encoding or ENCODING) if raw else None


def _is_finished(preset_hash, _, target):
    from neuralcodec.coding.info import is_finished

    return is_finished(target, preset_hash)


def _described(target):
    """Size and bitrate of a .nac file."""
    from neuralcodec.bitstream.container import ContainerReader
    from neuralcodec.files.inputs import open_nac

    with open_nac(target) as file:
        header = ContainerReader(file).header
    size = os.path.getsize(target)
    rate = f", {size * 8 / header.seconds / 1000:.1f} kbps" if header.num_samples else ""
    return f"{size:,} bytes{rate}"
