"""Fine-tuning: a preset goes on learning from one's own speech, at its bitrate, and is kept only if it got better."""
import math
import shutil
import tempfile
import weakref
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.errors import ConfigError
from neuralcodec.evaluation.publish_figures import write_figures
from neuralcodec.progress import Status
from neuralcodec.training.calibration import calibrate, write_preset
from neuralcodec.training.callbacks import BestWeights, CosineSchedule, FinetuneReport
from neuralcodec.training.clips import ClipSampler
from neuralcodec.training.comparison import FinetuneHistory, as_text, changes_of, check_better, code_and_score, means
from neuralcodec.training.corpus import listing, pieces
from neuralcodec.training.devices import on_devices
from neuralcodec.training.interrupts import ctrl_c_stops, heard_between_steps
from neuralcodec.training.many_steps import whole_calls
from neuralcodec.training.speech import TrainingSpeech
from neuralcodec.training.trainer import incomplete_frames
from neuralcodec.training.tunable import tunable
from neuralcodec.training.user_speech import read_user_speech
from neuralcodec.training.validation import PrefixValidation, Validation
from neuralcodec.zoo.presets import load_preset
from neuralcodec.zoo.speech import tuned_entries

PASSES_PER_EPOCH, MIN_EPOCH_STEPS = 6, 50  # an epoch: as many random clips as would fill the speech so often
UNLIMITED_EPOCHS = 10 ** 6  # epochs, where the time decides
TABLE_PIECES = 40  # that the tables are fitted to
RATE_BATCHES = 8  # batches that tell what the preset spends on random clips


@dataclass
class Trained:
    """What a training left.

    Args:
        weights: of the best epoch, a list of arrays as the cascade's `get_weights` has them.
        logs: dict of lists, a value per epoch, as in Keras' History.
        phase: as it was in the end: its steps and bitrates.
        rate_weight: weight of a kbps in the loss in the end, or a list of those of each prefix.
    """

    weights: list
    logs: dict
    phase: object
    rate_weight: float | list


def finetune(preset, data, *, epochs, minutes, validation_data, freeze, learning_rate, batch_size, callbacks,
             distribution, name, seed, verbose, speech):
    """Trains a preset on one's own speech; arguments as for `Codec.finetune`.

    Returns:
        (Preset, FinetuneHistory). The preset's folder is a temporary one and is removed with the preset.
    """
    if (epochs if minutes is None else minutes) <= 0:
        raise ConfigError("Training takes at least one epoch, or more than 0 minutes.")
    base = tunable(preset)
    config = base.config(freeze, learning_rate, batch_size, name, seed, speech)
    with Status(verbose) as status:
        status.say("Reading the speech.")
        corpus = read_user_speech(data, validation_data)
        status.say(f"{corpus}.{listing(corpus.skipped)}")
        before = [code_and_score(preset, corpus.held_back, modules) for modules in base.prefixes]
        status.say(f"Before: {'; '.join(as_text(means(rows)) for rows in before)}.")
        with on_devices(distribution, batch_size):
            trained = train_on_speech(base, config, corpus, epochs, minutes, callbacks, status)
        status.say("Fitting the entropy tables, at the bitrate of before.")
        config = replace(config, phases=(trained.phase,))
        tuned, after = write_tuned_preset(base, config, trained, corpus, before)
        changes = changes_of(before, after)
        history = FinetuneHistory(trained.logs, **vars(changes[-1]), pieces=len(corpus.held_back),
                                  skipped=corpus.skipped,
                                  prefixes=dict(zip(base.prefixes, changes)) if len(changes) > 1 else {})
        status.say(f"After: {'; '.join(as_text(change.after) for change in changes)}.")
    check_better(history)
    return tuned, history


def train_on_speech(base, config, corpus, epochs, minutes, callbacks, status):
    """Trains for some epochs or minutes, or until Ctrl-C.

    Args:
        base: Tunable.
        config: of it.

    Returns:
        Trained.
    """
    keras.utils.set_random_seed(config.seed)
    cascade, phase = base.load(), config.phases[0]
    speech = TrainingSpeech(corpus.samples, config.clip_frames + incomplete_frames(cascade.config))
    trainer = base.trainer(cascade, speech, phase)
    status.say("Looking at what the preset spends on random clips.")
    clips = ClipSampler(speech, config.batch_size, config.seed, trainer.shares)
    keep_rates(trainer, clips)
    steps = PASSES_PER_EPOCH * corpus.samples.size / (config.batch_size * config.clip_frames * FRAME_SAMPLES)
    trainer.steps_per_execution, steps = whole_calls(max(math.ceil(steps), MIN_EPOCH_STEPS))
    schedule = CosineSchedule(phase.learning_rate, minutes and minutes * 60)
    best, log = BestWeights(cascade, validation(base, cascade, corpus.held_back)), keras.callbacks.History()
    with heard_between_steps() as signals, ctrl_c_stops(schedule):
        trainer.fit(clips.batches(), epochs=UNLIMITED_EPOCHS if minutes else epochs, steps_per_epoch=steps,
                    verbose=0, shuffle=False,
                    callbacks=[signals, schedule, best, FinetuneReport(status, schedule), log, *callbacks])
    kbps, weight = (np.asarray(part).tolist() for part in (trainer.rate_control.kbps, trainer.rate_control.weight))
    return Trained(best.weights, log.history, base.trained_phase(phase, schedule.steps, kbps), weight)


def keep_rates(trainer, clips):
    """Sets the target in training to what the untouched preset spends on random clips."""
    outputs = [trainer.call(clips.batch(step)) for step in range(RATE_BATCHES)]
    rates = np.mean([keras.ops.convert_to_numpy(trainer.rates(output["kbps"])) for output in outputs], axis=0)
    trainer.rate_control.kbps.assign(rates.reshape(trainer.rate_control.kbps.shape))


def validation(base, cascade, held_back):
    """Scores the held-back speech with each prefix, at what the untouched preset spends on it."""
    rates = {modules: Validation(held_back, modules=modules).rate(cascade) for modules in base.prefixes}
    return PrefixValidation([Validation(held_back, kbps, modules) for modules, kbps in rates.items()])


def write_tuned_preset(base, config, trained, corpus, before):
    """Writes the tuned preset to a temporary folder, each prefix at the rate that the held-back speech had before.

    Returns:
        (Preset, rows of `code_and_score` for each prefix of it).
    """
    cascade = base.load()
    cascade.set_weights(trained.weights)
    parts = pieces(corpus.training.values())
    order = np.random.default_rng(config.seed).permutation(len(parts))
    parts = [parts[i] for i in order[:TABLE_PIECES]]
    details = {**tuned_entries(base.preset, config.speech),
               "training": {"config": config.to_dict(), "files": len(corpus.training),
                            "backend": keras.backend.backend(), "rate_weight": trained.rate_weight}}
    folder = Path(tempfile.mkdtemp(prefix="neuralcodec-"))

    def write(_):
        return write_preset(cascade, base.written(config), parts, folder / "preset", details, overwrite=True)

    try:
        for layers, where, number in base.scaled(cascade, config.phases[0]):
            tuned = calibrate(layers, corpus.held_back, means(before[number])["kbps"], write, base.prefixes[number],
                              where)
        after = [code_and_score(tuned, corpus.held_back, modules) for modules in base.prefixes]
        write_figures(tuned.directory, [*before[-1], *(row for rows in after for row in rows)])
        tuned = load_preset(tuned.directory)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(tuned, shutil.rmtree, folder, ignore_errors=True)
    return tuned, after
