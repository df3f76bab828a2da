"""The examples run as they stand."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hub_server import TOKEN

import neuralcodec
from neuralcodec import codec_info
from neuralcodec.assets import demo_clip

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_quickstart(run_python, tmp_path):
    done = run_python(EXAMPLES / "quickstart.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kbps, *scores, place = done.stdout.decode().splitlines()
    assert 18 < float(kbps.split()[0]) < 30 and kbps.endswith(" kbps")
    scores = {name: float(value) for name, value in map(str.split, scores)}
    assert scores["pesq"] > 4 and scores["si_sdr"] > 8
    assert Path(place.removeprefix("Listen to ")).exists()


@pytest.mark.slow
def test_finetune(run_python, tmp_path):
    done = run_python(EXAMPLES / "finetune.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    outcome, codec = done.stdout.decode().splitlines()
    assert re.match(r"Better: before [\d.]+ kbps, pesq .*; after [\d.]+ kbps, pesq ", outcome)
    assert codec == "Now you have Codec('cq-9k-mine', 9 kbps)"
    own = ("Reading the speech", "s of speech to train on", "Before: ", "Looking at what the preset spends",
           "Compiling the training step", "epoch ", "Fitting the entropy tables", "After: ")
    assert [line for line in done.stderr.decode().splitlines() if not any(part in line for part in own)] == []


@pytest.mark.slow
def test_training_speed(run_python, tmp_path):
    small = dict(encoder_width=8, decoder_width=8, step_width=8, context_width=8)
    config = {"name": "toy", "description": "A toy", "kbps": 24.0, "clip_frames": 20, "model": {"modules": [small]},
              "phases": [{"name": "module 0", "steps": 1, "modules": 1}], "start": "not needed"}
    (tmp_path / "toy.json").write_text(json.dumps(config))
    done = run_python(EXAMPLES / "training_speed.py", "--config", tmp_path / "toy.json", "--steps", "2", "--batch", "2",
                      "--hours", "0.01")
    assert done.returncode == 0, done.stderr
    said = re.search(r"([\d.]+) steps a second, (\d+) seconds of audio a second, \d+ ms of", done.stdout.decode())
    assert float(said[2]) == pytest.approx(0.8 * float(said[1]), abs=1)


def test_udp_call(run_python, tmp_path):
    done = run_python(EXAMPLES / "udp_call.py", demo_clip(), tmp_path / "heard.wav", "--loss", "0.2", "--fec", "--fast")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"[\d.]+ s heard of [\d.]+ s spoken; [1-9]\d* packets of 20 ms were lost.\n",
                        done.stdout.decode())
    spoken, heard = soundfile.info(demo_clip()).frames, soundfile.info(tmp_path / "heard.wav").frames
    assert 0.9 * spoken < heard <= spoken


def test_stream_benchmark(run_python):
    done = run_python(EXAMPLES / "stream_benchmark.py", "--seconds", "1")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.decode().splitlines()[1:]] == 3 * ["coding", "decoding",
                                                                                       "concealing"]


@pytest.mark.slow
def test_packet_loss(run_python, tmp_path):
    done = run_python(EXAMPLES / "packet_loss.py", "--clips", demo_clip(), "--opus", "--seconds", "3",
                      "--processes", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "packet_loss.md").read_text() == done.stdout.decode()
    pesq = [float(value) for value in done.stdout.decode().splitlines()[2].split("|")[3:-1]]
    assert pesq[0] > 3.5 > pesq[-1]
    assert (tmp_path / "packet_loss.png").read_bytes().startswith(b"\x89PNG")


def test_the_benchmark_is_the_command(run_python):
    done = run_python(EXAMPLES / "benchmark.py", "--help")
    assert done.returncode == 0 and done.stdout.startswith(b"Usage: neuralcodec benchmark "), done.stderr


def test_publish(hub, run_on_hub):
    done = run_on_hub(EXAMPLES / "publish.py", "user/mine", HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    published, loaded = done.stdout.splitlines()
    assert published == f"Published as {hub.url}/user/mine/commit/{hub.repositories['user/mine'].branches['main']}"
    assert loaded.startswith("Loaded Codec('cq-24k', 24 kbps) back")
    done = run_on_hub(EXAMPLES / "publish.py")
    assert done.returncode == 1 and "user/my-codec" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("chromium")), reason="needs Node and Chromium")
def test_browser():
    pytest.importorskip("onnx")
    environment = {**os.environ, "PYTHONPATH": str(Path(neuralcodec.__file__).parents[1]),
                   "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["sh", EXAMPLES / "browser" / "check.sh"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    node, page, played = done.stdout.splitlines()[-3:]
    assert all("samples differ by at most" in line for line in (node, page)) and played == "Page: played."


def test_the_study_trains_every_system_equally_long(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    from study import SYSTEMS, configuration

    configurations = [configuration(system, 801) for system in SYSTEMS]
    assert len({config.name for config in configurations}) == len(SYSTEMS)
    for system, config in zip(SYSTEMS, configurations):
        assert sum(phase.steps for phase in config.phases) == 801
        assert type(config).from_dict(config.to_dict()) == config  # what a file could say, too
        later = config.phases[1:]
        assert all(("encoder" in phase.pace) != system.joint for phase in later)


def archive(tmp_path, clip, count, seconds):
    """A list of recordings in two folders, long enough to be at work for a while."""
    samples = np.tile(clip[0], 1 + seconds * clip[1] // len(clip[0]))[:seconds * clip[1]]
    paths = [tmp_path / "in" / ("a", "b")[number % 2] / f"{number}.wav" for number in range(count)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, clip[1])
    listed = tmp_path / "list.csv"
    with open(listed, "w", newline="") as file:
        csv.writer(file).writerows([["path"], *([path] for path in [*paths, paths[0]])])  # one of them twice
    return listed, paths


@pytest.fixture
def start_archive(start_group):
    def start(listed, output):
        command = [sys.executable, EXAMPLES / "archive_ray.py", listed, output, "--preset", "cq-9k", "--workers", "2"]
        environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "RAY_worker_niceness": "0"}  # not for ever
        return start_group(command, stdout=subprocess.PIPE, text=True, env=environment)

    return start


def worker_of(process):
    """A Ray worker that compresses and descends from a process: its id, or None."""
    parents, workers = {}, []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
            if b"compress_some" in (stat.parent / "cmdline").read_bytes():
                workers.append(int(stat.parent.name))
        except OSError:  # it has ended
            continue
    for worker in workers:
        ancestor = worker
        while ancestor and ancestor != process.pid:
            ancestor = parents.get(ancestor, 0)
        if ancestor:
            return worker
    return None


@pytest.mark.slow
def test_an_archive_survives_a_worker_that_is_killed(start_archive, tmp_path, clip):
    pytest.importorskip("ray")
    listed, paths = archive(tmp_path, clip, count=70, seconds=15)
    output = tmp_path / "out"

    process, killed = start_archive(listed, output), None
    while process.poll() is None and not killed:
        done = {path: path.stat().st_mtime_ns for path in output.rglob("*.nac")}
        killed = worker_of(process) if len(done) >= 8 else None
        time.sleep(0.05)
    assert killed
    os.kill(killed, signal.SIGKILL)
    told, _ = process.communicate(timeout=600)

    assert process.returncode == 0 and told.endswith("failed.\n") and " 0 failed" in told
    targets = [output / path.parent.name / f"{path.name}.nac" for path in paths]
    assert sorted(path for path in output.rglob("*") if path.is_file()) == sorted(targets)  # and no half ones
    assert all(codec_info(target)["intact"] for target in targets)
    assert all(path.stat().st_mtime_ns == time_ for path, time_ in done.items())  # what was done is not done again

    targets[0].write_bytes(targets[0].read_bytes()[:-9])
    paths[1].write_text("not audio")
    targets[1].unlink()
    process = start_archive(listed, output)
    told, _ = process.communicate(timeout=600)
    assert process.returncode == 1 and told == "1 done, 68 skipped, 1 failed.\n"
    assert codec_info(targets[0])["intact"] and not targets[1].exists()
    with open(output / "failures.csv", newline="") as file:
        failure, = csv.DictReader(file)
    assert failure["path"] == str(paths[1]) and "not an audio file" in failure["reason"]
