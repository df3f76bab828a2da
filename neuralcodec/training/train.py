"""The whole way from a configuration and a folder of speech to a preset: what `neuralcodec train` does."""
from pathlib import Path

import keras

from neuralcodec.evaluation.publish_figures import write_figures
from neuralcodec.progress import Status
from neuralcodec.training.calibration import calibration_speech, write_calibrated_preset
from neuralcodec.training.callbacks import TrainingReport
from neuralcodec.training.checkpoint import Progress
from neuralcodec.training.comparison import as_text, code_and_score, means
from neuralcodec.training.config import TrainingConfig
from neuralcodec.training.corpus import listing, read_corpus
from neuralcodec.training.loop import is_checkpoint, starting_progress, train_cascade
from neuralcodec.training.validation import Validation
from neuralcodec.zoo.presets import load_preset
from neuralcodec.zoo.speech import speech_entries, tuned_entries


def train_preset(config, data, output, resume=False, verbose=True):
    """Trains, calibrates and writes a preset, and measures it on the held-back speech, from real files.

    Args:
        config: name of a configuration that comes with the package, or path of a JSON file.
        data: folder of recordings, searched recursively; one in 40 is held back, of few a tenth of the speech.
        output: folder for checkpoint and log; the preset goes to output / name.
        resume: go on from the checkpoint in `output`.
        verbose: whether to say on standard error where the run stands.

    Returns:
        Preset.

    Raises:
        ConfigError: the configuration cannot be used, or there is nothing to resume.
        TrainingDataError: no or too little speech.
    """
    config, output = TrainingConfig.find(config), Path(output)
    starting_progress(config, output, resume)  # an error here should not come after reading hours of speech
    told = _entries_for_the_card(config)
    with Status(verbose) as status:
        status.say(f"Reading the speech in {data}.")
        corpus = read_corpus(data, config.leave_out)
        status.say(f"{corpus}.{listing(corpus.skipped)}")
        validation = Validation(corpus.held_back)
        cascade = train_cascade(config, corpus.samples, output, resume, [TrainingReport(status)], validation)
        status.say(f"Bringing files to {config.kbps:g} kbps, and fitting the entropy tables.")
        details = {**told, "training": {
            "config": config.to_dict(), "files": len(corpus.training), "backend": keras.backend.backend(),
            "rate_weight": Progress.read(output).rate_weight}}
        recordings = calibration_speech(corpus.training, config.rate_folders)
        preset = write_calibrated_preset(cascade, config, recordings, output / config.name, details, overwrite=True)
        rows = code_and_score(preset, corpus.held_back)
        write_figures(preset.directory, rows)
        status.say(f"Held-back speech: {as_text(means(rows))}.")
    return load_preset(preset.directory)


def _entries_for_the_card(config):
    """Entries of metadata.json: what is said of the speech, that of a preset from which the run started included."""
    if config.start and not is_checkpoint(config.start):
        return tuned_entries(load_preset(config.start), config.speech)
    return speech_entries(config.speech)
