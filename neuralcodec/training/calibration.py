"""From trained weights to a preset folder: calibrated to its bitrate, with entropy tables, a card and a hash."""
import math
import tempfile
from pathlib import Path

import numpy as np

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.bitstream.frames import Frames
from neuralcodec.coding.file import encode
from neuralcodec.coding.rate import StepSearch
from neuralcodec.runtime.nested_encoder import make_encoder
from neuralcodec.training.corpus import as_float, in_folder
from neuralcodec.training.table_fitting import fit_tables
from neuralcodec.zoo.card import model_card
from neuralcodec.zoo.folder import save_preset
from neuralcodec.zoo.weights import read_weights, write_half

CALIBRATION_SECONDS = 450  # of training speech: sets the rate and fits the tables
MIN_SAMPLES = 2 * SAMPLE_RATE  # clips whose rate counts are at least 2 s long: headers weigh little
CALIBRATION_TOLERANCE = 0.002  # relative error of the rate at which the search ends
MAX_ROUNDS = 6


def write_calibrated_preset(cascade, config, recordings, directory, details=None, overwrite=False):
    """Writes a preset from a trained cascade.

    All step sizes are scaled together until files of the training speech cost the nominal rate, header included, on
    average over clips; after each change the tables are fitted anew.

    Args:
        cascade: the trained Cascade, of which the active modules are written; their step sizes are changed.
        config: TrainingConfig.
        recordings: list of float32 (n,) at 16 kHz, see `calibration_speech`.
        directory: where the preset goes.
        details: further entries of metadata.json.
        overwrite: whether an existing preset may be replaced.

    Returns:
        Preset.
    """
    cascade = cascade.active_part()

    def write(again):
        return write_preset(cascade, config, recordings, directory, details, overwrite or again)

    return calibrate(cascade.chain, recordings, config.kbps, write)


def calibrate(modules, recordings, kbps, write, prefix=None, where=1.0):
    """Scales step sizes until files of recordings cost a bitrate, header included, on average over recordings.

    Args:
        modules: list of the cascade's modules whose step sizes are scaled.
        recordings: list of float32 (n,) at 16 kHz.
        kbps: the bitrate.
        write: called as write(again) after each change, `again` if it is not the first time; returns the Preset that
            it wrote.
        prefix: how many modules code; all by default.
        where: 1 for the step sizes that are scaled and 0 for the others, if only some are.

    Returns:
        Preset.
    """
    scale, search, again = 0.0, StepSearch(), False
    for _ in range(MAX_ROUNDS):
        preset = write(again)
        error = math.log(kbps_of_files(preset, recordings, prefix) / kbps)
        if abs(error) < CALIBRATION_TOLERANCE or not modules:
            break
        before, scale, again = scale, search.next(scale, error), True
        for module in modules:
            module.log_step.assign_add(np.full(module.log_step.shape, (scale - before) * where, "float32"))
    return preset


def calibration_speech(recordings, folders=()):
    """Recordings of at least 2 s (or all, if none is), evenly spread over the training speech.

    Args:
        recordings: {path: int16 (n,)}.
        folders: patterns; only files below a folder of such a name are taken, unless there is none.

    Returns:
        list of float32 (n,).
    """
    chosen = [samples for path, samples in recordings.items() if in_folder(path, folders)] or [*recordings.values()]
    taken, seconds = [], 0.0
    for index in np.random.default_rng(0).permutation(len(chosen)):
        taken.append(chosen[index])
        seconds += chosen[index].size / SAMPLE_RATE if chosen[index].size >= MIN_SAMPLES else 0.0
        if seconds > CALIBRATION_SECONDS:
            break
    return [as_float(samples) for samples in taken if samples.size >= MIN_SAMPLES] or [*map(as_float, taken)]


def write_preset(cascade, config, recordings, directory, details, overwrite):
    """Fits tables to recordings, a list of float32 (n,), and writes the preset; returns it."""
    with tempfile.TemporaryDirectory() as folder:
        trained, weights_file = Path(folder) / "trained.weights.h5", Path(folder) / "model.weights.h5"
        cascade.save_weights(trained)
        write_half(trained, weights_file)
        weights = read_weights(weights_file)
        tables = fit_tables(cascade, [symbols_of(samples, cascade.config, weights) for samples in recordings])
        facts = {"name": config.name, "description": config.description, "kbps": config.kbps}
        return save_preset(directory, **facts, config=cascade.config, weights_file=weights_file, tables=tables,
                           card=model_card({**facts, **(details or {})}), details=details, overwrite=overwrite)


def kbps_of_files(preset, recordings, modules=None):
    """Mean bitrate of files of recordings, a list of float32 (n,), coded by so many modules."""
    sizes = [len(encode(preset, samples, SAMPLE_RATE, modules=modules)) / samples.size for samples in recordings]
    return float(np.mean(sizes)) * 8 * SAMPLE_RATE / 1000


def symbols_of(samples, model, weights, step_index=0):
    """All frames of a recording; step sizes are scaled by 2^(step_index / 256)."""
    encoder = make_encoder(model, weights, step_index)
    return Frames.concatenate([encoder.push(samples), encoder.finish()])
