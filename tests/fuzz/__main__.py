"""Attacks everything that reads what strangers wrote: PYTHONPATH=tests python -m fuzz 100000

Documents are numbered: `--first N 1` tries number N again, with the same `--seed` and `--only`. They are tried in a
process of their own, so that a crash, more than 30 s of processor time for one of them, or more than 4 GB of memory are
findings, too. The exit code is 1 if there was one.
"""

import argparse
import collections
import json
import random
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

from fuzz.edits import edited, random_edits
from fuzz.targets import all_targets, write_presets

SECONDS, MEMORY = 30, 4 << 30


def draw(targets, seed, number):
    """The document of a number: (Target, document)."""
    rng = random.Random(f"{seed} {number}")
    target, = rng.choices(targets, [target.share for target in targets])
    return target, edited(rng.choice(target.documents), random_edits(rng))


def work(folder, seed, first, count, only):
    """Tries documents, and prints a line of JSON before and after each."""
    presets = [path for path in sorted((folder / "presets").iterdir()) if path.is_dir()]
    targets = [target for target in all_targets(presets, folder / "scratch") if only in target.name]
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for number in range(first, first + count):
        target, document = draw(targets, seed, number)
        print(json.dumps([number, target.name, None, ""]), flush=True)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # ends the process
        try:
            outcome, details = target.check(document), ""
        except Exception as error:  # a finding, whatever it is
            outcome, details = f"FOUND {type(error).__name__}", traceback.format_exc()
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps([number, target.name, outcome, details]), flush=True)


def main():
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, help="how many documents")
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="NAME", help="targets with this in their names")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)  # of the process that does the work
    arguments = parser.parse_args()
    if arguments.folder:
        return work(arguments.folder, arguments.seed, arguments.first, arguments.count, arguments.only)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "presets").mkdir()
        (Path(folder) / "scratch").mkdir()
        write_presets(Path(folder) / "presets")
        outcomes = attack(folder, arguments.seed, arguments.first, arguments.first + arguments.count, arguments.only)
    for (target, outcome), count in sorted(outcomes.items()):
        print(f"{count:8,}  {target:36}  {outcome}")
    print(f"{sum(outcomes.values()):8,}  documents")
    return int(any(outcome.startswith("FOUND") for _, outcome in outcomes))


def attack(folder, seed, first, end, only):
    """Lets processes work until all documents are tried: Counter of (target, outcome)."""
    outcomes, number, target = collections.Counter(), first, "none"
    while number < end:
        command = [sys.executable, "-m", "fuzz", "--folder", folder, "--seed", str(seed), "--first", str(number),
                   "--only", only, str(end - number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                number, target, outcome, details = json.loads(line)
                if outcome is None:
                    continue
                outcomes[target, outcome] += 1
                if details:
                    print(f"{number}  {target}  {outcome}\n{details}", flush=True)
                number += 1
                if number % 1000 == 0:
                    print(f"{number:,} documents", file=sys.stderr, flush=True)
        if process.returncode:
            print(f"{number}  {target}  FOUND the end of the process ({process.returncode})", flush=True)
            outcomes[target, f"FOUND exit code {process.returncode}"] += 1
            number += 1
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
