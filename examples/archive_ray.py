"""Compress an archive of recordings on all machines of a Ray cluster: pip install "neuralcodec[ray]", then

    python examples/archive_ray.py recordings.txt compressed/ [--preset cq-24k] [--root FOLDER] [--address auto]

The list is a text file with a path in each line, or a CSV or Parquet file with a column `path`; all machines must see
these files, and the output folder, under the same names. `FOLDER/a/b.wav` becomes `compressed/a/b.wav.nac`; the root is
by default the folder that all recordings lie in. Without --address a cluster is started on this machine.

A file is there completely or not at all. Whatever stops the work (a worker that is killed, a machine that goes,
Ctrl-C), the same command goes on with what is missing: what is complete is left alone. Failures are listed in the end,
and in `compressed/failures.csv`; the exit code is then 1.
"""

import argparse
import csv
import os
import sys
from pathlib import Path

import ray

from neuralcodec import Codec
from neuralcodec.coding.info import is_finished
from neuralcodec.errors import NeuralCodecError
from neuralcodec.progress import Status

BATCH = 32  # files per task: a task costs a millisecond, and a worker that dies costs at most so many attempts
PENDING = 4  # tasks per core that wait: a list of millions does not become millions of tasks at once

CODECS = {}  # of this worker, by preset


@ray.remote(max_retries=3)  # on other workers, when one dies
def compress_some(preset, jobs):
    """Compresses some recordings.

    Args:
        preset: name or folder of a preset.
        jobs: list of (source, target), paths.

    Returns:
        list of "done", "skipped", or why a file failed.
    """
    if preset not in CODECS:
        CODECS[preset] = Codec.from_pretrained(preset)
    return [compress_one(CODECS[preset], source, target) for source, target in jobs]


def compress_one(codec, source, target):
    """Compresses a recording unless that was done before; returns as `compress_some`."""
    try:
        finished = is_finished(target, codec.preset.hash)
        if finished:
            return "skipped"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        codec.compress(source, target, overwrite=finished is False)
        return "done"
    except (NeuralCodecError, OSError) as error:
        return str(error)


def read_list(path):
    """Paths of a text, CSV or Parquet file, absolute, each of them once."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        import pyarrow.parquet

        paths = pyarrow.parquet.read_table(path, columns=["path"])["path"].to_pylist()
    else:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            paths = [row["path"] for row in csv.DictReader(file)] if suffix == ".csv" else file.read().splitlines()
    return list(dict.fromkeys(os.path.abspath(name) for name in paths if name))


def plan(sources, root, output):
    """list of (source, target): the tree below the root comes again below the output folder."""
    root = os.path.abspath(root or os.path.commonpath([os.path.dirname(source) for source in sources]))
    outside = [source for source in sources if os.path.commonpath([root, source]) != root]
    if outside:
        sys.exit(f"Error: {outside[0]} does not lie in {root}; give a root that all recordings lie in.")
    return [(source, f"{os.path.join(output, os.path.relpath(source, root))}.nac") for source in sources]


def results(preset, jobs):
    """Yields (source, outcome) in the order in which files are done; never many tasks at a time."""
    waiting = [jobs[start: start + BATCH] for start in range(0, len(jobs), BATCH)][::-1]
    running, most = {}, PENDING * max(1, int(ray.cluster_resources().get("CPU", 1)))
    while waiting or running:
        while waiting and len(running) < most:
            batch = waiting.pop()
            running[compress_some.remote(preset, batch)] = batch
        task = ray.wait(list(running))[0][0]
        batch = running.pop(task)
        try:
            outcomes = ray.get(task)
        except ray.exceptions.RayError as error:
            if len(batch) > 1:  # one of them may be what workers die of: the others shall not suffer from it
                waiting += [[job] for job in batch]
                continue
            outcomes = [f"Its worker died again and again: {str(error).splitlines()[0]}"]
        yield from zip((source for source, _ in batch), outcomes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("output", type=os.path.abspath)
    parser.add_argument("--preset", default="cq-24k", help="name, repository or folder")
    parser.add_argument("--root", help="folder whose tree is kept")
    parser.add_argument("--address", help="of a Ray cluster")
    parser.add_argument("--workers", type=int, help="of a cluster on this machine; by default one per core")
    options = parser.parse_args()
    try:
        preset = os.path.abspath(options.preset) if os.path.isdir(options.preset) else options.preset
        Codec.from_pretrained(preset)  # what is wrong with it is said here, once
        sources = read_list(options.list)
    except (NeuralCodecError, OSError, KeyError) as error:
        sys.exit(f"Error: {'the list has no column ' if isinstance(error, KeyError) else ''}{error}")
    if not sources:
        sys.exit(f"Error: {options.list} names no recording.")
    jobs = plan(sources, options.root, options.output)
    ray.init(address=options.address, num_cpus=options.workers, log_to_driver=False, include_dashboard=False,
             runtime_env={"env_vars": {"OPENBLAS_NUM_THREADS": "1"}})
    counts, failures = {"done": 0, "skipped": 0}, []
    with Status() as status:
        for number, (source, outcome) in enumerate(results(preset, jobs), 1):
            if outcome in counts:
                counts[outcome] += 1
            else:
                failures.append((source, outcome))
            status.count(f"{number} of {len(jobs)} files, {len(failures)} failed")
    report(counts, failures, options.output)


def report(counts, failures, output):
    """Tells how it went, and lists what failed; ends with exit code 1 if anything did."""
    path = os.path.join(output, "failures.csv")
    if os.path.exists(path):
        os.remove(path)  # of an earlier run
    for source, reason in failures:
        print(f"  {source}: {reason}", file=sys.stderr)
    print(f"{counts['done']} done, {counts['skipped']} skipped, {len(failures)} failed.")
    if failures:
        os.makedirs(output, exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            csv.writer(file).writerows([("path", "reason"), *failures])
        sys.exit(1)


if __name__ == "__main__":
    main()
