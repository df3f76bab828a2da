"""The map of a cascade: it is what Keras builds, and the paths in the files of weights are what they always were."""

import h5py
import pytest

from neuralcodec import list_presets
from neuralcodec.architecture.layout import ENCODER_KERNEL, weight_shapes
from neuralcodec.model.cascade import Cascade
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


@pytest.mark.parametrize("name", list_presets())
def test_paths_in_files_of_weights_never_change(name, tmp_path):
    """They are made of names of classes and attributes in `model/`: one renamed, and no preset can be read any more."""
    preset = load_preset(name)
    Cascade(preset.config).save_weights(tmp_path / "new.weights.h5")
    assert shapes_in(tmp_path / "new.weights.h5") == shapes_in(preset.directory / "model.weights.h5")
