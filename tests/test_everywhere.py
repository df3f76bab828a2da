"""Files are read the same everywhere: by every BLAS kernel, with any number of threads, by NumPy 1 and 2, and whatever
backend Keras has; and by programs that are older than they are, as far as they can.
"""

import dataclasses
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.bitstream.header import MAGIC, PLAIN_VERSION, VERSION, to_crc
from neuralcodec.bitstream.varint import from_varint, to_varint
from neuralcodec.coding.info import codec_info
from neuralcodec.errors import NewerVersionError

TESTS = Path(__file__).parent
FILES = sorted((TESTS / "golden").glob("*.nac"))
FEW = [path for path in FILES if path.stem in ("cq-9k.speech", "cmrl-24k.hard")]
KERNELS = [("Nehalem", 1), ("Haswell", 2), ("Sandybridge", 3)]
ALL_KERNELS = [(name, threads) for name in ("Prescott", "Core2", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX",
                                            "Cooperlake", "SapphireRapids", "ARMV8", "NEOVERSEN1", "NEOVERSEV1")
               for threads in (1, 3)]
ILLEGAL_INSTRUCTION = -4


def fingerprints(files, python=sys.executable, **variables):
    """What `symbols.py` finds in a process of its own; None where the processor lacks instructions of the kernel."""
    environment = {**os.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}", **variables}
    done = subprocess.run([python, TESTS / "symbols.py", *files], capture_output=True, text=True, env=environment)
    if done.returncode == ILLEGAL_INSTRUCTION:
        return None
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def compare_kernels(kernels, files):
    """Names of the kernels that were compared."""
    found = [fingerprints(files, OPENBLAS_CORETYPE=name, OPENBLAS_NUM_THREADS=str(threads))
             for name, threads in kernels]
    expected, names = fingerprints(files), set()
    names.add(expected.pop("kernel"))
    for each in found:
        if each is not None:
            names.add(each.pop("kernel"))
            assert each == expected
    return names - {None}


def test_kernels_and_threads_read_and_write_the_same():
    assert len(compare_kernels(KERNELS, FEW)) != 1, "It is always the same kernel that computes."


@pytest.mark.slow
def test_all_kernels_read_and_write_the_same():
    names = compare_kernels(ALL_KERNELS, FILES)
    print("kernels:", ", ".join(sorted(names)))
    assert len(names) != 1


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.26.4", "2.0.2"])
def test_versions_of_numpy_read_and_write_the_same(tmp_path, version):
    """In a virtual environment with the oldest versions, and what coding symbols needs besides."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", f"numpy=={version}", "constriction"]
    if subprocess.run(install).returncode:
        pytest.skip(f"NumPy {version} cannot be installed here")
    found, expected = fingerprints(FILES, python), fingerprints(FILES)
    assert found.pop("numpy") == version != expected.pop("numpy")
    assert {**found, "kernel": None} == {**expected, "kernel": None}


TABLES = """
import sys
from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.model.cascade import Cascade
from neuralcodec.model.nested import NestedCascade
from neuralcodec.training.table_fitting import nominal_tables
from neuralcodec.zoo.presets import load_preset
import keras
preset = load_preset(sys.argv[1])
cascade = (NestedCascade if isinstance(preset.config, NestedConfig) else Cascade)(preset.config)
cascade.load_weights(preset.directory / "model.weights.h5")
print(keras.backend.backend(), nominal_tables(cascade).digest().hex())
"""


@pytest.mark.slow
def test_keras_backends_make_the_same_tables(run_python):
    """The integers that a preset's context networks are rounded to."""
    for preset in ("cq-9k", "cmrl-24k"):
        digests = set()
        for backend in ("tensorflow", "jax", "torch"):
            done = subprocess.run([sys.executable, "-c", TABLES, preset], capture_output=True, text=True,
                                  env={**os.environ, "PYTHONPATH": str(TESTS.parent), "KERAS_BACKEND": backend})
            assert done.returncode == 0, done.stderr
            used, digest = done.stdout.split()
            assert used == backend
            digests.add(digest)
        assert len(digests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_models_of_every_backend_are_what_runs(backend):
    """The tests of the model, and those that hold the runtime's symbols and samples to it."""
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "--import-mode=importlib", "-p",
                           "no:cacheprovider", TESTS / "model", TESTS / "runtime", TESTS / "test_parity.py"],
                          cwd=TESTS.parent, env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def coded_plainly(codec, samples):
    """A file without optional fields, and so without a copy of its header."""
    reader = ContainerReader(io.BytesIO(codec.encode(samples, 16000)))
    writer, file = ContainerWriter(dataclasses.replace(reader.header, has_copy=False)), io.BytesIO()
    for payloads in reader:
        writer.add_block(payloads)
    writer.finish(file)
    return file.getvalue()


def later_file(data, version, area):
    """A file as a later version of the program may write it: of some version, with some optional fields."""
    length, at = from_varint(data, 4)
    reader = ContainerReader(io.BytesIO(data))
    index = b"".join(map(to_varint, reader.block_sizes))
    body = data[at: at + length].removesuffix(index) + to_varint(len(area)) + area + index
    start = MAGIC + bytes([version]) + to_varint(len(body)) + body
    return start + to_crc(start) + data[at + length + 4:]


def test_a_file_of_a_later_minor_version_is_read(codec):
    """It has fields of odd types that are not known today."""
    data = coded_plainly(codec, 0.1 * np.random.default_rng(0).standard_normal(20000))
    assert data[3] == PLAIN_VERSION and later_file(data, VERSION, b"") != data
    later = later_file(data, VERSION, b"\x07\x05later" + b"\xff\x00")
    np.testing.assert_array_equal(codec.decode(later)[0], codec.decode(data)[0])
    told = codec_info(io.BytesIO(later))
    assert told["samples"] == 20000 and told["intact"]


def test_a_file_of_a_later_major_version_is_refused(codec):
    """It has another version, or a field of an even type that is not known."""
    data = coded_plainly(codec, np.zeros(2000))
    for version, area in ((VERSION + 1, b""), (255, b""), (VERSION, b"\x06\x00")):
        with pytest.raises(NewerVersionError, match="update neuralcodec"):
            codec.decode(later_file(data, version, area))
