"""Losses, rates of all prefixes, and learning rates of all parts of a nested cascade, for Keras' own `fit`."""
import keras
from keras import ops

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.training import losses
from neuralcodec.training.nested_config import WHOLE
from neuralcodec.training.trainer import GuardedAdam, incomplete_frames, mean_over_replicas, replicas


class PrefixRateControl(keras.metrics.Metric):
    """Steers the weights of the prefixes' rates in the loss towards their targets, slowly, step by step.

    It is a metric because Keras carries a metric's state through a training step on every backend.

    Args:
        kbps: targets.
        weights: of one kbps of each prefix at the start.
    """

    SPEED, MOST = 0.012, 0.004  # relative change of a weight per step: proportional, and at most 0.4 %
    RANGE = (5e-3, 5.0)  # a prefix without a weight would let its rate rise, and starve the modules after it

    def __init__(self, kbps, weights, name="rate_weight"):
        super().__init__(name=name)
        self.target = ops.convert_to_tensor(kbps, "float32")
        self.weights_ = self.add_variable(shape=(len(kbps),), initializer="zeros", aggregation="mean", name="weights")
        self.weights_.assign(weights)

    def update_state(self, kbps, sample_weight=None):
        kbps = mean_over_replicas(kbps)
        change = ops.clip(self.SPEED * (kbps / self.target - 1.0), -self.MOST, self.MOST)
        change = ops.where(ops.isfinite(change), change, 0.0)
        self.weights_.assign(ops.clip(self.weights_ * ops.exp(change), *self.RANGE))

    def result(self):
        return ops.mean(ops.convert_to_tensor(self.weights_))

    def reset_state(self):
        pass


class PacedAdam(GuardedAdam):
    """GuardedAdam with a pace for every variable.

    Args:
        learning_rate, global_clipnorm: as for Adam.
        paces: dict of id of a variable -> its learning rate relative to the others'.
    """

    def __init__(self, learning_rate, global_clipnorm, paces):
        super().__init__(learning_rate, global_clipnorm)
        self.pace_of = paces

    def build(self, variables):
        super().build(variables)
        self.paces = [self.pace_of.get(id(variable), 1.0) for variable in variables]

    def apply(self, grads, trainable_variables=None):
        """Modules that do not run have no gradient, which TensorFlow says with None and JAX with zeros."""
        variables = self._trainable_variables if trainable_variables is None else trainable_variables
        grads = [ops.zeros_like(variable) if grad is None else grad for grad, variable in zip(grads, variables)]
        super().apply(grads, trainable_variables)


def choose_trainable(cascade, pace):
    """Freezes the parts whose pace is 0.

    Returns:
        dict of id of a variable -> pace.
    """
    paces = {}
    for name, part in cascade.parts().items():
        speed = pace.get(name, pace.get(WHOLE, 1.0))
        for layer in part:
            layer.trainable = False
            layer.trainable = bool(speed)
            paces |= {id(variable): speed for variable in layer.weights}
    cascade.lsf_quantizer.trainable = cascade.lsf_quantizer.trainable and cascade.config.lpc == "trained"
    return paces


class NestedTrainer(keras.Model):
    """A nested cascade with its losses, trained by `fit` on batches of clips (B, T), levels (B,) and prefixes (B,).

    Args:
        cascade: the NestedCascade to train.
        phase: a NestedPhase.
        rate_control: PrefixRateControl.
        discriminator: a Discriminator, which learns beside the cascade; None for none.
    """

    PARTS = ("mel", "weighted", "disturbance", "intelligibility", "noise", "fooled", "wrong")

    def __init__(self, cascade, phase, rate_control, discriminator=None):
        super().__init__(name="trainer")
        self.cascade, self.phase, self.rate_control, self.discriminator = cascade, phase, rate_control, discriminator
        self.modules = len(phase.kbps)
        self.means = [keras.metrics.Mean(name=name) for name in self.PARTS]
        self.rates = [keras.metrics.Mean(name=f"kbps_{i + 1}") for i in range(self.modules)]
        self.built = True

    def call(self, x):
        clips, _, prefix = x
        return self.cascade(clips, prefix, modules=self.modules)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Sum of the losses over the samples that are complete, plus the rates of all prefixes with their weights."""
        clips, level, _ = x
        frames = clips.shape[1] // FRAME_SAMPLES - incomplete_frames(self.cascade.config)
        clean, coded = (v[:, : frames * FRAME_SAMPLES] for v in (clips, y_pred["decoded"]))
        phase, zero = self.phase, ops.zeros(())
        mel = losses.mel_loss(clean, coded, level)
        weighted = losses.weighted_loss(clean, coded, y_pred["predictor"][:, :frames], level)
        disturbance = losses.disturbance_loss(clean, coded, level)
        intelligibility = losses.intelligibility_loss(clean, coded, level)
        noise = losses.noise_loss(y_pred["powers"][:, :, :frames]) if "powers" in y_pred else zero
        fooled, wrong = self.discriminator(clean, coded, level) if self.discriminator else (zero, zero)
        kbps = ops.cumsum(ops.mean(y_pred["kbps"], axis=0))
        loss = (mel + phase.weighted * weighted + phase.disturbance * disturbance
                + phase.intelligibility * intelligibility + noise + phase.adversarial * fooled + wrong
                + ops.sum(self.rate_control.weights_ * kbps))
        values = (mel, weighted, disturbance, intelligibility, noise, fooled, wrong)
        for mean, value in zip(self.means, values):
            mean.update_state(value)
        for i, rate in enumerate(self.rates):
            rate.update_state(kbps[i])
        self.rate_control.update_state(kbps)
        return loss / replicas()  # Keras adds up the gradients of all replicas
