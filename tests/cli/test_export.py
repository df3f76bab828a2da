"""`neuralcodec export`"""

import sys

import pytest

import neuralcodec.export


def test_usage(cli, tiny_folder, tmp_path):
    assert cli("export", tiny_folder, "--output", tmp_path / "out")[0] == 2
    code, _, err = cli("export", tiny_folder, "--format", "keras", "--output", tmp_path / "out")
    assert code == 2 and "onnx" in err


def test_a_missing_package_is_one_sentence(cli, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "neuralcodec.export.onnx_graph", raising=False)
    monkeypatch.delattr(neuralcodec.export, "onnx_graph", raising=False)
    code, _, err = cli("export", tiny_folder, "--format", "onnx", "--output", tmp_path / "out")
    assert code == 1 and err.startswith("Error: ") and "neuralcodec[export]" in err and "Traceback" not in err


def test_onnx(cli, tiny_folder, tmp_path):
    pytest.importorskip("onnx")
    code, out, err = cli("export", tiny_folder, "--format", "onnx", "--output", tmp_path / "out")
    assert code == 0 and not out and err.endswith("Wrote " + str(tmp_path / "out") + ".\n")
    assert (tmp_path / "out" / "encoder.onnx").stat().st_size > 1000
    assert cli("export", tiny_folder, "--format", "onnx", "--output", tmp_path / "out")[0] == 1
