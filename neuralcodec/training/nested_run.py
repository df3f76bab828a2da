"""From a configuration and a folder of speech to all presets of a nested cascade."""
from dataclasses import replace
from pathlib import Path

import keras

from neuralcodec.model.nested import NestedCascade
from neuralcodec.progress import Status
from neuralcodec.training.calibration import calibrate, calibration_speech, write_preset
from neuralcodec.training.callbacks import TrainingReport
from neuralcodec.training.corpus import listing, read_corpus
from neuralcodec.training.nested_loop import nested_progress, train_nested


def train_presets(config, data, output, resume=False, verbose=True):
    """Trains a nested cascade and writes a preset for each of its prefixes that the configuration names.

    Args:
        config: NestedTrainingConfig.
        data: folder of recordings, searched recursively; one in 40 is held back.
        output: folder for checkpoint and log; the presets go to output / name.
        resume: go on from the checkpoint in `output`.
        verbose: whether to say on standard error where the run stands.

    Returns:
        list of Preset.

    Raises:
        ConfigError: there is nothing to resume.
        TrainingDataError: no or too little speech.
    """
    output = Path(output)
    nested_progress(output, resume)  # an error here should not come after reading hours of speech
    with Status(verbose) as status:
        status.say(f"Reading the speech in {data}.")
        corpus = read_corpus(data, config.leave_out)
        status.say(f"{corpus}.{listing(corpus.skipped)}")
        cascade = train_nested(config, corpus.samples, output, resume, [TrainingReport(status)])
        recordings = calibration_speech(corpus.training, config.rate_folders)
        details = {"training": {"config": config.to_dict(), "files": len(corpus.training),
                                "backend": keras.backend.backend()}}
        presets = []
        for preset in config.presets:
            status.say(f"Bringing files of {preset.name} to {preset.kbps:g} kbps, and fitting the entropy tables.")
            presets.append(write_prefix(cascade, preset, recordings, output / preset.name, details))
        return presets


def write_prefix(cascade, preset, recordings, directory, details):
    """Writes the first modules of a cascade as a preset of their own, calibrated to its bitrate.

    Args:
        cascade: the trained NestedCascade.
        preset: a PrefixPreset.
        recordings: list of float32 (n,) that set the rate and fit the tables.
        directory: where the preset goes; one that is there is replaced.
        details: further entries of metadata.json.

    Returns:
        Preset.
    """
    part = first_modules(cascade, preset.modules)
    return calibrate([part.step_sizes], recordings, preset.kbps,
                     lambda again: write_preset(part, preset, recordings, directory, details, overwrite=True))


def first_modules(cascade, count):
    """A cascade of the first modules of another, with weights of its own.

    What tells a decoder how many modules there are comes last among its inputs, so that those of fewer modules are the
    first of it.
    """
    part = NestedCascade(replace(cascade.config, modules=cascade.config.modules[:count]))
    for mine, yours in zip(_layers(part), _layers(cascade)):
        for new, old in zip(mine.weights, yours.weights):
            new.assign(old[tuple(slice(size) for size in new.shape)])
    return part


def _layers(cascade):
    """The layers that have weights, those that depend on the number of modules last."""
    count = len(cascade.config.modules)
    common = [cascade.lsf_quantizer, cascade.side_context, cascade.step_sizes, cascade.encoder, cascade.quantizer,
              cascade.decoder, *([cascade.noise] if cascade.noise else [])]
    return common + [layer for pair in zip(cascade.contexts[:count], cascade.fills[:count]) for layer in pair]
