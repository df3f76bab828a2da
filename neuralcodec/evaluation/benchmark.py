"""How fast, large and heavy: presets and their peers on one thread, in one run. Quality is measured elsewhere.

Throughput is that of files in memory, after start-up, entropy coding and container included. A cold start is a process
of its own, from its beginning to the file on disk, as somebody meets it who types a command.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from neuralcodec.architecture.complexity import multiply_accumulates
from neuralcodec.assets import demo_clip
from neuralcodec.audio import SAMPLE_RATE
from neuralcodec.coding.file import decode, encode
from neuralcodec.errors import MissingDependencyError, NeuralCodecError
from neuralcodec.evaluation import peers
from neuralcodec.evaluation.versions import versions
from neuralcodec.zoo.presets import find_preset, load_preset

ROUNDS = 5  # of everything; figures are medians
COLD_SECONDS = 10  # of the clip that is coded from a cold start
PROGRAM = (sys.executable, "-m", "neuralcodec")
PEERS = ((peers.opus, 24), (peers.amr_wb, 23.85))
FIGURES = {  # of a codec: key -> (column, format)
    "encode_x_real_time": ("encoding x", "{:.0f}"), "decode_x_real_time": ("decoding x", "{:.0f}"),
    "compress_s": ("compress s", "{:.2f}"), "decompress_s": ("decompress s", "{:.2f}"), "cpu_s": ("CPU s", "{:.2f}"),
    "memory_mb": ("MB", "{:.0f}"), "parameters": ("parameters", "{:,}"),
    "encode_macs_per_s": ("encoding MAC/s", "{:,}"), "decode_macs_per_s": ("decoding MAC/s", "{:,}"),
    "disk_bytes": ("disk bytes", "{:,}"),
}


# A process inherits the largest memory of the one that starts it; so a small one does, which has imported nothing.
_WATCH = """
import os, sys, time
start = time.perf_counter()
process = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(process, 0)
unit = 1 if sys.platform == "darwin" else 1024  # bytes, of what the system counts memory in
print([time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6])
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Run(NamedTuple):
    """What a process took: seconds from start to end, seconds of the processor, and MB of memory at most."""

    seconds: float
    cpu: float
    memory: float


def measure(names, seconds=60, jobs=1, say=lambda text: None):
    """Measures presets and peers.

    Args:
        names: of presets, as for `load_preset`.
        seconds: of the recording for throughput.
        jobs: processes that a folder is shared among, to see what that brings; 1 for not to look.
        say: called with a line about what is being measured.

    Returns:
        dict with "machine", "blas_threads", "seconds", "versions", "folder" (how many times faster several processes
        are, and how many they were) and "codecs": dict of name -> figures, see `FIGURES`; None for what is not known.

    Raises:
        NeuralCodecError: a preset cannot be used.

    Example:
        >>> measure(["cq-24k"])["codecs"]["cq-24k"]["encode_x_real_time"]
        134.2
    """
    names = [os.fspath(name) for name in names]
    for name in names:
        find_preset(name)  # an error here should not come after all the work
    clip, _ = soundfile.read(demo_clip(), dtype="float32")
    samples = np.resize(clip, seconds * SAMPLE_RATE)
    with tempfile.TemporaryDirectory() as folder:
        starts = cold_starts(names, np.resize(clip, COLD_SECONDS * SAMPLE_RATE), Path(folder), say)
        shared = _folder(names[0], samples, Path(folder), jobs, say) if jobs > 1 else None
    codecs, presets = {}, {name: load_preset(name) for name in names}
    for name, preset in presets.items():
        say(f"{name}: encoding and decoding.")
        codecs[name] = _preset_figures(preset, samples)
    for peer in available():
        say(f"{peer.name}: encoding and decoding.")
        codecs[peer.name] = _throughput(lambda: peer.encode(samples),
                                        lambda packets: peer.decode(packets, len(samples)), seconds)
    for name, start in starts.items():
        codecs[name] = codecs.get(name, {}) | start
    return {"machine": f"{platform.platform()}, {os.cpu_count()} cores",
            "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS"), "seconds": seconds, "folder": shared,
            "versions": {**versions([]), **{f"preset {name}": f"hash {preset.hash.hex()[:16]}"
                                            for name, preset in presets.items()}},
            "codecs": {name: {key: figures.get(key) for key in FIGURES} for name, figures in codecs.items()}}


