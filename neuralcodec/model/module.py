"""A residual module: a 1-D CNN autoencoder on time-domain samples, conditioned on what LPC has already sent.

Its first and last layer are one long strided convolution that starts as an orthonormal lapped transform (the same
kernel on both sides) and is trained like every other weight; small causal CNNs correct the coefficients before
quantisation and after it. Step sizes are a function of the side information: learned bit allocation and noise shaping.

References: Kankanahalli, ICASSP 2018; Zhen et al., Interspeech 2019, section 2; Malvar, "Signal Processing with
Lapped Transforms", 1992 (the initial kernel).
"""
import keras
from keras import layers, ops

from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.bitstream.symbols import MODULE_LIMIT
from neuralcodec.model.entropy_model import ModuleContext, PredictedContext
from neuralcodec.model.noise_filling import NoiseFill
from neuralcodec.model.quantizer import SOFT, SPARSE, SoftmaxQuantizer, straight_through
from neuralcodec.model.transform import inverse_transform, transform

FIRST_LOG_STEP = -0.3  # initial log of the step, where the first module's coefficients have a variance near 1
LATER_LOG_STEP = 2.5  # what is left to a later module is small: it starts silent, and takes bits where they help


def small():
    """Initial weights of corrections: they start near zero, so that training starts from the transform itself."""
    return keras.initializers.VarianceScaling(0.01, seed=1)


class CausalConv1D(layers.Layer):
    """Convolution over frames that sees the frames before and at most `lookahead` frames after.

    It is written as a dense layer over neighbouring frames, which XLA runs several times faster on a CPU than its own
    convolution with few frames and many channels.
    """

    def __init__(self, width, kernel, lookahead=0, **kwargs):
        super().__init__(**kwargs)
        self.kernel, self.padding = kernel, (kernel - 1 - lookahead, lookahead)
        self.dense = layers.Dense(width, kernel_initializer=keras.initializers.GlorotUniform(seed=kernel), name="dense")

    def build(self, shape):
        self.dense.build((*shape[:-1], self.kernel * shape[-1]))
        self.built = True

    def call(self, x):
        """(B, K, C) -> (B, K, width)."""
        padded = ops.pad(x, [[0, 0], self.padding, [0, 0]])
        return self.dense(ops.concatenate([padded[:, i: i + x.shape[1]] for i in range(self.kernel)], axis=-1))


