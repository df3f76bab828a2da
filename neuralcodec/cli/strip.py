"""`neuralcodec strip`"""

import click

from neuralcodec.cli import options


@click.command()
@options.inputs
@options.output
@options.output_dir
@options.recursive
@click.option("--modules", type=click.IntRange(min=1), help="How many modules to keep, the first ones.")
@click.option("--kbps", type=click.FloatRange(min=0, min_open=True),
              help="Keep as many modules as cost at most so much; at least one.")
@options.force
@options.quiet
def strip(inputs, output, output_dir, recursive, modules, kbps, force, quiet):
    """Make .nac files smaller by leaving out their last modules.

    Nothing is decoded and no preset is needed. What is left decodes to the same speech at a lower quality.
    """
    from neuralcodec.bitstream.container import ContainerReader
    from neuralcodec.cli import batch, jobs
    from neuralcodec.coding.edit import modules_within, strip_file
    from neuralcodec.files.inputs import open_nac
    from neuralcodec.files.outputs import open_output, refuse_same

    if (modules is None) == (kbps is None):
        raise click.UsageError("Give either --modules or --kbps.")
    if output is None and output_dir is None and "-" not in inputs:
        raise click.UsageError("Give -o for one file or --output-dir for several; a file is not replaced by its part.")

    def work(source, target, progress, again):
        refuse_same(source, target)
        with open_nac(source) as file:
            reader = ContainerReader(file)
            kept = modules_within(reader, kbps) if modules is None else modules
            with open_output(target, force or again) as part:
                strip_file(reader, kept, part)
        progress(1, 1)

    batch.run(jobs.plan(inputs, output, output_dir, recursive, {".nac"}, ".nac", {".nac"}), work, quiet=quiet)
