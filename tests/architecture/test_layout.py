"""The map of a cascade: it is what Keras builds, and the paths in the files of weights are what they always were."""

import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from neuralcodec import list_presets
from neuralcodec.architecture.layout import ENCODER_KERNEL, weight_shapes
from neuralcodec.model.cascade import Cascade
from neuralcodec.model.nested import NestedCascade
from neuralcodec.zoo.metadata import is_nested
from neuralcodec.zoo.presets import load_preset


def shapes_in(path):
    """All arrays of a file of weights: dict of path -> shape."""
    shapes = {}
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, part: shapes.update({name: part.shape} if isinstance(part, h5py.Dataset) else {}))
    return shapes


def test_arrays_are_those_of_the_keras_cascade(reference):
    assert weight_shapes(reference.config) == {name: array.shape for name, array in reference.weights.items()}


def test_the_smallest_cascade_array_by_array():
    from neuralcodec.architecture.config import CascadeConfig, ModuleConfig

    module = ModuleConfig(hop=320, encoder_width=8, encoder_blocks=1, decoder_width=6, decoder_blocks=0, step_width=4,
                          context_width=5, lookahead=0)
    shapes = weight_shapes(CascadeConfig("none", (module,)))
    assert shapes["module_0/encoder/enter/kernel"] == (ENCODER_KERNEL * 320, 8) == (640, 8)
    assert shapes["module_0/encoder/block_0/conv/kernel"] == (3 * 4, 4)
    assert shapes["module_0/decoder/enter/kernel"] == (3 * 320, 6)
    assert shapes["module_0/decoder/condition/kernel"] == (36, 6)
    assert shapes["module_0/context/network/hidden/kernel"] == (676, 5)
    assert shapes["side_context/second/hidden/kernel"] == (45, 64)
    assert shapes["lsf_quantizer/quantizer/offset"] == (16 * 63,)
    assert "module_0/step_out/bias" not in shapes and "module_0/decoder/condition/bias" not in shapes
    assert len(shapes) == 38


def test_no_number_of_the_map_stands_anywhere_else():
    """With other numbers the map still is what Keras builds, what NumPy runs and what entropy tables are held to."""
    code = """
import sys
import tempfile
from pathlib import Path

import pytest

from neuralcodec.architecture import layout

layout.LEAKY_SLOPE, layout.BIN_RANGE, layout.MODULE_LIMIT = 0.4, 0.3, 120
layout.ENCODER_KERNEL, layout.DECODER_KERNEL, layout.BLOCK_KERNEL = 3, 5, 2
layout.NOISE_KERNEL, layout.NOISE_WIDTH, layout.NOISE_BLOCKS, layout.SIDE_CONTEXT_WIDTH = 2, 20, 2, 16
layout.bottleneck = lambda width: width // 4

sys.path.insert(0, str(Path(sys.argv[1]).parent))
from reference_cascades import CONFIGS, Reference, make_cascade

from neuralcodec.training.table_fitting import nominal_tables
from neuralcodec.zoo.weights import check_weights

with tempfile.TemporaryDirectory() as folder:
    twins = Reference(make_cascade(CONFIGS["three modules"]), Path(folder))
check_weights(twins.weights, twins.config)
assert nominal_tables(twins.cascade).side_a.num_hidden == 16
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-k", "agree", sys.argv[1]]))
"""
    tests = Path(__file__).parents[1] / "test_parity.py"
    run = subprocess.run([sys.executable, "-c", code, str(tests)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", list_presets())
def test_paths_in_files_of_weights_never_change(name, tmp_path):
    """They are made of names of classes and attributes in `model/`: one renamed, and no preset can be read any more."""
    preset = load_preset(name)
    (NestedCascade if is_nested(preset.metadata) else Cascade)(preset.config).save_weights(tmp_path / "new.weights.h5")
    assert shapes_in(tmp_path / "new.weights.h5") == shapes_in(preset.directory / "model.weights.h5")
