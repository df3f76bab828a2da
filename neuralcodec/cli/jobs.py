"""Which files to work on, and where each result goes."""

from pathlib import Path

import click

from neuralcodec.errors import NeuralCodecError


def plan(inputs, output, output_dir, recursive, extensions, suffix):
    """Pairs inputs with their outputs.

    Args:
        inputs: paths of files and folders, or `-`.
        output: path of the only output, or None.
        output_dir: folder for all outputs, or None for beside their inputs.
        recursive: whether to look into subfolders.
        extensions: which files of a folder count, lower case.
        suffix: extension of the outputs.

    Returns:
        list of (source, target), str or Path.

    Raises:
        click.UsageError: options that contradict each other, or two inputs with the same output.
        NeuralCodecError: a folder without any file to work on.
    """
    if output is not None and output_dir is not None:
        raise click.UsageError("-o and --output-dir exclude each other.")
    if output is not None:
        if len(inputs) > 1 or Path(inputs[0]).is_dir():
            raise click.UsageError("-o is for a single file; use --output-dir for several.")
        return [(inputs[0], output)]
    jobs = [job for item in inputs for job in _jobs_of(item, output_dir, recursive, extensions, suffix)]
    _check_distinct(jobs)
    return jobs


def _jobs_of(item, output_dir, recursive, extensions, suffix):
    if item == "-":
        if output_dir is not None:
            raise click.UsageError("Standard input has no name: use -o instead of --output-dir.")
        return [("-", "-")]
    path = Path(item)
    if not path.is_dir():
        return [(path, _target(path, path.parent, output_dir, extensions, suffix))]
    found = path.rglob("*") if recursive else path.iterdir()
    files = sorted(file for file in found if file.suffix.lower() in extensions and file.is_file())
    if not files:
        deeper = "" if recursive else " (subfolders are searched with --recursive)"
        raise NeuralCodecError(f"The folder '{path}' holds no {_listed(extensions)} file{deeper}.")
    return [(file, _target(file, path, output_dir, extensions, suffix)) for file in files]


def _target(source, base, output_dir, extensions, suffix):
    """The folder structure below `base` is kept in `output_dir`; `v1.2` has no extension that could be replaced."""
    target = source.with_suffix(suffix) if source.suffix.lower() in extensions else Path(f"{source}{suffix}")
    return target if output_dir is None else output_dir / target.relative_to(base)


def _check_distinct(jobs):
    sources = {}
    for source, target in jobs:
        other = sources.setdefault(str(target), source)
        if other is not source:
            raise click.UsageError(f"'{other}' and '{source}' would both be written to '{target}'; "
                                   "run them one by one with -o.")


def _listed(extensions):
    *most, last = sorted(extensions)
    return f"{', '.join(most)} or {last}" if most else last
