"""A preset with random weights, so that everything around the weights can be tested without any that were trained."""

# ruff: noqa: E402
import os

# One process of pytest-xdist per core: more threads of BLAS would only wait for one another. Before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import contextlib
import importlib.util
import io
import json
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hub_server import running_hub
from processes import process_group

import neuralcodec
from neuralcodec.assets import demo_clip

TINY = {"encoder_width": 8, "decoder_width": 8, "decoder_blocks": 1, "step_width": 8, "context_width": 8}


def write_tiny_preset(folder, name="tiny", seed=1, lpc="trained", hops=(320, 80), log_step=-1.3):
    """Writes a preset whose transforms are orthonormal and whose CNNs are small and random."""
    import keras

    from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
    from neuralcodec.model.cascade import Cascade
    from neuralcodec.training.table_fitting import nominal_tables
    from neuralcodec.zoo.folder import save_preset

    config = CascadeConfig(lpc=lpc, modules=tuple(ModuleConfig(hop=hop, **TINY) for hop in hops))
    cascade = Cascade(config)
    rng = np.random.default_rng(seed)
    for variable in cascade.trainable_variables:
        noise = 0.002 * rng.standard_normal(variable.shape)
        variable.assign(keras.ops.convert_to_numpy(variable) + noise.astype(np.float32))
    cascade.lsf_quantizer.std.assign(np.full(16, 0.15, np.float32))  # fine enough for stable, plausible filters
    for module in cascade.chain:
        module.log_step.assign(np.full(module.config.hop, log_step, np.float32))
        module.context.network.out.bias.assign(np.full(320, 4.0, np.float32))  # a later module starts silent
    weights_file = folder.parent / f"{seed}.weights.h5"
    cascade.save_weights(weights_file)
    save_preset(folder, name=name, description="Random weights.", kbps=24.0, config=config, weights_file=weights_file,
                tables=nominal_tables(cascade), card=f"# {name}\n")
    return folder


@pytest.fixture(scope="session")
def make_preset():
    """Writes further presets with random weights: other kinds of cascades."""
    return write_tiny_preset


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """Folder of a preset with random weights."""
    return write_tiny_preset(tmp_path_factory.mktemp("presets") / "tiny")


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory):
    """The same preset with other weights."""
    return write_tiny_preset(tmp_path_factory.mktemp("presets") / "other", seed=2)


@pytest.fixture(scope="session")
def codec(tiny_folder):
    return neuralcodec.Codec.from_pretrained(tiny_folder)


@pytest.fixture
def installed(tiny_folder, monkeypatch):
    """As if the preset with random weights were the only one that comes with the package."""
    monkeypatch.setattr("neuralcodec.zoo.bundled.bundled_directory", lambda: tiny_folder.parent)


@pytest.fixture
def revised(tiny_folder, other_folder, tmp_path, monkeypatch):
    """As if a preset came with the package in two revisions, of other weights; their folder."""
    folder = tmp_path / "revised"
    shutil.copytree(tiny_folder, folder / "tiny@1")
    metadata = shutil.copytree(other_folder, folder / "tiny") / "metadata.json"
    metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "revision": 2}))
    monkeypatch.setattr("neuralcodec.zoo.bundled.bundled_directory", lambda: folder)
    return folder


@pytest.fixture(scope="session")
def clip():
    """(samples, sample rate) of the recording that comes with the package."""
    return soundfile.read(demo_clip(), dtype="float32")


@pytest.fixture(scope="session")
def own_speech(tmp_path_factory, clip):
    """Folder of what a user may have: 38 s of speech, and files that are of no use."""
    folder = tmp_path_factory.mktemp("own")
    soundfile.write(folder / "talk.wav", np.tile(clip[0], 5), clip[1])
    soundfile.write(folder / "silence.wav", np.zeros(16000), 16000)
    (folder / "broken.wav").write_bytes(b"not audio")
    (folder / "notes.txt").write_text("what was said")
    return folder


