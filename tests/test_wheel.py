"""What is installed is whole: a wheel built from the sdist, in an empty folder, outside of the checkout."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neuralcodec import list_presets

CHECKOUT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "runs")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory, tiny_folder):
    """A folder into which a wheel of this checkout, with one more preset, was installed, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    checkout = folder / "checkout"
    shutil.copytree(CHECKOUT, checkout, ignore=LEFT_OUT)
    shutil.copytree(tiny_folder, checkout / "presets" / "tiny")
    # Without options `build` makes the wheel from the sdist: what is missing there is missing in the end.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, checkout)
    wheel, = folder.glob("*.whl")
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", folder / "site", wheel)
    shutil.rmtree(checkout)
    return folder / "site"


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_installed(site, code):
    """Runs Python with the installed package first on its path, isolated from the current folder and environment."""
    return run(sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {code}", cwd=site.parent)


def test_every_preset_is_there_and_whole(site):
    code = ("import neuralcodec; print(neuralcodec.__file__); print(*neuralcodec.list_presets());"
            "[neuralcodec.Codec.from_pretrained(name) for name in neuralcodec.list_presets()]")
    place, presets = run_installed(site, code).splitlines()
    assert Path(place).is_relative_to(site)
    assert set(presets.split()) == {*list_presets(), "tiny"}


def test_the_demo_runs(site, tmp_path):
    code = f"from neuralcodec.cli.main import main; main(['demo', '-p', 'tiny', '--output-dir', {str(tmp_path)!r}])"
    assert "compressed" in run_installed(site, code)
    assert (tmp_path / "decoded.wav").exists()


def test_licences_and_cards_are_carried(site):
    assert "Attribution 4.0" in (site / "neuralcodec" / "presets" / "LICENSE").read_text()
    assert "LibriSpeech" in (site / "neuralcodec" / "assets" / "LICENSE.txt").read_text()
    assert (site / "neuralcodec" / "presets" / "tiny" / "README.md").read_text() == "# tiny\n"
    assert (site / "neuralcodec" / "py.typed").exists()
    assert list((site / "neuralcodec" / "training" / "configs").glob("*.json"))
    information, = site.glob("neuralcodec-*.dist-info")
    assert list(information.rglob("LICENSE"))
    assert "neuralcodec = neuralcodec.cli.main:main" in (information / "entry_points.txt").read_text()


def test_nothing_else_is_installed(site):
    assert {path.name for path in site.iterdir()} - {"bin"} == {"neuralcodec", next(site.glob("*.dist-info")).name}
