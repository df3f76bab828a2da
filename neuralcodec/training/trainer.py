"""The trainable wrapper around a cascade: losses, entropy control and a guarded optimiser, for Keras' own `fit`."""
import keras
import numpy as np
from keras import ops

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.training import losses
from neuralcodec.training.devices import replicas, use_exact_products
from neuralcodec.training.many_steps import ManySteps


def mean_over_replicas(values):
    """A tensor, or a list of tensors, averaged over the copies of the model."""
    if replicas() == 1:
        return values
    import tensorflow as tf

    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, values)


class RateControl(keras.metrics.Metric):
    """Steers the weight of the rate in the loss towards a target bitrate, slowly, step by step.

    It is a metric because Keras carries a metric's state through a training step on every backend; unlike one, it
    keeps its state from epoch to epoch.

    Args:
        kbps: the target, or a list of several.
        weight: the weight of one kbps in the loss at the start, or a list of several.
        steers: whether it follows the rate. Where nothing learns that could spend more or less, it would go on
            for ever.
        least: no weight falls below it.
    """

    GAIN, MAX_CHANGE = 0.012, 0.004  # relative change of the weight per step: proportional, and at most 0.4 %
    MOST = 5.0

    def __init__(self, kbps, weight, steers=True, least=1e-3, name="rate_weight"):
        super().__init__(name=name)
        self.steers, self.least = steers, least
        for variable, value in (("kbps", kbps), ("weight", weight)):
            setattr(self, variable, self.add_variable(shape=np.shape(value), initializer="zeros", aggregation="mean",
                                                      name=variable))
            getattr(self, variable).assign(value)

    def update_state(self, kbps, sample_weight=None):
        if not self.steers:
            return
        kbps = mean_over_replicas(kbps)
        change = ops.clip(self.GAIN * (kbps / self.kbps - 1.0), -self.MAX_CHANGE, self.MAX_CHANGE)
        change = ops.where(ops.isfinite(change), change, 0.0)
        self.weight.assign(ops.clip(self.weight * ops.exp(change), self.least, self.MOST))

    def result(self):
        return ops.mean(ops.convert_to_tensor(self.weight))

    def reset_state(self):
        pass


class GuardedAdam(keras.optimizers.Adam):
    """Adam that skips a gradient which is not finite instead of poisoning the weights.

    Keras clips the gradient of each replica and adds them up after that. Here they are averaged first, and clipped to
    their share, so that their sum is the clipped gradient of the whole batch.

    Args:
        learning_rate, global_clipnorm: as for Adam.
        paces: dict of id of a variable -> its learning rate relative to the others'.
    """

    def __init__(self, learning_rate, global_clipnorm=None, paces=None):
        super().__init__(learning_rate, global_clipnorm=global_clipnorm and global_clipnorm / replicas())
        self.pace_of, self.paces = paces or {}, []

    def build(self, variables):
        super().build(variables)
        self.paces = [self.pace_of.get(id(variable), 1.0) for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        pace = self.paces[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * pace)

    def apply(self, grads, trainable_variables=None):
        variables = self._trainable_variables if trainable_variables is None else trainable_variables
        # What does not run has no gradient, which TensorFlow says with None and JAX with zeros.
        grads = [ops.zeros_like(variable) if grad is None else grad for grad, variable in zip(grads, variables)]
        grads = mean_over_replicas(grads)
        finite = ops.all(ops.stack([ops.all(ops.isfinite(grad)) for grad in grads]))
        super().apply([ops.where(finite, grad, ops.zeros_like(grad)) for grad in grads], trainable_variables)


class CascadeTrainer(ManySteps):
    """A cascade with its losses, trained by `fit` on the batches of a ClipSampler.

    Args:
        cascade: the Cascade to train.
        speech: the TrainingSpeech that it learns from.
        rate_control: RateControl with the target bitrate.
        phase: a Phase, whose weights of the losses count.
        discriminator: a Discriminator, which learns beside the cascade; None for none.
    """

    LOSSES = ("mel", "weighted", "disturbance", "intelligibility", "similarity", "noise")
    shares = ()  # how probable it is that a clip is decoded with 1, 2, ... modules, where that differs

    def __init__(self, cascade, speech, rate_control, phase, discriminator=None, rates=("kbps",)):
        super().__init__(name="trainer")
        self.cascade, self.speech, self.rate_control, self.phase = cascade, speech, rate_control, phase
        self.discriminator = discriminator
        self.means = [keras.metrics.Mean(name=name) for name in (*self.LOSSES, *rates)]
        self.built = True

    @property
    def log_columns(self):
        """What there is to log of each epoch."""
        return (*self.LOSSES, "kbps", "rate_weight")

    def compile_for_backend(self, optimizer):
        """Keras' `compile`; without XLA on TensorFlow, where it cannot differentiate the synthesis filter's scan."""
        use_exact_products()
        self.compile(optimizer=optimizer, loss=None, jit_compile=keras.backend.backend() != "tensorflow")

    def call(self, x):
        places, gains, _, *prefixes = x
        clips = self.speech(places, gains)
        return {**self.code(clips, *prefixes), "clips": clips}

    def code(self, clips):
        """What the cascade makes of clips (B, T)."""
        return self.cascade(clips)

    def rates(self, kbps):
        """kbps of each stage (B, 1 + modules) -> the rates that are steered, here that of the whole: (1,)."""
        return ops.mean(ops.sum(kbps, axis=-1), keepdims=True)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Sum of the losses over the samples that are complete, plus rates with their weights.

        The others would have no noise: the level of noise learns from a loss of its own, too.
        """
        clips, level = y_pred["clips"], x[2]
        frames = clips.shape[1] // FRAME_SAMPLES - incomplete_frames(self.cascade.config)
        clean, coded = (v[:, : frames * FRAME_SAMPLES] for v in (clips, y_pred["decoded"]))
        mel = losses.mel_loss(clean, coded, level)
        weighted = losses.weighted_loss(clean, coded, y_pred["predictor"][:, :frames], level)
        disturbance = losses.disturbance_loss(clean, coded, level)
        intelligibility = losses.intelligibility_loss(clean, coded, level)
        similarity = losses.similarity_loss(clean, coded, level) if self.phase.similarity else 0.0
        noise = losses.noise_loss(y_pred["powers"][:, :, :frames]) if "powers" in y_pred else 0.0
        kbps, phase = self.rates(y_pred["kbps"]), self.phase
        loss = (mel + phase.weighted * weighted + phase.disturbance * disturbance
                + phase.intelligibility * intelligibility + phase.similarity * similarity + noise
                + ops.sum(self.rate_control.weight * kbps))
        if self.discriminator:
            adversarial, own = self.discriminator(clean, coded, level)
            loss = loss + phase.adversarial * adversarial + own
        rates = [kbps[i] for i in range(kbps.shape[0])]
        parts = (mel, weighted, disturbance, intelligibility, similarity, noise, *rates)
        for mean, value in zip(self.means, parts, strict=True):
            mean.update_state(value)
        self.rate_control.update_state(ops.reshape(kbps, self.rate_control.kbps.shape))
        return loss / replicas()  # Keras adds up the gradients of all replicas


def incomplete_frames(config):
    """Frames at the end of a clip that lack those after it."""
    return -(-(config.delay - FRAME_SAMPLES) // FRAME_SAMPLES)
