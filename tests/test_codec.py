"""The public codec: what users call, and how it is described."""

import inspect

import numpy as np
import pytest

import neuralcodec
from neuralcodec import Codec
from neuralcodec.errors import ConversionWarning, OutputExistsError


def test_what_users_call_is_described_and_typed():
    public = [value for name, value in vars(Codec).items() if not name.startswith("_")]
    functions = [getattr(value, "fget", None) or getattr(value, "__func__", value) for value in public]
    for function in [*functions, neuralcodec.codec_info, neuralcodec.list_presets]:
        assert inspect.getdoc(function), function
        signature = inspect.signature(function)
        untyped = [name for name, parameter in signature.parameters.items()
                   if parameter.annotation is parameter.empty and name not in ("self", "cls")]
        assert not untyped and signature.return_annotation is not signature.empty, function


def test_a_warning_points_to_whoever_calls(codec, tmp_path):
    with pytest.warns(ConversionWarning) as warned:
        codec.encode(np.zeros((100, 2)), 16000)
    assert warned[0].filename == __file__


@pytest.fixture(scope="module")
def coded(codec, clip):
    """Three seconds of speech as .nac."""
    return codec.encode(clip[0][16000:64000], 16000)


def test_save_pretrained(tmp_path, codec, clip, coded):
    codec.save_pretrained(tmp_path / "copy")
    again = Codec.from_pretrained(tmp_path / "copy")
    assert (again.name, again.kbps, again.sample_rate) == ("tiny", 24.0, 16000)
    assert repr(again) == "Codec('tiny', 24 kbps)"
    assert again.encode(clip[0][16000:64000], 16000) == coded
    with pytest.raises(OutputExistsError, match="already exists"):
        codec.save_pretrained(tmp_path / "copy")
    codec.save_pretrained(tmp_path / "copy", overwrite=True)
    again.save_pretrained(tmp_path / "copy", overwrite=True)  # onto itself
    assert Codec.from_pretrained(tmp_path / "copy").preset.hash == codec.preset.hash
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
