"""The examples run as they stand."""

from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_quickstart(run_python, tmp_path):
    done = run_python(EXAMPLES / "quickstart.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kbps, *scores, place = done.stdout.decode().splitlines()
    assert 18 < float(kbps.split()[0]) < 30 and kbps.endswith(" kbps")
    scores = {name: float(value) for name, value in map(str.split, scores)}
    assert scores["pesq"] > 4 and scores["si_sdr"] > 10
    assert Path(place.removeprefix("Listen to ")).exists()
