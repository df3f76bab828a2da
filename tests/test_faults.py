"""Load and faults: threads, processes, the end of a process at any moment, a disk that takes no more, a long time.

Two writers of one file are in `cli/test_compress_outputs.py`, readers that go away and devices that are full in
`cli/test_compress_streams.py`.
"""

import concurrent.futures
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

import neuralcodec
from neuralcodec import Codec

TESTS = Path(__file__).parent


def recordings(count):
    """Noise of several lengths: list of (samples, rate)."""
    rng = np.random.default_rng(0)
    return [(0.2 * rng.standard_normal(4000 * (1 + i)), (16000, 22050)[i % 2]) for i in range(count)]


def there_and_back(codec, samples, rate):
    data = codec.encode(samples, rate)
    return data, codec.decode(data)[0].tobytes()


def test_threads_share_a_codec(codec):
    """Each gets what it would get alone."""
    work = recordings(6)
    alone = [there_and_back(codec, *recording) for recording in work]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for _ in range(3):
            assert list(pool.map(lambda recording: there_and_back(codec, *recording), work)) == alone


PROCESSES = """
import concurrent.futures, hashlib, multiprocessing, sys
import numpy as np
from neuralcodec import Codec

def code(seed):
    codec = Codec.from_pretrained(sys.argv[1])
    data = codec.encode(0.2 * np.random.default_rng(seed).standard_normal(8000), 16000)
    return hashlib.sha256(data + codec.decode(data)[0].tobytes()).hexdigest()

if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        print(list(pool.map(code, range(4))) == list(map(code, range(4))))
"""


def test_processes_make_what_one_makes(run_python, tiny_folder, tmp_path):
    (tmp_path / "work.py").write_text(PROCESSES)
    done = run_python(tmp_path / "work.py", tiny_folder)
    assert done.stdout == b"True\n", done.stderr


def test_processes_of_the_package_are_spawned():
    """A fork copies the locks of OpenBLAS' threads in whatever state they are in."""
    package = Path(neuralcodec.__file__).parent
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    starting = [path for path, source in sources.items() if "multiprocessing" in source or "ProcessPool" in source]
    assert starting and all('get_context("spawn")' in sources[path] for path in starting)
    assert not any("os.fork" in source or '"fork' in source for source in sources.values())


@pytest.mark.slow
@pytest.mark.parametrize("command, suffix", [("compress", ".nac"), ("decompress", ".wav")])
def test_a_process_that_is_killed_leaves_all_or_nothing(start_cli, tiny_folder, tmp_path, command, suffix):
    codec, rng = Codec.from_pretrained(tiny_folder), random.Random(command)
    soundfile.write(tmp_path / "a.wav", 0.2 * np.random.default_rng(0).standard_normal(40 * 16000), 16000)
    codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    source, target = tmp_path / ("a.wav" if command == "compress" else "a.nac"), tmp_path / f"out{suffix}"
    arguments = (command, source, "-o", target, "-p", tiny_folder)
    start = time.monotonic()
    assert start_cli(*arguments).wait() == 0
    took, whole = time.monotonic() - start, target.read_bytes()
    for _ in range(12):
        target.unlink(missing_ok=True)
        process = start_cli(*arguments)
        time.sleep(rng.uniform(0.3, 1.1) * took)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not target.exists() or target.read_bytes() == whole
    target.unlink(missing_ok=True)
    assert start_cli(*arguments).wait() == 0 and target.read_bytes() == whole
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]  # swept


def test_a_disk_that_takes_no_more(tiny_folder, codec, tmp_path):
    """The system says so in the middle of a file."""
    soundfile.write(tmp_path / "a.wav", 0.2 * np.random.default_rng(0).standard_normal(10 * 16000), 16000)
    codec.compress(tmp_path / "a.wav", tmp_path / "b.nac")
    for command, source, target in (("compress", "a.wav", "c.nac"), ("decompress", "b.nac", "c.wav")):
        done = subprocess.run(
            [sys.executable, "-m", "neuralcodec", command, source, "-o", target, "-p", tiny_folder], cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(TESTS.parent)}, capture_output=True, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)))
        assert done.returncode == 1 and done.stderr == f"Error: '{target}' cannot be written: File too large.\n"
        assert sorted(os.listdir(tmp_path)) == ["a.wav", "b.nac"]


@pytest.mark.slow
def test_memory_stays_flat(run_python):
    """For two minutes, or as long as one says; `results.md` has the figures of a longer run."""
    done = run_python(TESTS / "soak.py", "--minutes", os.environ.get("SOAK_MINUTES", 2))
    assert done.returncode == 0, done.stdout.decode()[-2000:] + done.stderr.decode()
