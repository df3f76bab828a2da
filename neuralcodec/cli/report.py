"""`neuralcodec report`"""

import os
from pathlib import Path

import click

from neuralcodec.cli import options


@click.command()
@click.option("--data", metavar="DIR", required=True, type=options.Name(path_type=Path),
              help="Folder of recordings, searched recursively, or one recording.")
@click.option("--output", metavar="DIR", required=True, type=options.Name(path_type=Path),
              help="Folder for the page, its plots and the table of scores; earlier ones are replaced.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only the first N recordings.")
def report(data, output, limit):
    """Compare all presets with Opus and AMR-WB on recordings: a page with plots, tables and players.

    Everything is measured as by `neuralcodec evaluate`. Groups are told apart where a speakers.tsv (columns speaker,
    gender; corpus and age if known) lies beside or above the recordings. Speaker and corpus name the folders on the way
    to a recording. Recordings that cannot be read are left out and listed in the end; the exit code is 1 then.
    """
    from neuralcodec.audio.recordings import audio_files
    from neuralcodec.cli import batch
    from neuralcodec.cli.progress import ProgressBar
    from neuralcodec.codec import Codec
    from neuralcodec.errors import AudioError
    from neuralcodec.evaluation import report as reporting
    from neuralcodec.evaluation.metrics import installation, installed_metrics
    from neuralcodec.evaluation.peers import available_peers, missing_libraries
    from neuralcodec.files.folders import make_folder
    from neuralcodec.zoo.bundled import list_presets

    files, codecs = audio_files(data)[:limit], [Codec.from_pretrained(name) for name in list_presets()]
    make_folder(output)
    reporting.check_writable(output)
    for sentence in missing_libraries():
        click.echo(f"Note: {sentence}", err=True)
    for name in sorted(set(reporting.METRICS) - set(installed_metrics(reporting.METRICS))):
        click.echo(f"Note: Without '{name}', which needs one more package: {installation(name)}.", err=True)
    failures = {} if len(files) > 1 else None
    with ProgressBar(len(files)) as bar, batch.notes(bar):
        result = reporting.measure(data, files, codecs, available_peers(), lambda done, _: bar.show(done),
                                   processes=os.cpu_count() or 1, failures=failures)
    if result is not None:
        click.echo(click.format_filename(reporting.write_report(result, output)))
    if failures:
        raise AudioError(batch.listed(failures, len(files)))
