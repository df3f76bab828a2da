"""Fine-tuning: a preset goes on learning from one's own speech, at its bitrate, and is kept only if it got better."""
import math
import shutil
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.errors import ConfigError
from neuralcodec.evaluation.publish_figures import write_figures
from neuralcodec.model.cascade import Cascade
from neuralcodec.progress import Status
from neuralcodec.training.calibration import calibrate, write_preset
from neuralcodec.training.callbacks import FINAL_SHARE, WARMUP_STEPS, BestWeights, CosineSchedule, FinetuneReport
from neuralcodec.training.clips import ClipSampler
from neuralcodec.training.comparison import FinetuneHistory, as_text, check_better, code_and_score, gains, means
from neuralcodec.training.config import LPC, NOISE, Phase, TrainingConfig, check_config
from neuralcodec.training.corpus import listing, pieces
from neuralcodec.training.devices import on_devices
from neuralcodec.training.interrupts import ctrl_c_stops, heard_between_steps
from neuralcodec.training.loop import batches, choose_trainable, optimizer_for
from neuralcodec.training.trainer import CascadeTrainer, RateControl, incomplete_frames
from neuralcodec.training.user_speech import read_user_speech
from neuralcodec.training.validation import Validation
from neuralcodec.zoo.folder import WEIGHTS
from neuralcodec.zoo.presets import load_preset
from neuralcodec.zoo.speech import tuned_entries

PASSES_PER_EPOCH, MIN_EPOCH_STEPS = 6, 50  # an epoch: as many random clips as would fill the speech so often
UNLIMITED_EPOCHS = 10 ** 6  # epochs, where the time decides
TABLE_PIECES = 40  # that the tables are fitted to
FIRST_MODULE = "module_0"
RATE_BATCHES = 8  # batches that tell what the preset spends on random clips


def finetune(preset, data, *, epochs, minutes, validation_data, freeze, learning_rate, batch_size, callbacks,
             distribution, name, seed, verbose, speech):
    """Trains a preset on one's own speech; arguments as for `Codec.finetune`.

    Returns:
        (Preset, FinetuneHistory). The preset's folder is a temporary one and is removed with the preset.
    """
    if (epochs if minutes is None else minutes) <= 0:
        raise ConfigError("Training takes at least one epoch, or more than 0 minutes.")
    if isinstance(preset.config, NestedConfig):
        raise ConfigError(f"The preset '{preset.name}' has nested modules, which cannot be fine-tuned yet; tune one "
                          "without them, such as cq-24k.")
    config = tuning_config(preset, freeze, learning_rate, batch_size, name, seed, speech)
    with Status(verbose) as status:
        status.say("Reading the speech.")
        corpus = read_user_speech(data, validation_data)
        status.say(f"{corpus}.{listing(corpus.skipped)}")
        before = code_and_score(preset, corpus.held_back)
        status.say(f"Before: {as_text(means(before))}.")
        with on_devices(distribution, batch_size):
            weights, logs, steps = train_on_speech(preset, config, corpus, epochs, minutes, callbacks, status)
        status.say("Fitting the entropy tables, at the bitrate of before.")
        config = replace(config, phases=(replace(config.phases[0], steps=steps),))
        tuned, after = write_tuned_preset(preset, config, weights, logs["rate_weight"][-1], corpus, before)
        history = FinetuneHistory(logs, means(before), means(after), gains(before, after), len(before), corpus.skipped)
        status.say(f"After: {as_text(history.after)}.")
    check_better(history)
    return tuned, history


def tuning_config(preset, freeze, learning_rate, batch_size, name, seed, speech=None):
    """TrainingConfig of one phase, with the losses of the last phase that taught the preset to code, but no
    discriminator.

    A fresh discriminator knows nothing for longer than fine-tuning takes. Where the first module learns, it learns
    without those after it: they are nearly silent, and a first module that learns together with them gets worse.

    Raises:
        ConfigError: a setting that cannot be used.
    """
    training = preset.metadata.get("training")
    training = training if isinstance(training, dict) else {}
    try:
        own = TrainingConfig.from_dict(training.get("config"))
        last = next((phase for phase in reversed(own.phases) if phase.codes), own.phases[-1])
        weight = own.rate_weight
    except ConfigError:  # a stranger's, or none
        last, weight = Phase("", 1, 1), TrainingConfig.rate_weight
    train, reached = _learning(preset, freeze), training.get("rate_weight")
    phase = replace(last, name="fine-tuning", steps=1, kbps=0.0,
                    modules=1 if FIRST_MODULE in train else len(preset.config.modules), train=train,
                    learning_rate=learning_rate, final_learning_rate=FINAL_SHARE * learning_rate, warmup=WARMUP_STEPS,
                    adversarial=0.0,
                    rate_weight=reached if isinstance(reached, float) and reached > 0 else weight)
    config = TrainingConfig(name=name or f"{preset.name.removesuffix('-tuned')}-tuned",
                            description=preset.metadata["description"], kbps=preset.metadata["kbps"],
                            model=preset.config, phases=(phase,), start=preset.name, seed=seed, batch_size=batch_size,
                            speech={} if speech is None else speech)
    check_config(config)
    return config


