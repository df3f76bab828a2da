"""The folder that an export writes: the graphs, and what a decoder in another language needs besides.

    encoder.onnx            (or .tflite) from what the LPC stage leaves over to symbols
    decoder_1.onnx, ...     from the symbols of the first so many modules to what goes into the LPC stage
    codec.json              names and shapes of their inputs, outputs and states; codebooks of the LSFs
    tables.npz              the integers that turn bits into symbols, as in the preset
"""

import os

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.architecture.layout import SIDE_LIMIT, num_bins
from neuralcodec.architecture.lpc import ORDER
from neuralcodec.errors import ConfigError, OutputExistsError, unknown_name
from neuralcodec.export.graphs import step_graphs
from neuralcodec.files.folders import atomic_folder
from neuralcodec.runtime.side import LsfQuantizer
from neuralcodec.zoo.folder import TABLES
from neuralcodec.zoo.metadata import write_object

FORMATS = ("onnx", "litert")
DESCRIPTION = "codec.json"


def export(preset, format, directory, progress=None):
    """Writes a preset for another runtime; arguments and exceptions as for `Codec.export`."""
    if format not in FORMATS:
        raise ConfigError(f"Unknown export format {format!r}; {unknown_name(format, FORMATS)}")
    if os.path.lexists(directory) and not (os.path.isdir(directory) and not os.listdir(directory)):
        raise OutputExistsError(f"'{directory}' already exists; choose another name for the folder.")
    writer, graphs = _writer(format), step_graphs(preset.config, preset.weights)
    with atomic_folder(directory) as folder:
        for done, graph in enumerate(graphs, start=1):
            writer.write(graph, folder / (graph.name + writer.EXTENSION))
            if progress is not None:
                progress(done, len(graphs))
        preset.tables.save(folder / TABLES)
        write_object(folder / DESCRIPTION, _description(preset, graphs, writer.EXTENSION))


def _writer(format):
    """The module that writes a format; importing it makes sure that it can."""
    if format == "onnx":
        from neuralcodec.export import onnx_graph as writer
    else:
        from neuralcodec.export import litert as writer
    return writer


def _description(preset, graphs, extension):
    """What codec.json says."""
    quantizer = LsfQuantizer(preset.weights, preset.config.lpc != "none")
    symbols = np.arange(num_bins(SIDE_LIMIT)) - SIDE_LIMIT
    points = quantizer.points(np.repeat(symbols[:, None], ORDER, axis=1))  # (63, 16)
    return {
        "preset": preset.name,
        "hash": preset.hash.hex(),
        "sample_rate": SAMPLE_RATE,
        "frame_samples": FRAME_SAMPLES,
        "lpc": preset.config.lpc,
        "lsf_points": points.T.tolist(),
        "lsf_mean": preset.weights["lsf_quantizer/mean"].tolist(),
        "lsf_std": preset.weights["lsf_quantizer/std"].tolist(),
        "graphs": {graph.name: _interface(graph, extension) for graph in graphs},
    }


def _interface(graph, extension):
    """Inputs, outputs and states of a graph, with their types and shapes."""
    states, outputs, delay = graph.outline()
    described = {"inputs": graph.inputs, "outputs": outputs, "states": states}
    described = {kind: {name: {"type": array.dtype.name, "shape": list(array.shape)} for name, array in arrays.items()}
                 for kind, arrays in described.items()}
    return {"file": graph.name + extension, **described, "delay": delay}
