"""The README is short, runs as written, and its tables and those in docs/ say what the presets' metadata say."""

import os
import re
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile
from hub_server import TOKEN
from processes import process_group

import neuralcodec
from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
from neuralcodec.training.config import Phase, TrainingConfig
from neuralcodec.training.nested_config import find_config
from neuralcodec.zoo.metadata import read_metadata

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS, TRAINING, FINETUNING = ((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
                                 for name in ("results", "training", "finetuning"))
EVERY_PRESET = sorted(path.parent.name for path in (ROOT / "presets").glob("*/metadata.json"))
PRESETS = [name for name in EVERY_PRESET if "@" not in name]  # the others are earlier revisions
COLUMNS = {"kbps": 2, "pesq": 3, "stoi": 3, "estoi": 3, "si_sdr": 2, "mel_distance": 2}  # and decimals

# A venv and pip are for the two commands that install; what takes minutes runs with `pytest -m slow`.
INSTALLS, TAKES_MINUTES = ("pip install",), ("finetune(", "neuralcodec train", "neuralcodec report")
# what a block that takes minutes leaves to those after it
STAND_IN = "from neuralcodec import Codec; Codec.from_pretrained('cq-9k').save_pretrained('cq-9k-mine')"


class Block(NamedTuple):
    """A fenced block of the README."""

    language: str
    text: str

    def has(self, words):
        return any(word in self.text for word in words)

    def command(self):
        return ["bash", "-euo", "pipefail", "-c", self.text] if self.language == "sh" else [
            sys.executable, "-c", self.text]


BLOCKS = [Block(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)]
RUNNABLE = [block for block in BLOCKS if block.language in ("sh", "python") and not block.has(INSTALLS)]


def metadata_of(name):
    return read_metadata(ROOT / "presets" / name / "metadata.json")


def between(text, marker):
    """What stands between <!-- marker --> and <!-- /marker -->."""
    return text.split(f"<!-- {marker} -->")[1].split(f"<!-- /{marker} -->")[0]


@pytest.fixture
def follow(hub, tmp_path, clip):
    """Runs blocks one after the other as a reader does: in a folder with what the README says is there."""
    programs, folder = tmp_path / "bin", tmp_path / "reader"
    programs.mkdir()
    program = programs / "neuralcodec"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m neuralcodec "$@"\n')
    program.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    environment |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN,
                    "PYTHONPATH": str(Path(neuralcodec.__file__).parents[1]), "HF_HOME": str(tmp_path / "hf"),
                    "HF_HUB_DISABLE_XET": "1"}

    def run(blocks, timeout=1800):
        samples, rate = clip
        (folder / "recordings").mkdir(parents=True)
        soundfile.write(folder / "speech.wav", samples, rate)
        # short ones first, which --limit takes; in all as much as fine-tuning wants
        for number, recording in enumerate([samples[:40000], samples[40000:72000], np.tile(samples, 5)]):
            soundfile.write(folder / "recordings" / f"{number}.wav", recording, rate)
        for block in blocks:
            with process_group(block.command(), cwd=folder, env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True) as process:
                out, err = process.communicate(timeout=timeout)
            assert process.returncode == 0, f"{block.text}\n{out}\n{err}"
            assert "Traceback" not in err, f"{block.text}\n{err}"
        return folder

    return run


def test_every_block_is_of_a_known_kind():
    assert {block.language for block in BLOCKS} == {"sh", "python", "text", "bibtex"}
    assert len(RUNNABLE) >= 8


def test_what_takes_no_minutes_runs_as_written(follow, clip):
    blocks = [Block("python", STAND_IN) if block.has(["save_pretrained"]) else block
              for block in RUNNABLE if not block.has(TAKES_MINUTES) or block.has(["save_pretrained"])]
    folder = follow(blocks)
    samples = len(clip[0])
    assert soundfile.info(folder / "small.wav").frames == soundfile.info(folder / "mine.wav").frames == samples
    assert soundfile.info(folder / "small16k.flac").samplerate == 16000
    assert (folder / "small.nac").stat().st_size < (folder / "at20.nac").stat().st_size
    assert (folder / "again.wav").stat().st_size > 2 * samples
    assert [path.name for path in sorted((folder / "coded").iterdir())] == ["0.nac", "1.nac", "2.nac"]


@pytest.mark.slow
def test_all_of_it_runs_as_written(follow):
    folder = follow(RUNNABLE)
    assert (folder / "runs" / "quick" / "quick" / "metadata.json").exists()
    assert (folder / "quick.nac").exists() and (folder / "report" / "report.html").exists()


def test_nothing_goes_on_that_a_block_has_started(follow, tmp_path):
    """A shell that is killed leaves what it waits for behind."""
    with pytest.raises(subprocess.TimeoutExpired):
        follow([Block("sh", "sleep 600 & echo $! > started\nwait\n")], timeout=2)
    started, end = (tmp_path / "reader" / "started").read_text().strip(), time.monotonic() + 30
    while goes_on(started):
        assert time.monotonic() < end
        time.sleep(0.02)