@pytest.fixture(scope="session")
def compiled_loops(tmp_path_factory):
    """The loops in C, compiled from this checkout, whatever is installed."""
    pytest.importorskip("setuptools")
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        pytest.skip(f"There is no compiler: {compiler}")
    folder, root = tmp_path_factory.mktemp("loops"), Path(__file__).parents[1]
    build = [sys.executable, "setup.py", "build_ext", "--build-lib", str(folder), "--build-temp", str(folder / "temp")]
    done = subprocess.run(build, cwd=root, capture_output=True, text=True)
    found = list((folder / "neuralcodec" / "kernels").glob("_loops*"))
    assert found, done.stderr
    spec = importlib.util.spec_from_file_location("neuralcodec.kernels._loops", found[0])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["compiled", "numpy"])
def either_way(request, monkeypatch):
    """Runs a test twice: with the loops in C, and without."""
    loops = request.getfixturevalue("compiled_loops") if request.param == "compiled" else None
    monkeypatch.setattr("neuralcodec.kernels.loops", loops)


@pytest.fixture
def both_ways(compiled_loops, monkeypatch):
    """Calls a function with the loops in C and without, returns both results."""
    def call(function):
        results = []
        for loops in (compiled_loops, None):
            monkeypatch.setattr("neuralcodec.kernels.loops", loops)
            results.append(function())
        return results

    return call


@pytest.fixture(scope="session")
def impulse_delay():
    """Measures a preset: how many samples after an impulse goes in it comes out, a frame of 20 ms included."""
    from neuralcodec.runtime.nested_decoder import make_decoder
    from neuralcodec.runtime.nested_encoder import make_encoder

    def measure(preset, place):
        encoder, decoder = (make(preset.config, preset.weights) for make in (make_encoder, make_decoder))
        samples = np.eye(1, 6400, place, dtype=np.float32)[0]
        decoded, delay = np.zeros(0, np.float32), None
        for end in range(320, len(samples) + 1, 320):
            decoded = np.concatenate([decoded, decoder.push(encoder.push(samples[end - 320:end]))])
            if delay is None and len(decoded) > place:
                delay = end - place
        # one of 10 ms smears a click, and noise follows it: a preset's own test of speech tells that nothing is shifted
        hop = getattr(preset.config, "hop", 0) or preset.config.modules[0].hop
        slack = hop if hop == 160 else 0
        assert abs(np.abs(decoded).argmax() - place) <= slack
        return delay

    return measure


@pytest.fixture(scope="session")
def run_python():
    """Runs Python in a process of its own, with the package that is being tested."""
    def run(*arguments, **options):
        return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, env=environment(), **options)

    return run


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def standard_error(monkeypatch):
    """Puts a terminal, or something else, in the place of standard error while the test runs; returns a StringIO."""
    def connect(terminal):
        stream = Terminal() if terminal else io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        return stream

    return connect


@pytest.fixture
def hub():
    """A Hub of the test's own, on loopback."""
    with running_hub() as server:
        yield server


@pytest.fixture
def run_on_hub(hub, tmp_path):
    """Runs Python in a process that takes `hub` for the Hub, with a cache of its own; keywords are its environment."""
    def run(*arguments, **variables):
        mine = {name: value for name, value in environment().items() if not name.startswith(("HF_", "HUGGING"))}
        # The server speaks the Hub's plain protocol, not that of its chunked storage.
        mine |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1", **variables}
        return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, cwd=tmp_path,
                              env=mine, timeout=120)

    return run


@pytest.fixture
def start_group():
    """Starts processes that end with the test, and so do those that they have started; arguments as for `Popen`."""
    with contextlib.ExitStack() as started:
        yield lambda command, **options: started.enter_context(process_group(command, **options))


@pytest.fixture
def start_cli(start_group):
    """Starts `neuralcodec` in a process of its own."""
    def start(*arguments, **options):
        return start_group([sys.executable, "-m", "neuralcodec", *arguments], env=environment(),
                           stderr=subprocess.PIPE, preexec_fn=hear_signals, **options)

    return start


def hear_signals():
    """A test run in the background ignores Ctrl-C, under nohup also the end of the terminal; children inherit that."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def environment():
    return {**os.environ, "PYTHONPATH": str(Path(neuralcodec.__file__).parents[1])}
