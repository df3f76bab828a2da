"""Fine-tuning: a preset goes on learning from one's own speech, at its bitrate, and is kept only if it got better."""
import contextlib
import math
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np

from neuralcodec.codec import Codec
from neuralcodec.errors import ConfigError, NotBetterError
from neuralcodec.evaluation.metrics import installed_metrics, score
from neuralcodec.model.cascade import Cascade
from neuralcodec.model.config import FRAME, SAMPLE_RATE
from neuralcodec.training.data import ClipSampler
from neuralcodec.training.export import export, kbps_of_files
from neuralcodec.training.phases import CLIP_NORM, batches, choose_trainable
from neuralcodec.training.recordings import check_amount, gather, pieces, split
from neuralcodec.training.run import Report
from neuralcodec.training.settings import LPC, Phase, TrainingConfig, check_values
from neuralcodec.training.trainer import CascadeTrainer, GuardedAdam, RateControl, incomplete_frames
from neuralcodec.training.validation import Validation
from neuralcodec.zoo.presets import WEIGHTS, copy_preset, load_preset

LEARNING_RATE = 2e-4
PASSES, LEAST_STEPS = 6, 50  # an epoch: as many random clips as would fill the speech so often
MINUTES_STEPS = 100  # of an epoch, where the time is given
MOST_JUDGED = 24  # held-back pieces
RATE_TOLERANCE = 0.03
RATE_WEIGHT = 0.1  # of presets that do not tell theirs
SHORTEST_TO_CALIBRATE = 2 * SAMPLE_RATE


@dataclass
class FinetuneHistory:
    """What happened.

    Args:
        history: dict of name -> list, one value an epoch, as in Keras' History.
        before, after: dicts of metric -> mean over the held-back speech, `kbps` among them, from real files.
        judged: how many held-back pieces there were.
        skipped: {recording: reason} of what was not used.
    """

    history: dict
    before: dict
    after: dict
    judged: int
    skipped: dict = field(default_factory=dict)

    def __str__(self):
        return f"before {_figures(self.before)}; after {_figures(self.after)} ({self.judged} held-back pieces)"


def finetune(preset, data, directory, *, name=None, epochs=3, minutes=None, validation_data=None, freeze=(),
             learning_rate=LEARNING_RATE, batch_size=12, callbacks=(), distribution=None, seed=1):
    """Trains a preset on one's own speech; see `Codec.finetune`.

    Args:
        preset: Preset.
        directory: where the tuned preset goes; nothing is written there unless it is better.
        name: of the tuned preset; by default that of the old one with `-tuned` behind it.
        data, epochs, minutes, validation_data, freeze, learning_rate, batch_size, callbacks, distribution, seed: as for
            `Codec.finetune`.

    Returns:
        (Preset, FinetuneHistory).
    """
    recordings, skipped = gather(data)
    check_amount(recordings)
    if validation_data is None:
        training, held_back = split(recordings)
    else:
        training, held_back = recordings, pieces(gather(validation_data)[0])
    held_back = [part.astype("float32") / 32768 for part in held_back[:MOST_JUDGED]]
    before = judge(Codec(preset), held_back)
    config = settings(preset, name, seed, batch_size)
    phase = replace(config.phases[0], train=_learning(preset, freeze), learning_rate=learning_rate)
    samples = np.concatenate(training)
    with _scope(distribution):
        cascade, history = _train(preset, config, phase, samples, held_back, epochs, minutes, callbacks)
    calibration = [part.astype("float32") / 32768 for part in pieces(training) if part.size >= SHORTEST_TO_CALIBRATE]
    calibration = (calibration or [samples.astype("float32") / 32768]) + held_back
    with tempfile.TemporaryDirectory() as folder:  # only what is better goes further
        details = {"base_model": preset.name, "training": {"config": config.to_dict(), "files": len(recordings),
                                                           "backend": keras.backend.backend()}}
        tuned = export(cascade, config, calibration, Path(folder, "tuned"), details,
                       target=kbps_of_files(Codec(preset), calibration))
        history = FinetuneHistory(history, before, judge(Codec(tuned), held_back), len(held_back), skipped)
        check_better(history)
        copy_preset(tuned, directory)
    return load_preset(directory), history


def settings(preset, name, seed, batch_size):
    """TrainingConfig of one phase, with the loss that the preset was trained with last."""
    trained = preset.metadata.get("training")
    trained = trained if isinstance(trained, dict) else {}
    try:
        last = TrainingConfig.from_dict(trained["config"]).phases[-1]
    except (KeyError, ConfigError):
        last = Phase("", 1, 1)
    weight = trained.get("rate_weight")
    weight = float(weight) if isinstance(weight, (int, float)) and 0 < weight < 5 else RATE_WEIGHT
    phase = replace(last, name="fine-tuning", modules=len(preset.config.modules), kbps=0.0, rate_weight=weight)
    config = TrainingConfig(name=name or f"{preset.name}-tuned", description=preset.metadata["description"],
                            kbps=preset.metadata["kbps"], model=preset.config, phases=(phase,), seed=seed,
                            batch_size=batch_size, start=preset.name)
    check_values(config)
    return config


def _learning(preset, freeze):
    """Parts that learn: all but those of `freeze`.

    Raises:
        ConfigError: there is no such part, or none is left.
    """
    parts = (LPC, *(f"module_{i}" for i in range(len(preset.config.modules))))
    freeze = (freeze,) if isinstance(freeze, str) else tuple(freeze)
    unknown = [part for part in freeze if part not in parts]
    if unknown or set(freeze) == set(parts):
        wrong = f"{unknown[0]!r} is none" if unknown else "all of them are frozen, and nothing is left to learn"
        raise ConfigError(f"`freeze` must name some of the parts {', '.join(parts)}; {wrong}.")
    return tuple(part for part in parts if part not in freeze)


