"""What an export writes, run in ONNX Runtime and LiteRT: the package's symbols and samples on twenty clips."""

import numpy as np
import pytest
from nested_cascades import NESTED, Nested, make_nested
from step_coding import LiteRtRunner, OnnxRunner, StepDecoder, StepEncoder

from neuralcodec.audio import resample
from neuralcodec.bitstream.frames import Frames
from neuralcodec.export.graphs import decoder_graph, encoder_graph
from neuralcodec.runtime.nested_decoder import make_decoder
from neuralcodec.runtime.nested_encoder import make_encoder
from neuralcodec.zoo.presets import load_preset

CLIPS, CLIP_SAMPLES = 20, 8000
AT_THRESHOLD = 1e-5  # share of symbols that may differ by one: values that lie at a threshold, where rounding decides


@pytest.fixture(scope="module")
def clips(clip):
    """Twenty clips of half a second, each at another level and, as it were, of another speaker."""
    samples, rate = clip
    starts = np.linspace(0, len(samples) - 2 * CLIP_SAMPLES, CLIPS).astype(int)
    voices = [resample(samples[start: start + 2 * CLIP_SAMPLES], rate - 2000 + 250 * i, rate)[:CLIP_SAMPLES]
              for i, start in enumerate(starts)]
    return [0.75 ** (i % 8) * voice for i, voice in enumerate(voices)]


@pytest.fixture(scope="module", params=["cq-24k", "cq-9k", "nested"])
def cascade(request, tmp_path_factory):
    """A cascade of either kind, with its configuration and weights."""
    if request.param != "nested":
        return load_preset(request.param)
    return Nested(make_nested(NESTED["three modules"]), tmp_path_factory.mktemp("weights"))


def check(cascade, clips, folder, writer, runner):
    config, weights, count = cascade.config, cascade.weights, len(cascade.config.modules)
    graphs = [encoder_graph(config, weights), decoder_graph(config, weights, count)]
    paths = [folder / (graph.name + writer.EXTENSION) for graph in graphs]
    for graph, path in zip(graphs, paths):
        writer.write(graph, path)
    different = total = 0
    for samples in clips:
        wanted, found = (
            Frames.concatenate([encoder.push(samples), encoder.finish()])
            for encoder in (make_encoder(config, weights), StepEncoder(config, weights, runner(graphs[0], paths[0]))))
        assert np.array_equal(found.side, wanted.side)
        for mine, others in zip(found.modules, wanted.modules, strict=True):
            difference = np.abs(mine.astype(int) - others)
            assert difference.max() <= 1
            different, total = different + np.count_nonzero(difference), total + difference.size
        decoder = StepDecoder(config, weights, runner(graphs[1], paths[1]))
        np.testing.assert_allclose(decoder.push(wanted), make_decoder(config, weights).push(wanted), atol=1e-4)
    assert different <= AT_THRESHOLD * total


@pytest.mark.slow
def test_onnx(cascade, clips, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from neuralcodec.export import onnx_graph

    check(cascade, clips, tmp_path, onnx_graph, OnnxRunner)


@pytest.mark.slow
def test_litert(cascade, clips, tmp_path):
    pytest.importorskip("tensorflow")
    pytest.importorskip("ai_edge_litert")
    from neuralcodec.export import litert

    check(cascade, clips, tmp_path, litert, LiteRtRunner)
