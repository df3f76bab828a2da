"""The whole way from a configuration and a folder of speech to presets: what `neuralcodec train` does."""
from pathlib import Path

import keras

from neuralcodec.evaluation.publish_figures import write_figures
from neuralcodec.progress import Status
from neuralcodec.training.calibration import calibration_speech, write_calibrated_preset
from neuralcodec.training.callbacks import TrainingReport
from neuralcodec.training.checkpoint import Progress
from neuralcodec.training.comparison import as_text, code_and_score, means, prefix_rows
from neuralcodec.training.corpus import listing, read_corpus
from neuralcodec.training.loop import is_checkpoint, starting_progress, train_cascade
from neuralcodec.training.nested_config import NestedTrainingConfig, find_config
from neuralcodec.training.nested_loop import train_nested
from neuralcodec.training.prefixes import write_prefix
from neuralcodec.training.validation import Validation
from neuralcodec.zoo.presets import load_preset
from neuralcodec.zoo.speech import speech_entries, tuned_entries


def train_presets(config, data, output, resume=False, verbose=True):
    """Trains, calibrates and writes presets, and measures them on the held-back speech, from real files.

    Args:
        config: name of a configuration that comes with the package, or path of a JSON file.
        data: folder of recordings, searched recursively; one in 40 is held back, of few a tenth of the speech.
        output: folder for checkpoint and log; the presets go to output / name.
        resume: go on from the checkpoint in `output`.
        verbose: whether to say on standard error where the run stands.

    Returns:
        list of Preset: one, of a nested cascade one for each of the prefixes that the configuration names.

    Raises:
        ConfigError: the configuration cannot be used, or there is nothing to resume.
        TrainingDataError: no or too little speech.
    """
    config, output = find_config(config), Path(output)
    nested = isinstance(config, NestedTrainingConfig)
    # an error here should not come after reading hours of speech
    starting_progress(config, output, resume)
    told = _entries_for_the_card(config)
    with Status(verbose) as status:
        status.say(f"Reading the speech in {data}.")
        corpus = read_corpus(data, config.leave_out)
        status.say(f"{corpus}.{listing(corpus.skipped)}")
        report = TrainingReport(status)
        if nested:
            cascade = train_nested(config, corpus.samples, output, resume, [report])
        else:
            cascade = train_cascade(config, corpus.samples, output, resume, [report], Validation(corpus.held_back))
        details = {**told, "training": {
            "config": config.to_dict(), "files": len(corpus.training), "backend": keras.backend.backend(),
            "rate_weight": Progress.read(output).rate_weight}}
        recordings = calibration_speech(corpus.training, config.rate_folders)
        write = write_prefix if nested else write_calibrated_preset
        return [_write_and_measure(write, cascade, preset, recordings, output / preset.name, details, corpus, status)
                for preset in (config.presets if nested else (config,))]


def _write_and_measure(write, cascade, preset, recordings, directory, details, corpus, status):
    """Writes a preset with what it reaches on the held-back speech; returns it.

    Args:
        write: `write_calibrated_preset` or `write_prefix`.
        preset: name, description, kbps and revision, as a TrainingConfig or a PrefixPreset has them.
    """
    status.say(f"Bringing files of {preset.name} to {preset.kbps:g} kbps, and fitting the entropy tables.")
    if preset.revision > 1:
        details = {**details, "revision": preset.revision}
    written = write(cascade, preset, recordings, directory, details, overwrite=True)
    rows = code_and_score(written, corpus.held_back)
    write_figures(written.directory, [*rows, *prefix_rows(written, corpus.held_back)])
    status.say(f"Held-back speech: {as_text(means(rows))}.")
    return load_preset(written.directory)


def _entries_for_the_card(config):
    """Entries of metadata.json: what is said of the speech, that of a preset from which the run started included."""
    if config.start and not is_checkpoint(config.start):
        return tuned_entries(load_preset(config.start), config.speech)
    return speech_entries(config.speech)
