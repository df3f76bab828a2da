"""Validation while training: held-back recordings through the real encoder and decoder, hard decisions and all."""
import tempfile
from pathlib import Path

import numpy as np

from neuralcodec.bitstream.packets import Packets
from neuralcodec.bitstream.payloads import ideal_bits
from neuralcodec.errors import MissingDependencyError
from neuralcodec.evaluation.metrics import score
from neuralcodec.model.config import SAMPLE_RATE
from neuralcodec.runtime.decoder import Decoder
from neuralcodec.runtime.encoder import Encoder
from neuralcodec.runtime.weights import read_weights
from neuralcodec.training.tables import nominal_tables

LONGEST = 4 * SAMPLE_RATE
EVERY, MOST = 40, 24  # one recording of 40 is held back, at most 24


def hold_back(files):
    """Splits files into those to train on and those to validate on; too few files are all trained on."""
    held = files[EVERY // 2:: EVERY][:MOST]
    return [path for path in files if path not in set(held)], held


class Validation:
    """Called with a cascade, returns mean bitrate and quality over held-back recordings.

    Args:
        recordings: list of float32 (N,) at 16 kHz; the first 4 s of each count.
    """

    def __init__(self, recordings):
        self.recordings = [samples[:LONGEST] for samples in recordings]
        self.metrics = ["si_sdr", "pesq"]
        try:
            score(np.zeros(SAMPLE_RATE), np.zeros(SAMPLE_RATE), self.metrics)
        except MissingDependencyError:
            self.metrics.remove("pesq")

    def __call__(self, cascade):
        """Cascade -> {"valid_kbps": ..., "valid_si_sdr": ..., "valid_pesq": ... where installed}."""
        cascade = cascade.active_part()
        weights, tables = runtime_weights(cascade), nominal_tables(cascade)
        rows = [self._measure(samples, cascade.config, weights, tables) for samples in self.recordings]
        return {f"valid_{name}": round(float(np.nanmean([row[name] for row in rows])), 4) for name in rows[0]}

    def _measure(self, samples, config, weights, tables):
        encoder = Encoder(config, weights)
        packets = Packets.concatenate([encoder.push(samples), encoder.finish()])
        decoded = Decoder(config, weights).push(packets)[: samples.size]
        bits = ideal_bits(packets, tables).sum()
        return {"kbps": bits / samples.size * SAMPLE_RATE / 1000, **score(samples, decoded, self.metrics)}


def runtime_weights(cascade):
    """Weights of a cascade as the runtime wants them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        cascade.save_weights(path)
        return read_weights(path)
