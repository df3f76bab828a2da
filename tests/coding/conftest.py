"""Codecs of both kinds with random weights."""

import pytest
from nested_cascades import NESTED, make_nested, nested_folder  # noqa: F401

from neuralcodec.codec import Codec
from neuralcodec.training.table_fitting import nominal_tables
from neuralcodec.zoo.folder import Preset
from neuralcodec.zoo.weights import read_weights


@pytest.fixture(scope="session")
def nested_codec(tmp_path_factory):
    """Three nested modules."""
    config, folder = NESTED["three modules"], tmp_path_factory.mktemp("nested")
    cascade = make_nested(config)
    cascade.save_weights(folder / "model.weights.h5")
    weights, tables = read_weights(folder / "model.weights.h5"), nominal_tables(cascade)
    return Codec(Preset("nested", config, {"kbps": 24.0}, weights, tables, b"nested hash" + bytes(21), folder))


@pytest.fixture(scope="session", params=["time domain", "nested"])
def any_codec(request, codec, nested_codec):
    """A codec of each kind in turn."""
    return {"time domain": codec, "nested": nested_codec}[request.param]


@pytest.fixture(scope="session")
def coded(codec, clip):
    """Three seconds of speech as .nac."""
    return codec.encode(clip[0][16000:64000], 16000)
