"""`neuralcodec evaluate`"""

from pathlib import Path

import click

from neuralcodec.cli import options


@click.command()
@options.preset
@click.option("--data", metavar="DIR", required=True, type=options.Name(path_type=Path),
              help="Folder of recordings, searched recursively, or one recording.")
@click.option("--peers", is_flag=True, help="Also code the recordings with Opus and AMR-WB, where these are installed.")
@click.option("--prefixes", is_flag=True, help="Also measure the first modules of the preset alone.")
@click.option("--output", metavar="FILE.csv", type=options.Name(path_type=Path), help="Write a row per clip and codec.")
@click.option("--metrics", metavar="NAMES", help="Such as pesq,visqol,distillmos,lines; by default all that are quick.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only the first N recordings.")
def evaluate(preset, data, peers, prefixes, output, metrics, limit):
    """Measure a preset on recordings: real files, written, read back and scored.

    Prints the mean of every metric with its 95 % bootstrap interval, and how far lines at multiples of 100 and 200 Hz
    stand out of the long-term spectrum of all that was decoded, in dB: heard as a buzz. Recordings that cannot be read
    are left out and listed in the end; the exit code is 1 then.
    """
    from neuralcodec.audio.recordings import audio_files
    from neuralcodec.cli import batch
    from neuralcodec.cli.progress import ProgressBar
    from neuralcodec.codec import Codec
    from neuralcodec.errors import AudioError
    from neuralcodec.evaluation import comparison
    from neuralcodec.evaluation.metrics import LINES
    from neuralcodec.evaluation.peers import available_peers, missing_libraries
    from neuralcodec.evaluation.prefixes import prefixes as prefixes_of
    from neuralcodec.files.folders import make_folder
    from neuralcodec.files.outputs import check_writable

    if output is not None:
        check_writable(output)  # an error here should not come after all the work
        make_folder(output.parent)
    names = metrics.replace(" ", "").split(",") if metrics else None
    spectra = {} if names is None or LINES in names else None
    codec, files = Codec.from_pretrained(preset), audio_files(data)[:limit]
    codecs = [codec, *(prefixes_of(codec) if prefixes else ())]
    for sentence in missing_libraries() if peers else ():
        click.echo(f"Note: {sentence}", err=True)
    failures = {} if len(files) > 1 else None
    with ProgressBar(len(files)) as bar, batch.notes(bar):
        rows = comparison.evaluate(codecs, files, available_peers() if peers else (),
                                   names and [name for name in names if name != LINES],
                                   lambda done, _: bar.show(done), failures=failures, spectra=spectra)
    if output is not None and rows:
        comparison.write_csv(rows, output)
    if rows:
        click.echo(comparison.format_table(comparison.summary(rows, spectra)))
    if failures:
        raise AudioError(batch.listed(failures, len(files)))