@contextlib.contextmanager
def _scope(distribution):
    """Puts what is built inside on several devices."""
    backend, kind = keras.backend.backend(), type(distribution).__name__
    if distribution is None:
        yield
    elif (backend, kind) in (("jax", "DataParallel"), ("tensorflow", "MirroredStrategy")):
        with distribution.scope():
            yield
    else:
        raise ConfigError("`distribution` must be a keras.distribution.DataParallel on JAX or a "
                          f"tf.distribute.MirroredStrategy on TensorFlow; got {kind} on {backend}.")


def _train(preset, config, phase, samples, held_back, epochs, minutes, callbacks):
    """Returns (Cascade with the best weights of all epochs, dict of lists as in Keras' History)."""
    keras.utils.set_random_seed(config.seed)
    cascade = Cascade(preset.config)
    cascade.load_weights(preset.directory / WEIGHTS)
    choose_trainable(cascade, phase)
    per_pass = samples.size / (config.batch_size * config.clip_frames * FRAME)
    steps = MINUTES_STEPS if minutes else max(LEAST_STEPS, math.ceil(PASSES * per_pass))
    rate = phase.learning_rate if minutes else keras.optimizers.schedules.CosineDecay(
        0.0, max(steps * epochs - LEAST_STEPS // 2, 1), alpha=0.01, warmup_steps=LEAST_STEPS // 2,
        warmup_target=phase.learning_rate)
    clip_frames = config.clip_frames + incomplete_frames(cascade.config)
    clips = ClipSampler(samples, clip_frames * FRAME, config.batch_size, config.seed)
    target = rate_on_clips(cascade, clips)
    trainer = CascadeTrainer(cascade, RateControl(target, phase.rate_weight), phase.weighted, phase.disturbance,
                             phase.adversarial)
    trainer.compile_for_backend(GuardedAdam(rate, global_clipnorm=CLIP_NORM))
    best = Best(cascade, Validation(held_back))
    deadline = [Deadline(minutes, phase.learning_rate)] if minutes else []
    history = keras.callbacks.History()
    try:
        trainer.fit(batches(clips), epochs=10 ** 6 if minutes else epochs, steps_per_epoch=steps, verbose=0,
                    callbacks=[*deadline, best, Report(), history, *callbacks])
    except KeyboardInterrupt:
        if best.weights is None:
            raise
        print("\nStopped; the best weights so far are kept.", file=sys.stderr)
    tuned = Cascade(preset.config)  # the old one's variables may be gone after an interruption
    tuned.set_weights(best.weights)
    return tuned, history.history


def rate_on_clips(cascade, clips, batches=8):
    """What the untouched preset spends on random clips, in kbps: the target in training."""
    return float(np.mean([keras.ops.convert_to_numpy(cascade(clips.batch()[0])["kbps"]).sum(-1).mean()
                          for _ in range(batches)]))


class Best(keras.callbacks.Callback):
    """Judges the held-back speech after every epoch and keeps the best weights."""

    def __init__(self, cascade, validate):
        super().__init__()
        self.cascade, self.validate, self.weights, self.score = cascade, validate, None, -np.inf

    def on_epoch_end(self, epoch, logs=None):
        figures = self.validate(self.cascade)
        logs.update(figures)
        score = figures.get("valid_pesq", figures["valid_si_sdr"])
        if score > self.score:
            self.score, self.weights = score, self.cascade.get_weights()


class Deadline(keras.callbacks.Callback):
    """Ends training after so many minutes; the learning rate falls along a cosine until then."""

    def __init__(self, minutes, learning_rate):
        super().__init__()
        self.seconds, self.learning_rate = minutes * 60, learning_rate

    def on_train_begin(self, logs=None):
        self.started = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        done = min(1.0, (time.monotonic() - self.started) / self.seconds)
        self.model.optimizer.learning_rate = self.learning_rate * max(0.01, 0.5 * (1 + math.cos(math.pi * done)))

    def on_epoch_end(self, epoch, logs=None):
        if time.monotonic() - self.started >= self.seconds:
            self.model.stop_training = True


def judge(codec, recordings):
    """Means over recordings from real files: {"kbps": ..., metric: ...}."""
    metrics = installed_metrics(["pesq", "estoi", "si_sdr", "mel_distance"])
    rows = []
    for samples in recordings:
        data = codec.encode(samples, SAMPLE_RATE)
        decoded, _ = codec.decode(data)
        rows.append({"kbps": len(data) * 8 / samples.size * SAMPLE_RATE / 1000, **score(samples, decoded, metrics)})
    return {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}


def check_better(history):
    """Raises NotBetterError if the tuned preset is not better on the held-back speech, or has another bitrate."""
    before, after = history.before, history.after
    if abs(after["kbps"] / before["kbps"] - 1) > RATE_TOLERANCE:
        raise NotBetterError(f"The tuned preset missed the bitrate by more than 3 % and is not kept: {history}; "
                             "give it more speech.", history)
    name, sign = ("pesq", 1) if "pesq" in before else ("mel_distance", -1)
    if not sign * (after[name] - before[name]) > 0:
        raise NotBetterError(f"The tuned preset is not better than it was and is not kept: {history}; give it more "
                             "speech, a lower learning rate or more epochs.", history)


def _figures(means):
    return ", ".join(f"{name} {value:.3f}" if name != "kbps" else f"{value:.2f} kbps" for name, value in means.items())
