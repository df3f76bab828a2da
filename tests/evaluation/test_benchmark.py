"""What a benchmark tells of presets and peers, and how."""

import shutil
import sys

import pytest

from neuralcodec.errors import NeuralCodecError, PresetNotFoundError
from neuralcodec.evaluation import benchmark
from neuralcodec.evaluation.plots import speed_plot
from neuralcodec.zoo.presets import load_preset


@pytest.fixture(scope="module")
def result(tiny_folder):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(benchmark, "ROUNDS", 1)
        patched.setattr(benchmark, "COLD_SECONDS", 1)
        return benchmark.measure([tiny_folder], seconds=2)


def test_a_preset_has_every_figure(result, tiny_folder):
    figures = result["codecs"][str(tiny_folder)]
    assert list(figures) == list(benchmark.FIGURES) and None not in figures.values()
    assert figures["parameters"] == load_preset(tiny_folder).metadata["parameters"]
    assert figures["disk_bytes"] == sum(path.stat().st_size for path in tiny_folder.iterdir())
    assert figures["encode_macs_per_s"] > figures["parameters"]
    assert 0 < figures["cpu_s"] and 20 < figures["memory_mb"] < 2000 and figures["compress_s"] > 0.01


def test_peers_have_what_can_be_known_of_them(result):
    assert {"Opus 24", "AMR-WB 23.85"} <= set(result["codecs"])
    figures = result["codecs"]["AMR-WB 23.85"]
    assert figures["encode_x_real_time"] > 0 and figures["decode_x_real_time"] > 0
    assert figures["parameters"] is None and figures["compress_s"] is None
    assert (result["codecs"]["Opus 24"]["compress_s"] is not None) == bool(shutil.which("opusenc"))


def test_where_it_was_measured_is_told(result, tiny_folder):
    assert result["seconds"] == 2 and result["folder"] is None and "cores" in result["machine"]
    assert result["versions"][f"preset {tiny_folder}"] == f"hash {load_preset(tiny_folder).hash.hex()[:16]}"
    assert result["versions"]["libopus.so.0"].startswith("libopus")


def test_the_table_and_the_plot(result, tiny_folder):
    head, *rows = benchmark.format_table(result).splitlines()
    assert head.split()[:3] == ["codec", "encoding", "x"] and len(rows) == len(result["codecs"])
    assert rows[0].startswith(str(tiny_folder)) and rows[-1].rstrip().endswith("-") and len(set(map(len, rows))) == 1
    told = benchmark.format_table({**result, "folder": {"jobs": 2, "files": 8, "times_faster": 1.875}})
    assert told.endswith("\n2 processes code 8 files 1.88 times faster than one.")
    assert speed_plot(result).startswith(b"\x89PNG") and speed_plot(result) != speed_plot(result, dark=True)


def test_a_run_tells_time_and_memory_of_its_own_process():
    idle = benchmark._run([sys.executable, "-S", "-c", "import time; time.sleep(0.3)"])
    large = benchmark._run([sys.executable, "-S", "-c", "x = bytearray(200_000_000); sum(range(3_000_000))"])
    assert idle.seconds >= 0.3 and idle.cpu < large.cpu and idle.memory < 40 and 200 < large.memory < 250
    with pytest.raises(NeuralCodecError, match="failed: no such thing"):
        benchmark._run([sys.executable, "-S", "-c", "import sys; sys.exit('no such thing')"])


def test_a_preset_that_is_not_there_is_told_before_the_work():
    with pytest.raises(PresetNotFoundError):
        benchmark.measure(["cq-42k"])