def _learning(preset, freeze):
    """Parts that learn: all but those of `freeze`, and later modules only where the first does not learn.

    Raises:
        ConfigError: there is no such part, or none is left.
    """
    noise = (NOISE,) if preset.config.noise_above else ()
    parts = (LPC, *(f"module_{i}" for i in range(len(preset.config.modules))), *noise)
    freeze = (freeze,) if isinstance(freeze, str) else tuple(freeze)
    unknown = [part for part in freeze if part not in parts]
    if unknown or set(freeze) == set(parts):
        wrong = f"{unknown[0]!r} is none" if unknown else "these are all, and nothing is left to learn"
        raise ConfigError(f"`freeze` must name some of the parts {', '.join(parts)}; {wrong}.")
    learning = tuple(part for part in parts if part not in freeze)
    beside_the_first = (LPC, FIRST_MODULE, NOISE)
    return tuple(part for part in learning if part in beside_the_first) if FIRST_MODULE in learning else learning


def train_on_speech(preset, config, corpus, epochs, minutes, callbacks, status):
    """Trains for some epochs or minutes, or until Ctrl-C.

    Returns:
        weights: of the best epoch, a list of arrays as `Cascade.get_weights` has them.
        logs: dict of lists, a value per epoch, as in Keras' History.
        steps: how many there were.
    """
    keras.utils.set_random_seed(config.seed)
    cascade, phase = Cascade(preset.config), config.phases[0]
    cascade.load_weights(preset.directory / WEIGHTS)
    choose_trainable(cascade, phase)
    cascade.active = phase.modules
    samples = corpus.samples
    length = (config.clip_frames + incomplete_frames(cascade.config)) * FRAME_SAMPLES
    clips = ClipSampler(samples, length, config.batch_size, config.seed)
    control = RateControl(rate_on_clips(cascade, clips), phase.rate_weight, steers=phase.codes)
    trainer = CascadeTrainer(cascade, control, phase)
    trainer.compile_for_backend(optimizer_for(cascade, phase, phase.learning_rate))
    steps = math.ceil(PASSES_PER_EPOCH * samples.size / (config.batch_size * config.clip_frames * FRAME_SAMPLES))
    schedule = CosineSchedule(phase.learning_rate, minutes and minutes * 60)
    kbps = Validation(corpus.held_back)(cascade)["valid_kbps"]  # of the untouched preset
    best, log = BestWeights(cascade, Validation(corpus.held_back, kbps)), keras.callbacks.History()
    with heard_between_steps() as signals, ctrl_c_stops(schedule):
        trainer.fit(batches(clips), epochs=UNLIMITED_EPOCHS if minutes else epochs,
                    steps_per_epoch=max(steps, MIN_EPOCH_STEPS), verbose=0, shuffle=False,
                    callbacks=[signals, schedule, best, FinetuneReport(status, schedule), log, *callbacks])
    return best.weights, log.history, schedule.steps


def rate_on_clips(cascade, clips):
    """What the untouched preset spends on random clips, in kbps: the target in training."""
    rates = [cascade(clips.batch()[0])["kbps"] for _ in range(RATE_BATCHES)]
    return float(np.mean([keras.ops.convert_to_numpy(kbps).sum(axis=-1) for kbps in rates]))


def write_tuned_preset(preset, config, weights, rate_weight, corpus, before):
    """Writes the tuned preset to a temporary folder, at the rate that the held-back speech had before.

    Returns:
        (Preset, rows of `code_and_score` for it).
    """
    cascade = Cascade(preset.config)
    cascade.set_weights(weights)
    choose_trainable(cascade, config.phases[0])
    parts = pieces(corpus.training.values())
    order = np.random.default_rng(config.seed).permutation(len(parts))
    parts = [parts[i] for i in order[:TABLE_PIECES]]
    details = {**tuned_entries(preset, config.speech),
               "training": {"config": config.to_dict(), "files": len(corpus.training),
                            "backend": keras.backend.backend(), "rate_weight": float(rate_weight)}}
    learning = [module for module in cascade.chain if module.trainable]
    folder = Path(tempfile.mkdtemp(prefix="neuralcodec-"))
    try:
        tuned = calibrate(learning, corpus.held_back, means(before)["kbps"],
                          lambda again: write_preset(cascade, config, parts, folder / "preset", details, again))
        after = code_and_score(tuned, corpus.held_back)
        write_figures(tuned.directory, [*before, *after])
        tuned = load_preset(tuned.directory)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(tuned, shutil.rmtree, folder, ignore_errors=True)
    return tuned, after
