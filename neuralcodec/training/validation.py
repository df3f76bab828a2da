"""Validation while training: held-back recordings through the real encoder and decoder, hard decisions and all."""
import tempfile
from pathlib import Path

import numpy as np

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.bitstream.payloads import ideal_bits
from neuralcodec.coding.rate import meet_bitrate
from neuralcodec.errors import MissingDependencyError
from neuralcodec.evaluation.metrics import score
from neuralcodec.runtime.nested_decoder import make_decoder
from neuralcodec.training.calibration import symbols_of
from neuralcodec.training.table_fitting import nominal_tables
from neuralcodec.zoo.weights import read_weights

SCORED_SAMPLES = 4 * SAMPLE_RATE


class Validation:
    """Called with a cascade, returns bitrate and mean quality over held-back recordings.

    Args:
        recordings: list of float32 (N,) at 16 kHz; the first 4 s of each count.
        kbps: bitrate at which quality is measured: all step sizes are scaled together until the recordings cost that.
            By default they stay as they are.
        modules: how many code; all by default.
    """

    def __init__(self, recordings, kbps=None, modules=None):
        self.kbps, self.modules = kbps, modules
        self.seconds = sum(samples[:SCORED_SAMPLES].size for samples in recordings) / SAMPLE_RATE
        self.recordings = [samples[:SCORED_SAMPLES] for samples in recordings]
        self.metrics = ["si_sdr", "pesq"]
        try:
            score(np.zeros(SAMPLE_RATE), np.zeros(SAMPLE_RATE), self.metrics)
        except MissingDependencyError:
            self.metrics.remove("pesq")

    def __call__(self, cascade):
        """Cascade -> {"valid_kbps": ..., "valid_si_sdr": ..., "valid_pesq": ... where installed}."""
        code = self._coder(cascade.active_part())
        coded = code(0) if self.kbps is None else meet_bitrate(self.kbps, self.seconds, None, code)
        rows = [score(samples, decoded, self.metrics)
                for samples, decoded in zip(self.recordings, coded.decode(), strict=True)]
        figures = {"kbps": self._kbps(coded),
                   **{name: np.nanmean([row[name] for row in rows]) for name in rows[0]}}
        return {f"valid_{name}": round(float(value), 4) for name, value in figures.items()}

    def rate(self, cascade):
        """Cascade -> kbps of the recordings, with its step sizes as they are."""
        return self._kbps(self._coder(cascade.active_part())(0))

    def _coder(self, cascade):
        """What `meet_bitrate` wants: step index -> Coded."""
        weights, tables = runtime_weights(cascade), nominal_tables(cascade)
        return lambda step_index, _=None: Coded(self.recordings, cascade.config, weights, tables, step_index,
                                                self.modules)

    def _kbps(self, coded):
        return coded.size * 8 / self.seconds / 1000


class PrefixValidation:
    """The same for several prefixes of a cascade, each at a bitrate of its own.

    Args:
        validations: list of Validation, that of the longest prefix last.
    """

    def __init__(self, validations):
        self.validations = validations

    def __call__(self, cascade):
        """Cascade -> figures as of a Validation: means over the prefixes, and the bitrate of the last."""
        rows = [validate(cascade) for validate in self.validations]
        return {**{name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[-1]},
                "valid_kbps": rows[-1]["valid_kbps"]}


class Coded:
    """Recordings as frames.

    Args:
        recordings: list of float32 (N,).
        config, weights: of the cascade, for the runtime.
        tables: EntropyTables that tell what the frames cost.
        step_index: all step sizes are scaled by 2^(step_index / 256).
        modules: how many code; all by default.
    """

    def __init__(self, recordings, config, weights, tables, step_index, modules=None):
        self.recordings, self.config, self.weights, self.step_index = recordings, config, weights, step_index
        self.modules = modules
        self.frames = [symbols_of(samples, config, weights, step_index).first(modules) for samples in recordings]
        bits = [ideal_bits(frames, tables, step_index).sum() for frames in self.frames]
        self.size = sum(bits) / 8  # bytes

    def decode(self):
        """Yields float32 (N,) for each recording."""
        for samples, frames in zip(self.recordings, self.frames, strict=True):
            yield make_decoder(self.config, self.weights, self.step_index, self.modules).push(frames)[: samples.size]

    def close(self):
        """Nothing is held open."""


def runtime_weights(cascade):
    """Weights of a cascade as the runtime wants them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        cascade.save_weights(path)
        return read_weights(path)
