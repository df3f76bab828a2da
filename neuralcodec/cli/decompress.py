"""`neuralcodec decompress`"""

import functools
import os

import click

from neuralcodec.cli import options


@click.command()
@options.inputs
@options.output
@options.output_dir
@options.recursive
@click.option("-p", "--preset", metavar="NAME", shell_complete=options.complete_preset,
              help="Preset, folder or Hub repository; by default the preset a file names.")
@click.option("--native", is_flag=True, help="Keep the codec's 16 kHz instead of the original's sample rate.")
@click.option("--modules", type=click.IntRange(min=1), help="Decode the first modules of the cascade only.")
@click.option("--start", metavar="SECONDS", type=click.FloatRange(min=0), help="Decode from there on only.")
@click.option("--duration", metavar="SECONDS", type=click.FloatRange(min=0), help="Decode so much only.")
@click.option("--max-seconds", metavar="SECONDS", type=click.FloatRange(min=0),
              help="Refuse what is longer: a small file can announce a recording of any length.")
@click.option("--conceal", is_flag=True,
              help="Decode damaged files, too: fill in what cannot be decoded, leave out what is missing at the end.")
@click.option("--no-tags", is_flag=True, help="Leave out the tags that a file carries, such as title and artist.")
@options.force
@options.skip_existing
@options.jobs
@options.quiet
def decompress(inputs, output, output_dir, recursive, preset, native, modules, start, duration, max_seconds, conceal,
               no_tags, force, skip_existing, jobs, quiet):
    """Decompress .nac files, or all .nac files of a folder, to WAV.

    With -o the extension chooses the format: .wav, .flac, .aiff, .au, .caf or .w64. `-` is standard input and output.
    """
    from neuralcodec.audio import OUTPUT_FORMATS
    from neuralcodec.cli import batch
    from neuralcodec.cli.jobs import plan

    options.check_exclusive(force=force, skip_existing=skip_existing)
    stop = None if duration is None else (start or 0) + duration
    planned = plan(inputs, output, output_dir, recursive, {".nac"}, ".wav", set(OUTPUT_FORMATS))
    work = _Decompress(preset, force, native=native, modules=modules, tags=not no_tags, start=start, stop=stop,
                       max_seconds=max_seconds, errors="conceal" if conceal else "strict")
    finished = functools.partial(_is_finished, native=native, start=start, stop=stop, conceal=conceal)
    batch.run(planned, work, describe=_described, quiet=quiet, finished=finished if skip_existing else None,
              processes=jobs)


class _Decompress:
    """Decodes files, each with the preset that it needs; presets are loaded once, in the process that needs them."""

    def __init__(self, preset, force, **settings):
        self._preset, self._force, self._settings, self._codec = preset, force, settings, None

    def __call__(self, source, target, progress, again):
        from neuralcodec.codec import Codec
        from neuralcodec.coding.presets import bundled_preset_for
        from neuralcodec.files.inputs import open_nac

        with open_nac(source) as file:
            if self._preset:
                codec = self._codec = self._codec or Codec.from_pretrained(self._preset)
            else:
                codec = Codec(bundled_preset_for(_header(file, self._settings["errors"] == "conceal")))
            codec.decompress(file, target, overwrite=self._force or again, progress=progress, **self._settings)


def _header(file, conceal):
    from neuralcodec.bitstream.container import ContainerReader

    start = file.tell()
    header = ContainerReader(file, use_copy=conceal).header
    file.seek(start)
    return header


def _is_finished(source, target, native, start, stop, conceal):
    """True for an audio file that is as long as it should be; None for others, which are not replaced.

    What has the name of an output may be the original.
    """
    from neuralcodec.audio import AudioSource
    from neuralcodec.coding.stretch import find_stretch
    from neuralcodec.errors import NeuralCodecError
    from neuralcodec.files.inputs import open_nac

    if not os.path.isfile(target):
        return None
    if not os.path.getsize(target):
        return False
    with open_nac(source) as file:
        wanted = find_stretch(_header(file, conceal), native, start, stop)
    try:
        with AudioSource(target) as audio:
            found = (audio.sample_rate, audio.num_samples)
            return True if found == (wanted.rate, len(wanted)) and not audio.truncated else None
    except NeuralCodecError:
        return None


def _described(target):
    """Size, length and rate of an audio file."""
    from neuralcodec.audio import AudioSource

    with AudioSource(target) as audio:
        return (f"{os.path.getsize(target):,} bytes, {audio.num_samples / audio.sample_rate:.1f} s at "
                f"{audio.sample_rate} Hz")
