"""`neuralcodec benchmark`"""

import json
from pathlib import Path

import click

from neuralcodec.cli import options


@click.command()
@click.option("-p", "--preset", "presets", metavar="NAME", multiple=True, shell_complete=options.complete_preset,
              help="A preset, folder or Hub repository; may be given several times. By default all that are installed.")
@click.option("--seconds", metavar="S", type=click.IntRange(1, 3600), default=60, show_default=True,
              help="Length of the recording that throughput is measured on.")
@options.jobs
@click.option("--output", metavar="FILE.json", type=options.Name(path_type=Path), help="Also write the figures there.")
@click.option("--plot", metavar="FILE.png", type=options.Name(path_type=Path), help="Also draw the speeds there.")
def benchmark(presets, seconds, jobs, output, plot):
    """Measure speed, memory and size of presets beside Opus and AMR-WB, in one run.

    Encoding and decoding are in times real time, on one thread, from memory to memory. A cold start codes 10 s of
    speech from a file to a file; CPU and memory are its, too. MAC are multiplications of networks per second of speech.
    With several jobs, a folder is coded by one process and by so many. Whatever else runs on the machine is measured,
    too.
    """
    from neuralcodec.evaluation.benchmark import format_table, measure
    from neuralcodec.evaluation.peers import missing_libraries
    from neuralcodec.files.outputs import atomic_output, check_writable
    from neuralcodec.progress import Status
    from neuralcodec.zoo.bundled import list_presets

    for path in filter(None, (output, plot)):
        check_writable(path)  # an error here should not come after all the work
    if plot is not None:
        from neuralcodec.evaluation.plots import speed_plot
    with Status() as status:
        for sentence in missing_libraries():
            status.say(f"Note: {sentence}")
        result = measure(presets or list_presets(), seconds, jobs, status.count)
    if output is not None:
        with atomic_output(output, overwrite=True) as file:
            file.write(json.dumps(result, indent=1).encode())
    if plot is not None:
        with atomic_output(plot, overwrite=True) as file:
            file.write(speed_plot(result))
    click.echo(format_table(result))
