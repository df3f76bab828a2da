"""A residual module: a 1-D CNN autoencoder on time-domain samples, conditioned on what LPC has already sent.

Its first and last layer are one long strided convolution that starts as an orthonormal lapped transform (the same
kernel on both sides) and is trained like every other weight; small causal CNNs correct the coefficients before
quantisation and after it. Step sizes are a function of the side information: learned bit allocation and noise shaping.

References: Kankanahalli, ICASSP 2018; Zhen et al., Interspeech 2019, section 2; Malvar, "Signal Processing with
Lapped Transforms", 1992 (the initial kernel).
"""
import keras
from keras import layers, ops

from neuralcodec.architecture.layout import MODULE_LIMIT, module_layout
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.model.cnn import Correction, leaky_relu
from neuralcodec.model.entropy_model import ModuleContext, PredictedContext
from neuralcodec.model.initializers import glorot, small
from neuralcodec.model.noise_filling import NoiseFill
from neuralcodec.model.quantizer import SOFT, SPARSE, SoftmaxQuantizer, straight_through
from neuralcodec.model.transform import inverse_transform, transform

FIRST_LOG_STEP = -0.3  # initial log of the step, where the first module's coefficients have a variance near 1
LATER_LOG_STEP = 2.5  # what is left to a later module is small: it starts silent, and takes bits where they help


class ResidualModule(layers.Layer):
    """One autoencoder of the cascade.

    The class' name, its attributes that hold layers and the order of its variables are paths in `model.weights.h5`: see
    `architecture.layout`.

    Args:
        config: a ModuleConfig.
        first: whether it is the first of the cascade; a later one also sees the reconstruction by those before.
    """

    def __init__(self, config, first, **kwargs):
        super().__init__(**kwargs)
        self.config, self.first, self.layout = config, first, module_layout(config, first)
        hop, shapes = config.hop, self.layout.shapes()
        self.basis = self.add_weight(shape=shapes["basis"], name="basis", initializer="zeros")
        self.basis.assign(lapped_basis(hop))
        first_log_step = keras.initializers.Constant(FIRST_LOG_STEP if first else LATER_LOG_STEP)
        self.log_step = self.add_weight(shape=shapes["log_step"], name="log_step", initializer=first_log_step)
        self.step_hidden = layers.Dense(config.step_width, activation=leaky_relu, name="step_hidden",
                                        kernel_initializer=glorot(5))
        self.step_out = layers.Dense(hop, use_bias=False, kernel_initializer=small(), name="step_out")
        self.encoder = Correction(self.layout.encoder, first, name="encoder")
        self.decoder = Correction(self.layout.decoder, first, name="decoder")
        # a soft gradient pretends that codes of zero follow their input: a silent encoder would learn to shout
        self.quantizer = SoftmaxQuantizer(MODULE_LIMIT, alpha=SOFT if first else SPARSE, name="quantizer")
        if config.long_term:
            self.context = PredictedContext(hop, config.coded, config.context_width, name="context")
        else:
            self.context = ModuleContext(config.context_width, not first, name="context")
        self.noise = NoiseFill(hop, name="noise") if config.noise_fill else None
        self.step_hidden.build((None, self.layout.condition))
        self.step_out.build((None, config.step_width))
        for part in (self.encoder, self.decoder, self.context):
            part.build()
        self.built = True

    def transform(self, x):
        """Waveform (B, T) -> coefficients (B, T / hop, hop)."""
        return transform(x, self.basis)

    def inverse_transform(self, t):
        """Coefficients (B, K, hop) -> waveform (B, K hop)."""
        return inverse_transform(t, self.basis)

    def step_sizes(self, condition):
        """Step size of every coefficient from LSFs and gains: (B, K, C) -> (B, K, hop)."""
        return ops.exp(self.log_step + self.step_out(self.step_hidden(condition)))

    def encode(self, residual, reconstruction, condition, step):
        """Residual and reconstruction (B, T) -> coefficients (B, K, hop) in units of the step, before quantisation.

        Those that are not sent are 0.
        """
        t, coded = self.transform(residual), self.config.coded
        z = (t[..., :coded] + self.encoder(self._inputs(t, reconstruction), condition)) / step[..., :coded]
        return ops.pad(z, [[0, 0], [0, 0], [0, self.config.hop - coded]])

    def decode(self, z, reconstruction, condition, step):
        """Quantised coefficients in units of the step -> this module's part of the decoded coefficients (B, K, hop)."""
        t = z * step
        return t + self.decoder(self._inputs(t, reconstruction), condition)

    def _inputs(self, t, reconstruction):
        return t if self.first else ops.concatenate([t, self.transform(reconstruction)], axis=-1)

    def bits(self, symbols, side, lower_module):
        """What symbols cost.

        Args:
            symbols: (B, F, 320).
            side: side symbols (B, F, 18).
            lower_module: symbols of the module before (B, F, 320); None for the first.

        Returns:
            (B, F, 320).
        """
        if self.config.long_term:
            return self.context(symbols, side, self.basis, ops.exp(self.log_step))
        return self.context(symbols, side, lower_module)

    def call(self, residual, reconstruction, condition):
        """Codes a residual.

        Args:
            residual: (B, T), what the modules before have left over.
            reconstruction: (B, T), the sum of their outputs (ignored by the first module).
            condition: (B, K, C) side information per code frame.

        Returns:
            decoded: coefficients (B, K, hop), of which `inverse_transform` makes this module's part of the waveform.
            symbols: (B, K, hop), with the gradient of the unquantised code.
        """
        step = self.step_sizes(condition)
        z = self.encode(residual, ops.stop_gradient(reconstruction), condition, step)  # codes do not steer those before
        quantised, symbols = self.quantizer(z)
        if self.noise:
            quantised = quantised + self.noise(symbols)
        return self.decode(quantised, reconstruction, condition, step), straight_through(z, symbols)
