"""What importing, installing and running the package costs."""

import ast
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import neuralcodec

HEAVY = ("tensorflow", "keras", "jax", "scipy", "matplotlib")
PACKAGE = Path(neuralcodec.__file__).parent
CODING = {"click", "constriction", "h5py", "huggingface_hub", "numpy", "soundfile", "soxr", "tqdm"}
TRAINING = {"keras", "tensorflow"}
WITHOUT_TRAINING = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {TRAINING}:
            raise ModuleNotFoundError(f"No module named '{{name}}'", name=name)

sys.meta_path.insert(0, Missing())
"""


@pytest.fixture
def requirements(monkeypatch):
    """Which packages setup.py asks for: those of the package itself, and a dict of extra -> packages."""
    told = {}
    monkeypatch.setattr("setuptools.setup", told.update)
    runpy.run_path(str(Path(__file__).parents[1] / "setup.py"))

    def names(lines):
        return {re.match(r"[\w-]+", line)[0].replace("-", "_") for line in lines}

    return names(told["install_requires"]), {extra: names(lines) for extra, lines in told["extras_require"].items()}


def foreign_imports(folder):
    """Names of the packages that the files below a folder import, those of Python and this one left out."""
    nodes = [node for path in folder.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - {"neuralcodec"}


def test_public_names():
    assert set(neuralcodec.__all__) <= set(dir(neuralcodec))
    for name in neuralcodec.__all__:
        assert getattr(neuralcodec, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'codecs'"):
        neuralcodec.codecs


def test_importing_costs_nothing(run_python):
    result = run_python("-c", "import sys, neuralcodec; print('numpy' in sys.modules, 'soundfile' in sys.modules)")
    assert result.stdout.split() == [b"False", b"False"], result.stderr


@pytest.mark.parametrize("arguments", ["--help", "compress --help", "evaluate --help", "finetune --help",
                                       "export --help", "report --help", "train --help", "presets"])
def test_the_command_line_starts_without_heavy_packages(run_python, arguments):
    code = ("import sys; from neuralcodec.cli.main import main; code = main(sys.argv[1:]);"
            f"print(code, [name for name in {HEAVY} + ('numpy',) if name in sys.modules])")
    result = run_python("-c", code, *arguments.split())
    assert result.stdout.splitlines()[-1] == b"0 []", result.stderr


def test_a_training_that_cannot_begin_loads_no_framework(run_python, tmp_path):
    code = ("import sys; from neuralcodec.cli.main import main; code = main(sys.argv[1:]);"
            f"print(code, [name for name in {HEAVY} if name in sys.modules])")
    result = run_python("-c", code, "train", "--config", "quik", "--data", tmp_path, "--output", tmp_path)
    assert result.stdout.split(None, 1) == [b"1", b"[]\n"] and b"did you mean 'quick'" in result.stderr


def test_coding_needs_no_framework(run_python, tiny_folder):
    code = (f"import sys, numpy, neuralcodec; codec = neuralcodec.Codec.from_pretrained({str(tiny_folder)!r});"
            "codec.decode(codec.encode(numpy.zeros(2000), 16000));"
            f"print([name for name in {HEAVY} if name in sys.modules])")
    result = run_python("-c", code)
    assert result.stdout.strip() == b"[]", result.stderr


def test_an_install_brings_what_coding_needs_and_an_extra_what_training_needs(requirements):
    installed, extras = requirements
    assert installed == CODING and extras["train"] == TRAINING
    assert extras["test"] >= extras["train"] | extras["eval"]


def test_only_what_trains_imports_what_training_needs():
    others = {room: foreign_imports(PACKAGE / room) for room in (
        "architecture", "audio", "bitstream", "cli", "coding", "files", "runtime", "zoo")}
    assert set().union(*others.values()) <= CODING, others
    assert not foreign_imports(PACKAGE / "evaluation") & TRAINING


def test_coding_works_where_training_is_not_installed(run_python, tiny_folder, tmp_path):
    code = f"""
import numpy, soundfile
soundfile.write("speech.wav", numpy.zeros(8000), 16000)
from neuralcodec import Codec
codec = Codec.from_pretrained({str(tiny_folder)!r})
codec.compress("speech.wav", "speech.nac")
codec.decompress("speech.nac", "decoded.wav")
print(soundfile.info("decoded.wav").frames)
try:
    codec.finetune("speech.wav")
except ImportError as error:
    print(type(error).__name__, error)
"""
    done = run_python("-c", WITHOUT_TRAINING + code, cwd=tmp_path)
    frames, refusal = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr, frames) == (0, b"", "8000")
    assert refusal == ("MissingDependencyError Training needs the package 'keras', which is not installed; pip install "
                       "'neuralcodec[train]' brings Keras and TensorFlow.")


@pytest.mark.parametrize("command", ["train --config quick --data . --output runs",
                                     "finetune --preset {preset} --data . --output tuned"])
def test_training_commands_name_the_extra_in_a_sentence(run_python, tiny_folder, tmp_path, command):
    code = WITHOUT_TRAINING + "from neuralcodec.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = run_python("-c", code, *command.format(preset=tiny_folder).split(), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert re.fullmatch(rb"Error: Training needs .* pip install 'neuralcodec\[train\]' .*\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_short_clip_does_not_wait_for_what_it_does_not_need(run_python, tiny_folder, tmp_path):
    idle = ("tqdm", "soxr", "huggingface_hub", "multiprocessing", "importlib.metadata", *TRAINING, *HEAVY)
    soundfile.write(tmp_path / "speech.wav", np.zeros(2000), 16000)
    code = ("import sys; from neuralcodec.cli.main import main; code = main(sys.argv[1:]);"
            f"print(code, [name for name in {idle} if name in sys.modules])")
    result = run_python("-c", code, "compress", "speech.wav", "--preset", tiny_folder, cwd=tmp_path)
    assert result.stdout == b"0 []\n", result.stderr
    result = run_python("-c", code, "decompress", "speech.nac", "--preset", tiny_folder, "-o", "b.wav", cwd=tmp_path)
    assert result.stdout == b"0 []\n", result.stderr
    result = run_python("-c", code.replace("tqdm", "h5py"), "info", "speech.nac", cwd=tmp_path)
    assert result.stdout.endswith(b"0 []\n"), result.stderr


@pytest.mark.parametrize("wanted", [None, "2"])
def test_commands_take_one_thread_of_blas_unless_more_are_asked_for(run_python, monkeypatch, wanted):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    if wanted:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", wanted)
    code = "import os; from neuralcodec.cli.main import main; main(['info']); print(os.environ['OPENBLAS_NUM_THREADS'])"
    assert run_python("-c", code).stdout.decode().split() == [wanted or "1"]
