"""`Codec.export`: what the folder holds, and what is wrong is said before anything is written."""

import json
import sys

import numpy as np
import pytest

import neuralcodec.export
from neuralcodec.errors import ConfigError, MissingDependencyError, OutputExistsError
from neuralcodec.runtime.side import LsfQuantizer
from neuralcodec.zoo.folder import TABLES


class Writer:
    """Stands in the place of a format."""

    EXTENSION = ".graph"

    @staticmethod
    def write(graph, path):
        path.write_text(graph.name)


@pytest.fixture
def any_format(monkeypatch):
    monkeypatch.setattr("neuralcodec.export.folder._writer", lambda format: Writer)


def test_the_folder(codec, any_format, tmp_path):
    done = []
    codec.export("onnx", tmp_path / "out", progress=lambda *step: done.append(step))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"encoder.graph", "decoder_1.graph", "decoder_2.graph", "codec.json", TABLES}
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert (tmp_path / "out" / TABLES).read_bytes() == (codec.preset.directory / TABLES).read_bytes()


def test_the_description(codec, any_format, tmp_path):
    codec.export("onnx", tmp_path / "out")
    said = json.loads((tmp_path / "out" / "codec.json").read_text())
    assert said["preset"] == codec.name and said["hash"] == codec.preset.hash.hex()
    decoder = said["graphs"]["decoder_2"]
    assert decoder["file"] == "decoder_2.graph" and list(decoder["outputs"]) == ["excitation"]
    assert set(decoder["inputs"]) == {"module_0", "module_1", "lsf", "gain", "log_scale"}
    assert decoder["states"]["state_0"] == {"type": "float32", "shape": [1]}
    assert decoder["delay"] == codec.preset.config.delay - said["frame_samples"]
    symbols = np.full((1, 16), 3)
    points = np.sort([row[31 + 3] for row in said["lsf_points"]])
    wanted = LsfQuantizer(codec.preset.weights, True).reconstruct(symbols)[0]
    np.testing.assert_allclose(points, wanted, atol=1e-6)


def test_a_format_that_there_is_not(codec, tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'onnx'"):
        codec.export("onxx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_replaced(codec, any_format, tmp_path):
    (tmp_path / "mine").write_text("dear to me")
    for target in (tmp_path, tmp_path / "mine"):
        with pytest.raises(OutputExistsError, match="choose another name"):
            codec.export("onnx", target)
    assert (tmp_path / "mine").read_text() == "dear to me"


@pytest.mark.parametrize("format, package, extra", [("onnx", "onnx", "export"), ("litert", "tensorflow", "train")])
def test_a_missing_package_is_named(codec, tmp_path, monkeypatch, format, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    for module in ("onnx_graph", "litert"):  # as if nobody had imported it before
        monkeypatch.delitem(sys.modules, f"neuralcodec.export.{module}", raising=False)
        monkeypatch.delattr(neuralcodec.export, module, raising=False)
    with pytest.raises(MissingDependencyError, match=rf"neuralcodec\[{extra}\]"):
        codec.export(format, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_onnx_models_are_checked(codec, tmp_path):
    onnx = pytest.importorskip("onnx")
    codec.export("onnx", tmp_path / "out")
    model = onnx.load(tmp_path / "out" / "decoder_1.onnx")
    assert {value.name for value in model.graph.output} >= {"excitation", "new_state_0"}