def available():
    """The peers whose libraries are installed here."""
    found = []
    for build, kbps in PEERS:
        try:
            found.append(build(kbps))
        except MissingDependencyError:
            continue
    return found


def cold_starts(names, samples, folder, say):
    """Runs commands on a clip: dict of codec name -> seconds, processor time and memory.

    Args:
        names: of presets.
        samples: (n,) at 16 kHz.
        folder: Path for the files.
        say: as for `measure`.
    """
    clip, out = folder / "clip.wav", folder / "out.wav"
    soundfile.write(clip, samples, SAMPLE_RATE)
    coded, result = folder / "clip.nac", {}
    for name in names:
        say(f"{name}: cold starts.")
        result[name] = _both_ways(
            [*PROGRAM, "compress", clip, "-f", "-q", "-p", name, "-o", coded],
            [*PROGRAM, "decompress", coded, "-f", "-q", "-p", name, "-o", out])
    if shutil.which("opusenc") and shutil.which("opusdec"):
        say("opusenc: cold starts.")
        coded = folder / "clip.opus"
        result["Opus 24"] = _both_ways(["opusenc", "--quiet", "--bitrate", "24", clip, coded],
                                       ["opusdec", "--quiet", "--force-wav", coded, out])
    return result


def _both_ways(compress, decompress):
    forth, back = [_run(compress) for _ in range(ROUNDS)], [_run(decompress) for _ in range(ROUNDS)]
    return {
        "compress_s": statistics.median(run.seconds for run in forth),
        "decompress_s": statistics.median(run.seconds for run in back),
        "cpu_s": statistics.median(run.cpu for run in forth),
        "memory_mb": statistics.median(run.memory for run in [*forth, *back]),
    }


def _run(command):
    """Runs a command; returns a Run."""
    watched = [sys.executable, "-I", "-S", "-c", _WATCH, *map(str, command)]
    done = subprocess.run(watched, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode:
        raise NeuralCodecError(f"`{command[0]}` failed: {done.stderr.strip()}")
    return Run(*json.loads(done.stdout))


def _folder(name, samples, folder, jobs, say):
    """How many times faster a folder of sixteen files for each process is coded by several than by one."""
    files = 16 * jobs
    recordings, out = folder / "recordings", folder / "coded"
    recordings.mkdir()
    for number in range(files):
        soundfile.write(recordings / f"{number}.wav", samples, SAMPLE_RATE)
    command = [*PROGRAM, "compress", recordings, "--output-dir", out, "-f", "-q", "-p", name]
    say(f"A folder of {files} recordings with one process, and with {jobs}.")
    one, several = (_run([*command, "--jobs", number]).seconds for number in (1, jobs))
    return {"jobs": jobs, "files": files, "times_faster": one / several}


def _preset_figures(preset, samples):
    encoding, decoding = multiply_accumulates(preset.config)
    return {
        **_throughput(lambda: encode(preset, samples, SAMPLE_RATE), lambda data: decode(preset, data),
                      len(samples) / SAMPLE_RATE),
        "parameters": preset.metadata["parameters"], "encode_macs_per_s": encoding, "decode_macs_per_s": decoding,
        "disk_bytes": sum(path.stat().st_size for path in preset.directory.iterdir()),
    }


def _throughput(code, back, seconds):
    """Seconds of audio per second; the first call pays for what later ones share, and does not count."""
    data = code()
    back(data)
    return {"encode_x_real_time": seconds / statistics.median(_timed(code) for _ in range(ROUNDS)),
            "decode_x_real_time": seconds / statistics.median(_timed(lambda: back(data)) for _ in range(ROUNDS))}


def _timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def format_table(result):
    """What `measure` returned as plain text, a line per codec; `-` stands for what is not known."""
    rows = [["codec", *(column for column, _ in FIGURES.values())]]
    for name, figures in result["codecs"].items():
        rows.append([name, *("-" if figures[key] is None else form.format(figures[key])
                             for key, (_, form) in FIGURES.items())])
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
             for row in rows]
    folder = result["folder"]
    return "\n".join(lines + ([f"{folder['jobs']} processes code {folder['files']} files {folder['times_faster']:.2f} "
                               "times faster than one."] if folder else []))
