"""The trainable wrapper around a nested cascade: a clip is decoded with some of its modules, each rate is steered."""
from keras import ops

from neuralcodec.architecture.config import MAX_MODULES
from neuralcodec.training.nested_config import WHOLE
from neuralcodec.training.trainer import CascadeTrainer, GuardedAdam, RateControl

LEAST_WEIGHT = 5e-3  # a prefix without a weight would let its rate rise, and starve the modules after it


class NestedTrainer(CascadeTrainer):
    """A nested cascade with its losses, trained by `fit` on the batches of a ClipSampler with shares.

    Args:
        cascade: the NestedCascade to train.
        speech: the TrainingSpeech that it learns from.
        weights: of one kbps of each prefix at the start.
        phase: a NestedPhase.
        discriminator: a Discriminator, which learns beside the cascade; None for none.
    """

    def __init__(self, cascade, speech, weights, phase, discriminator=None):
        control = RateControl(phase.kbps, weights, steers=phase.codes, least=LEAST_WEIGHT)
        names = [f"kbps_{number + 1}" for number in range(len(phase.kbps))]
        super().__init__(cascade, speech, control, phase, discriminator, names)

    @property
    def shares(self):
        return self.phase.prefixes

    @property
    def log_columns(self):
        numbers = range(1, MAX_MODULES + 1)
        return (*self.LOSSES, *(f"kbps_{n}" for n in numbers), *(f"rate_weight_{n}" for n in numbers))

    def code(self, clips, prefixes):
        return self.cascade(clips, prefixes, modules=len(self.phase.kbps))

    def rates(self, kbps):
        """kbps of each module (B, modules) -> rates of the prefixes (modules,)."""
        return ops.cumsum(ops.mean(kbps, axis=0))


def choose_pace(cascade, pace, learning_rate, clip_norm):
    """Freezes the parts whose pace is 0.

    Args:
        cascade: a NestedCascade.
        pace: dict of part -> learning rate relative to the others'; "*" for those that are not named.
        learning_rate, clip_norm: as for GuardedAdam.

    Returns:
        GuardedAdam for what learns.
    """
    paces = {}
    for name, layers in cascade.parts().items():
        speed = pace.get(name, pace.get(WHOLE, 1.0))
        for layer in layers:
            layer.trainable = False  # first: on TensorFlow, a layer that is trainable already does not pass it on
            layer.trainable = bool(speed)
            paces |= {id(variable): speed for variable in layer.weights}
    if cascade.config.lpc != "trained":
        cascade.lsf_quantizer.trainable = False
    return GuardedAdam(learning_rate, clip_norm, paces)