class ResidualBlock(layers.Layer):
    """x + expand(conv(squeeze(x))): a bottleneck over three frames."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        seed = keras.initializers.GlorotUniform
        self.squeeze = layers.Dense(width // 2, kernel_initializer=seed(seed=2), name="squeeze")
        self.conv = CausalConv1D(width // 2, 3, name="conv")
        self.expand = layers.Dense(width, kernel_initializer=keras.initializers.VarianceScaling(0.1, seed=3),
                                   name="expand")

    def build(self, shape):
        self.squeeze.build(shape)
        inner = (*shape[:-1], self.squeeze.units)
        self.conv.build(inner)
        self.expand.build(inner)
        self.built = True

    def call(self, x):
        y = ops.leaky_relu(self.squeeze(x), 0.2)
        return x + self.expand(ops.leaky_relu(self.conv(y), 0.2))


class Correction(layers.Layer):
    """The CNN of an encoder or decoder: coefficients and side information in, a correction of the coefficients out.

    A later module's starts at zero: even a small correction at random would be noise in what those before have decoded.
    """

    def __init__(self, hop, width, blocks, kernel=2, lookahead=0, first=True, **kwargs):
        super().__init__(**kwargs)
        self.enter = CausalConv1D(width, kernel, lookahead, name="enter")
        self.condition = layers.Dense(width, use_bias=False, name="condition",
                                      kernel_initializer=keras.initializers.GlorotUniform(seed=4))
        self.blocks = [ResidualBlock(width, name=f"block_{i}") for i in range(blocks)]
        self.leave = layers.Dense(hop, kernel_initializer=small() if first else "zeros", name="leave")
        self.width = width

    def build(self, inputs, condition):
        self.enter.build(inputs)
        self.condition.build(condition)
        inner = (*inputs[:-1], self.width)
        for block in self.blocks:
            block.build(inner)
        self.leave.build(inner)
        self.built = True

    def call(self, x, condition):
        h = self.enter(x) + self.condition(condition)
        for block in self.blocks:
            h = block(h)
        return self.leave(ops.leaky_relu(h, 0.2))


class ResidualModule(layers.Layer):
    """One autoencoder of the cascade.

    Args:
        config: a ModuleConfig.
        condition: width of the side information that conditions it.
        first: whether it is the first of the cascade; a later one also sees the reconstruction by those before.
    """

    def __init__(self, config, condition, first, **kwargs):
        super().__init__(**kwargs)
        self.config, self.first = config, first
        hop, inputs = config.hop, config.hop if first else 2 * config.hop
        self.basis = self.add_weight(shape=(2 * hop, hop), name="basis", initializer="zeros")
        self.basis.assign(lapped_basis(hop))
        first_log_step = keras.initializers.Constant(FIRST_LOG_STEP if first else LATER_LOG_STEP)
        self.log_step = self.add_weight(shape=(hop,), name="log_step", initializer=first_log_step)
        self.step_hidden = layers.Dense(config.step_width, activation="leaky_relu", name="step_hidden",
                                        kernel_initializer=keras.initializers.GlorotUniform(seed=5))
        self.step_out = layers.Dense(hop, use_bias=False, kernel_initializer=small(), name="step_out")
        self.encoder = Correction(config.coded, config.encoder_width, config.encoder_blocks, first=first,
                                  name="encoder")
        self.decoder = Correction(hop, config.decoder_width, config.decoder_blocks, kernel=3 + config.lookahead,
                                  lookahead=config.lookahead, first=first, name="decoder")
        # a soft gradient pretends that codes of zero follow their input: a silent encoder would learn to shout
        self.quantizer = SoftmaxQuantizer(MODULE_LIMIT, alpha=SOFT if first else SPARSE, name="quantizer")
        if config.long_term:
            self.context = PredictedContext(hop, config.coded, config.context_width, name="context")
        else:
            self.context = ModuleContext(config.context_width, not first, name="context")
        self.noise = NoiseFill(hop, name="noise") if config.noise_fill else None
        self.step_hidden.build((None, condition))
        self.step_out.build((None, config.step_width))
        self.encoder.build((None, None, inputs), (None, None, condition))
        self.decoder.build((None, None, inputs), (None, None, condition))
        self.context.build()
        self.built = True

    def transform(self, x):
        """Waveform (B, T) -> coefficients (B, T / hop, hop)."""
        return transform(x, self.basis)

    def inverse_transform(self, t):
        """Coefficients (B, K, hop) -> waveform (B, K hop)."""
        return inverse_transform(t, self.basis)

    def step(self, condition):
        """Step size of every coefficient from LSFs and gains: (B, K, C) -> (B, K, hop)."""
        return ops.exp(self.log_step + self.step_out(self.step_hidden(condition)))

    def encode(self, residual, reconstruction, condition, step):
        """Residual and reconstruction (B, T) -> coefficients (B, K, hop) in units of the step, before quantisation.

        Those that are not sent are 0.
        """
        t, coded = self.transform(residual), self.config.coded
        inputs = t if self.first else ops.concatenate([t, self.transform(reconstruction)], axis=-1)
        z = (t[..., :coded] + self.encoder(inputs, condition)) / step[..., :coded]
        return ops.pad(z, [[0, 0], [0, 0], [0, self.config.hop - coded]])

    def decode(self, z, reconstruction, condition, step):
        """Quantised coefficients in units of the step -> this module's part of the decoded coefficients (B, K, hop)."""
        t = z * step
        inputs = t if self.first else ops.concatenate([t, self.transform(reconstruction)], axis=-1)
        return t + self.decoder(inputs, condition)

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
        step = self.step(condition)
        z = self.encode(residual, ops.stop_gradient(reconstruction), condition, step)  # codes do not steer those before
        quantised, symbols = self.quantizer(z)
        if self.noise:
            quantised = quantised + self.noise(symbols)
        return self.decode(quantised, reconstruction, condition, step), straight_through(z, symbols)
