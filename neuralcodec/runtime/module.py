"""A residual module with memory. K counts code frames, each `hop` samples long."""

from typing import NamedTuple

import numpy as np

from neuralcodec.architecture.noise import NOISE
from neuralcodec.bitstream.symbols import MODULE_LIMIT
from neuralcodec.runtime.layers import Correction, Cycle, Dense, InverseTransform, Queue, Transform, leaky_relu
from neuralcodec.runtime.quantizer import Quantizer


class SharedState(NamedTuple):
    """What both sides know before a module's symbols."""

    reconstruction: np.ndarray  # (K hop,) what has been decoded by the modules before; None in the first module
    coefficients: np.ndarray  # (K, hop) its transform; None in the first module
    condition: np.ndarray  # (K, C) side information
    step: np.ndarray  # (K, hop) step sizes


class ResidualModule:
    """One autoencoder of the cascade.

    Args:
        config: a ModuleConfig.
        weights: dict of name -> float32 array, of the whole cascade.
        number: place in the cascade, from 0.
        step_scale: factor of all step sizes.
    """

    def __init__(self, config, weights, number, step_scale):
        name, first = f"module_{number}", number == 0
        inputs, basis = config.hop if first else 2 * config.hop, weights[f"{name}/basis"]
        self.hop, self.coded, self.first = config.hop, config.coded, first
        self._log_step = weights[f"{name}/log_step"] + np.float32(np.log(step_scale))
        self._step_hidden, self._step_out = (Dense(weights, f"{name}/{layer}") for layer in ("step_hidden", "step_out"))
        self._noise = None
        if config.noise_fill:
            self._noise = Cycle(NOISE.reshape(-1, config.hop) * np.exp(weights[f"{name}/noise/log_level"]))
        self._encoder = Correction(weights, f"{name}/encoder", inputs, config.encoder_width, config.encoder_blocks, 2)
        self._decoder = Correction(weights, f"{name}/decoder", inputs, config.decoder_width, config.decoder_blocks,
                                   3 + config.lookahead, config.lookahead)
        self._quantizer = Quantizer(weights[f"{name}/quantizer/offset"], MODULE_LIMIT)
        self._transform, self._transform_reconstruction = Transform(basis), Transform(basis)
        self._inverse = InverseTransform(basis)
        self._coefficients = Queue()  # wait for their correction
        self._reconstruction = Queue()  # waits for this module's part

    def share(self, reconstruction, condition):
        """Takes in the next code frames of what both sides know.

        Args:
            reconstruction: (K hop,) the sum of the outputs of the modules before; None for the first module.
            condition: (K, C).

        Returns:
            SharedState, for `encode` and `decode`.
        """
        step = np.exp(self._log_step + self._step_out(leaky_relu(self._step_hidden(condition))))
        coefficients = None if self.first else self._transform_reconstruction(reconstruction)
        return SharedState(reconstruction, coefficients, condition, step)

    def encode(self, residual, shared):
        """What the modules before have left over (K hop,) -> symbols (K, hop); those that are not sent are 0."""
        t = self._transform(residual)
        correction = self._encoder(self._inputs(t, shared), shared.condition)
        z = (t[:, : self.coded] + correction) / shared.step[:, : self.coded]
        return self._quantizer.quantise(np.pad(z, ((0, 0), (0, self.hop - self.coded))))

    def decode(self, symbols, shared):
        """Decodes what `shared` and the symbols allow.

        Args:
            symbols: (K, hop).
            shared: SharedState.

        Returns:
            decoded so far (n,), this module included, up to the last sample that is complete; and this module's
            coefficients (k, hop), of which it is made.
        """
        z = self._quantizer.reconstruct(symbols)
        if self._noise is not None:
            z += np.where(symbols == 0, self._noise(len(symbols)), np.float32(0))
        t = z * shared.step
        correction = self._decoder(self._inputs(t, shared), shared.condition)
        self._coefficients.push(t)
        t = self._coefficients.pop(len(correction)) + correction
        decoded = self._inverse(t)
        if self.first:
            return decoded, t
        self._reconstruction.push(shared.reconstruction)
        return decoded + self._reconstruction.pop(len(decoded)), t

    def _inputs(self, t, shared):
        return t if self.first else np.concatenate([t, shared.coefficients], axis=1)
