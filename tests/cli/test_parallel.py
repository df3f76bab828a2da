"""Several files at the same time: the same files, the same notes and failures, and processes that end when they should.

What is done in another process must be importable there, so it stands in a program of its own.
"""

import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

PROGRAM = '''
import os, signal, sys, time
from pathlib import Path
from neuralcodec.cli import batch, jobs, main

def wait_for(*names):
    end = time.monotonic() + 60
    while not all(map(os.path.exists, names)):
        assert time.monotonic() < end, names
        time.sleep(0.01)

def work(source, target, progress, again):
    progress(1, 2)
    if source.startswith("killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        Path(f"{source} began").touch()
        wait_for("a began", "b began")  # neither ends before both have begun
        if source == "a" and "slow" in sys.argv:
            time.sleep(600)
        if "full" in sys.argv:
            raise OSError(28, "No space left on device")
    finally:
        Path(f"{source} ended").touch()

if __name__ == "__main__":
    main._end_in_order()
    plan = jobs.Plan([(source, f"{source}.nac") for source in sys.argv[1].split(",")], [], [])
    batch.run(plan, work, processes=2)
'''


@pytest.fixture
def start(tmp_path, start_group):
    """Starts the program with names of jobs."""
    (tmp_path / "program.py").write_text(PROGRAM)

    def run(*arguments):
        from conftest import environment, hear_signals

        return start_group([sys.executable, "program.py", *arguments], cwd=tmp_path, env=environment(),
                           stderr=subprocess.PIPE, preexec_fn=hear_signals, text=True)

    return run


@pytest.fixture
def recordings(tmp_path, clip):
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(3):
        soundfile.write(folder / f"{number}.wav", clip[0][8000 * number:][:9000], clip[1])
    for name in ("left.wav", "right.wav"):
        soundfile.write(folder / name, np.zeros((800, 2)), 16000)
    (folder / "broken.wav").write_bytes(b"not audio")
    return folder


def test_files_notes_and_failures_are_the_same(cli, recordings, tiny_folder, tmp_path):
    results = {}
    for jobs in (1, 2):
        told = cli("compress", recordings, "--output-dir", tmp_path / str(jobs), "--jobs", jobs, "-p", tiny_folder)
        assert cli("decompress", tmp_path / str(jobs), "--jobs", jobs, "-p", tiny_folder)[0] == 0
        told = (told[0], told[1], sorted(told[2].splitlines()))
        results[jobs] = told, {path.name: path.read_bytes() for path in (tmp_path / str(jobs)).iterdir()}
    (code, out, lines), files = results[1]
    assert results[2] == results[1] and len(files) == 10 and (code, out) == (1, b"")
    assert "5 done, 0 skipped, 1 failed." in lines and sum("broken.wav: " in line for line in lines) == 1
    told = cli("compress", recordings, "--output-dir", tmp_path / "2", "-j", 2, "-p", tiny_folder, "--skip-existing")
    assert told[2].endswith("0 done, 5 skipped, 1 failed.\n")


def test_as_many_files_are_worked_on_as_are_wanted(start):
    program = start("a,b,c")
    assert (program.communicate(timeout=120)[1], program.returncode) == ("", 0)


def test_a_process_that_is_killed_is_no_endless_wait(start):
    program = start("killed")
    assert "killed" not in program.communicate(timeout=120)[1] and program.returncode < 0  # the only one: no process
    program = start("killed,killed too")
    err = program.communicate(timeout=120)[1]
    assert program.returncode == 1 and re.search(r"CodecError: A process .* --skip-existing, and fewer --jobs\.", err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_what_is_being_done_in_order(start, tmp_path, number):
    program = start("a,b,c", "slow")
    wait_for(tmp_path / "c ended")
    program.send_signal(number)
    program.communicate(timeout=120)
    assert program.returncode != 0 and (tmp_path / "a ended").exists()


def test_processes_end_with_their_parent(start, tmp_path):
    program = start("a,b", "slow")
    wait_for(tmp_path / "b ended")
    program.kill()
    program.communicate(timeout=120)  # which waits for all that hold standard error
    assert not (tmp_path / "a ended").exists()


def test_a_full_disk_ends_the_work(start):
    names = ",".join(["a", "b", *map(str, range(20))])
    err = start(names, "full").communicate(timeout=120)[1]
    assert "  a: No space left on device.\n" in err or "  b: No space left on device.\n" in err
    assert re.search(r"The disk is full: \d\d files were not tried\.", err)


def wait_for(path):
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, path
        time.sleep(0.02)


def test_a_process_ends_though_its_exit_is_swallowed(start_group, tmp_path):
    """As the pool does with an exception in a job, and then waits for the next one."""
    program = ("import signal, sys, time; from neuralcodec.cli import parallel; parallel.GRACE = 0.3\n"
               "signal.signal(signal.SIGTERM, parallel._end)\n"
               "print('ready', flush=True)\n"
               "while True:\n"
               "    try:\n"
               "        time.sleep(60)\n"
               "    except SystemExit:\n"
               "        pass\n")
    from conftest import environment

    process = start_group([sys.executable, "-c", program], env=environment(), stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.terminate()
    assert process.wait(timeout=30) == 128 + signal.SIGTERM
