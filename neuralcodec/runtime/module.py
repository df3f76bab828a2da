"""A residual module with memory. K counts code frames, each `hop` samples long."""

import functools
from typing import NamedTuple

import numpy as np

from neuralcodec.architecture.layout import MODULE_LIMIT, module_layout
from neuralcodec.runtime.cnn import Correction, leaky_relu
from neuralcodec.runtime.layers import Dense, Product, Queue
from neuralcodec.runtime.noise_filling import NoiseFill
from neuralcodec.runtime.quantizer import SoftmaxQuantizer
from neuralcodec.runtime.transform import InverseTransform, Transform


class SharedState(NamedTuple):
    """What both sides know before a module's symbols."""

    reconstruction: np.ndarray  # (K hop,) by the modules before; None in the first module
    coefficients: np.ndarray  # (K, hop) its transform; None in the first module
    condition: np.ndarray  # (K, C) side information
    step: np.ndarray  # (K, hop) step sizes


class ResidualModule:
    """One autoencoder of the cascade.

    Args:
        weights: dict of name -> float32 array, of the whole cascade.
        config: a ModuleConfig.
        number: place in the cascade, from 0.
        step_scale: factor of all step sizes.
        first_frame: number of the frame with which decoding begins.
        product: `Product` or `SteadyProduct`.
        late: how many code frames the module waits for those before it.
    """

    def __init__(self, weights, config, number, step_scale=1.0, first_frame=0, product=Product, late=0):
        name, self._first = f"module_{number}", number == 0
        completed = functools.partial(product, late=late + config.lookahead)
        product = functools.partial(product, late=late)
        layout, basis = module_layout(config, self._first), weights[f"{name}/basis"]
        self.hop, self._coded = layout.hop, layout.coded
        self._log_step = weights[f"{name}/log_step"] + np.float32(np.log(step_scale))
        self._step_hidden = Dense(weights, f"{name}/step_hidden", product)
        self._step_out = Dense(weights, f"{name}/step_out", product)
        self._encoder = Correction(weights, f"{name}/encoder", layout.encoder, product)
        self._decoder = Correction(weights, f"{name}/decoder", layout.decoder, completed)
        self._quantizer = SoftmaxQuantizer(weights[f"{name}/quantizer/offset"], MODULE_LIMIT)
        self._noise = NoiseFill(weights[f"{name}/noise/log_level"], first_frame) if layout.noise_fill else None
        self._transform, self._transform_reconstruction = Transform(basis, product), Transform(basis, product)
        self._inverse_transform = InverseTransform(basis, completed)
        self._coefficients = Queue()  # wait for their correction
        self._reconstruction = Queue()  # waits for this module's part

    def step_sizes(self, condition):
        """Step size of every coefficient from LSFs and gains: (K, C) -> (K, hop)."""
        return np.exp(self._log_step + self._step_out(leaky_relu(self._step_hidden(condition))))

    def share(self, reconstruction, condition):
        """Takes in the next code frames of what both sides know.

        Args:
            reconstruction: (K hop,) the sum of the outputs of the modules before; None for the first module.
            condition: (K, C).

        Returns:
            SharedState, for `encode` and `decode`.
        """
        coefficients = None if self._first else self._transform_reconstruction(reconstruction)
        return SharedState(reconstruction, coefficients, condition, self.step_sizes(condition))

    def encode(self, residual, shared):
        """What the modules before have left over (K hop,) -> symbols (K, hop); those that are not sent are 0."""
        t = self._transform(residual)
        correction = self._encoder(self._inputs(t, shared), shared.condition)
        z = (t[:, : self._coded] + correction) / shared.step[:, : self._coded]
        return self._quantizer.quantise(np.pad(z, ((0, 0), (0, self.hop - self._coded))))

    def coefficients(self, symbols, shared):
        """What the symbols (K, hop) stand for, (K, hop), with noise where they are zero."""
        z = self._quantizer.reconstruct(symbols)
        if self._noise is not None:
            z += self._noise(symbols)
        return z * shared.step

    def decode(self, t, shared):
        """Decodes what `shared` and the coefficients allow.

        Args:
            t: `coefficients` of the symbols, (K, hop).
            shared: SharedState.

        Returns:
            the reconstruction (n,), this module included, up to the last sample that is complete; and this module's
            completed coefficients (k, hop), of which it is made.
        """
        correction = self._decoder(self._inputs(t, shared), shared.condition)
        self._coefficients.push(t)
        t = self._coefficients.pop(len(correction)) + correction
        decoded = self._inverse_transform(t)
        if self._first:
            return decoded, t
        self._reconstruction.push(shared.reconstruction)
        return decoded + self._reconstruction.pop(len(decoded)), t

    def _inputs(self, t, shared):
        return t if self._first else np.concatenate([t, shared.coefficients], axis=1)