def goes_on(process):
    """Whether a process runs: one that has ended may be there until somebody asks for its exit code."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_it_is_short_and_stands_alone():
    assert len(README.encode()) <= 8192
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)]*)\)", README)
    assert links and all(link.startswith("https://") for link in links), "others lead nowhere on a package index"
    assert all((ROOT / picture).is_file() for picture in re.findall(r"!\[[^\]]+\]\(([^)]*)\)", README))
    for package, then in {".": "neuralcodec demo", '".[eval,test]"': "pytest"}.items():
        assert f"python3 -m venv .venv && . .venv/bin/activate && pip install {package} && {then}\n" in README


def test_the_documents_it_names_exist():
    named = set(re.findall(r"`(?:docs/)?(\w+\.md)`", README))
    assert named == {path.name for path in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize("name", PRESETS)
def test_the_readme_has_a_presets_figures(name):
    figures = metadata_of(name)["evaluation"][name]
    (pesq, *pesq_interval), (estoi, *estoi_interval) = figures["pesq"], figures["estoi"]
    half = [(high - low) / 2 for low, high in (pesq_interval, estoi_interval)]
    row = f"| `{name}` | {figures['kbps'][0]:.2f} | {pesq:.2f} ± {half[0]:.2f} | {estoi:.3f} ± {half[1]:.3f} | "
    assert row in between(README, "table")


@pytest.mark.parametrize("name", [name for name in PRESETS if name.startswith("cq")])
def test_the_readme_has_the_figures_of_its_peers(name):
    row, = re.findall(rf"^\| `{name}` .*$", between(README, "table"), re.MULTILINE)
    figures = metadata_of(name)["evaluation"]
    for peer, pesq, estoi in re.findall(r"(Opus at [\d.]+|AMR-WB [\d.]+): ([\d.]+), ([\d.]+)", row):
        if peer.startswith("Opus"):  # by its true rate
            peer = next(other for other in figures if other.startswith("Opus")
                        and f"{figures[other]['kbps'][0]:.1f}" == peer.removeprefix("Opus at "))
        assert float(pesq) == pytest.approx(figures[peer]["pesq"][0], abs=0.0051)
        assert float(estoi) == pytest.approx(figures[peer]["estoi"][0], abs=0.00051)


@pytest.mark.parametrize("name", EVERY_PRESET)
def test_figures(name):
    metadata = metadata_of(name)
    figures = metadata["evaluation"][metadata["name"]]
    cells = []
    for column, decimals in COLUMNS.items():
        mean, low, high = figures[column]
        cells.append(f"{mean:.{decimals}f} ± {(high - low) / 2:.{decimals}f}")
    table = between(RESULTS, "figures" if name in PRESETS else "earlier figures")
    assert f"\n| {name} | {figures['clips']} | {' | '.join(cells)} |\n" in table


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name):
    metadata = metadata_of(name)
    size = f"{metadata['parameters'] / 1e6:.2f} million"
    assert f"| `{name}` | {metadata['kbps']:g} | {size} | {metadata['description']} |" in between(RESULTS, "presets")


@pytest.mark.parametrize("name", PRESETS)
def test_noise_and_music(name):
    sounds = metadata_of(name)["off_speech"]
    figures = [sounds[sound][figure] for sound in ("white noise", "struck chords") for figure in ("kbps", "si_sdr")]
    cells = [f"{figure:.1f}" for figure in figures]
    assert f"\n| `{name}` | {' | '.join(cells)} |\n" in between(RESULTS, "off speech")


@pytest.mark.parametrize("name", EVERY_PRESET)
def test_the_run_behind_every_preset_is_told(name):
    for run in metadata_of(name)["lineage"]:
        assert re.search(rf"^\| `{run['run']}` \|.*\d \|$", between(TRAINING, "training"), re.MULTILINE)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_was_trained_with_a_configuration_that_is_here(name):
    trained = metadata_of(name)["training"]["config"]
    config = find_config(trained["name"])
    assert type(config).from_dict(trained) == config
    assert name in (config.name, *(preset.name for preset in getattr(config, "presets", ())))


@pytest.mark.parametrize("kind", [TrainingConfig, Phase, CascadeConfig, ModuleConfig])
def test_every_key_of_a_configuration_is_told(kind):
    for key in fields(kind):
        assert re.search(rf"^\| .*`{key.name}`.*\| ", TRAINING, re.MULTILINE), key.name


def test_fine_tuning_has_its_figures():
    assert "| the German voice | 23 | before |" in between(FINETUNING, "finetune figures")


@pytest.mark.slow
def test_one_command_gives_the_rows_of_the_results(run_python, tmp_path, clip):
    soundfile.write(tmp_path / "speech.wav", clip[0][:48000], clip[1])
    done = run_python(ROOT / "docs" / "results.py", tmp_path)
    assert done.returncode == 0, done.stderr
    head, line, *rows = done.stdout.decode().splitlines()
    told = between(RESULTS, "figures").strip().splitlines()
    assert [head, line] == told[:2]
    names = [row.split(" | ")[0] for row in told[2:]]
    assert [row.split(" | ")[0] for row in rows] == names[: len(rows)] and len(rows) in (len(PRESETS), len(names))
