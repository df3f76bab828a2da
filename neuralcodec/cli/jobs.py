"""Which files to work on, and where each result goes."""

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import click

from neuralcodec.errors import NeuralCodecError


class Job(NamedTuple):
    """A file to work on.

    Args:
        source: Path, or `-`.
        base: Path of the folder that was given, or that of the file.
    """

    source: object
    base: Path


class Plan(NamedTuple):
    """What there is to do.

    Args:
        jobs: list of (source, target), str or Path.
        unreadable: list of sentences about folders that cannot be read.
        notes: list of sentences about files that are left alone.
    """

    jobs: list
    unreadable: list
    notes: list


def plan(inputs, output, output_dir, recursive, extensions, suffix, outputs, foreign=frozenset()):
    """Pairs inputs with their outputs.

    An output is called like its input, with another extension. Where two would be called the same, they keep the
    extension of their inputs (`a.wav.nac`, `a.flac.nac`); and where they come from several folders, `output_dir` takes
    these folders, too.

    Args:
        inputs: paths of files and folders, or `-`.
        output: path of the only output, or None.
        output_dir: folder for all outputs, or None for beside their inputs.
        recursive: whether to look into subfolders.
        extensions: which files of a folder count, lower case.
        suffix: extension of the outputs.
        outputs: extensions that an output may have.
        foreign: extensions of files that somebody may miss.

    Returns:
        Plan.

    Raises:
        click.UsageError: options that contradict each other.
        NeuralCodecError: a folder without any file to work on.
    """
    if output is not None and output_dir is not None:
        raise click.UsageError("-o and --output-dir exclude each other.")
    if output is not None:
        if len(inputs) > 1 or os.path.isdir(inputs[0]):
            raise click.UsageError("-o is for a single file; use --output-dir for several.")
        if output.endswith(os.sep) or os.path.isdir(output):
            raise click.UsageError(f"'{output}' is a folder; use --output-dir for that.")
        return Plan([(inputs[0], output)], [], [])
    if len(inputs) == 2 and output_dir is None and os.path.splitext(inputs[1])[1].lower() in outputs:
        raise click.UsageError(f"Both names are taken for inputs; use -o for the output: {inputs[0]} -o {inputs[1]}")
    if "-" in inputs:
        return _standard(inputs, output_dir)
    unreadable, notes, jobs = [], [], []
    for item in inputs:
        jobs += _jobs_of(Path(item), recursive, extensions, foreign, unreadable, notes)
    return Plan(_named(jobs, output_dir, extensions, suffix), unreadable, notes)


def _standard(inputs, output_dir):
    """Standard input has no name to go by."""
    if output_dir is not None:
        raise click.UsageError("Standard input has no name: use -o instead of --output-dir.")
    if len(inputs) > 1:
        raise click.UsageError("Standard input goes by itself: `-` is the only input then.")
    return Plan([("-", "-")], [], [])


def _jobs_of(path, recursive, extensions, foreign, unreadable, notes):
    from neuralcodec.audio.recordings import find_files

    if not os.path.isdir(path):
        return [Job(path, path.parent)]
    files = find_files(path, extensions, recursive, unreadable)
    others = find_files(path, foreign, recursive, []) if foreign else []
    if others:
        kinds = ", ".join(sorted({file.suffix.lower() for file in others}))
        notes.append(f"{len(others)} of the files in '{path}' cannot be read as they are and are left out ({kinds}); "
                     "FFmpeg can convert them.")
    if not files and not unreadable:
        deeper = "" if recursive else " (subfolders are searched with --recursive)"
        raise NeuralCodecError(f"The folder '{path}' holds no {_listed(extensions)} file{deeper}.")
    return [Job(file, path) for file in files]


def _named(jobs, output_dir, extensions, suffix):
    """list of (source, target); a file that was given twice is done once."""
    jobs = list({os.path.abspath(job.source): job for job in jobs}.values())
    if output_dir is None:
        places = [job.source for job in jobs]
    else:
        places = [output_dir / job.source.relative_to(job.base) for job in jobs]
        if len({job.base for job in jobs}) > 1 and _repeated([_renamed(place, extensions, suffix) for place in places]):
            common = os.path.commonpath([os.path.abspath(job.base) for job in jobs])
            places = [output_dir / os.path.relpath(os.path.abspath(job.source), common) for job in jobs]
    targets = [_renamed(place, extensions, suffix) for place in places]
    while (repeated := _repeated(targets)):
        targets = [Path(f"{place}{suffix}") if target in repeated else target for place, target in zip(places, targets)]
    return [(job.source, target) for job, target in zip(jobs, targets)]


def _renamed(path, extensions, suffix):
    """A path with another extension, once only: `v1.2` has none that could be replaced, `a.wav.nac` becomes `a.wav`."""
    if path.suffix.lower() not in extensions:
        return Path(f"{path}{suffix}")
    return path.with_suffix("" if path.with_suffix("").suffix.lower() == suffix else suffix)


def _repeated(targets):
    return {target for target, count in Counter(targets).items() if count > 1}


def _listed(extensions):
    *most, last = sorted(extensions)
    return f"{', '.join(most)} or {last}" if most else last
