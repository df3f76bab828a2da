"""Presets of the first modules of a nested cascade."""
from dataclasses import replace

from neuralcodec.model.nested import NestedCascade
from neuralcodec.training.calibration import calibrate, write_preset


def write_prefix(cascade, preset, recordings, directory, details=None, overwrite=False):
    """Writes the first modules of a cascade as a preset of their own, calibrated to its bitrate.

    Args:
        cascade: the trained NestedCascade.
        preset: a PrefixPreset.
        recordings: list of float32 (n,) that set the rate and fit the tables.
        directory: where the preset goes.
        details: further entries of metadata.json.
        overwrite: whether an existing preset may be replaced.

    Returns:
        Preset.
    """
    part = first_modules(cascade, preset.modules)
    return calibrate([part.step_sizes], recordings, preset.kbps,
                     lambda again: write_preset(part, preset, recordings, directory, details, overwrite or again))


def first_modules(cascade, count):
    """A cascade of the first modules of another, with weights of its own."""
    part = NestedCascade(replace(cascade.config, modules=cascade.config.modules[:count]))
    take_first_modules(part, cascade)
    return part


def take_first_modules(part, cascade):
    """Gives a cascade the weights of the first modules of another.

    What tells a decoder how many modules there are comes last among its inputs, so that those of fewer modules are the
    first of it.
    """
    for mine, yours in zip(_layers(part), _layers(cascade)):
        for new, old in zip(mine.weights, yours.weights):
            new.assign(old[tuple(slice(size) for size in new.shape)])


def _layers(cascade):
    """The layers that have weights, those that depend on the number of modules last."""
    count = len(cascade.config.modules)
    common = [cascade.lsf_quantizer, cascade.side_context, cascade.step_sizes, cascade.encoder, cascade.quantizer,
              cascade.decoder, *([cascade.noise] if cascade.noise else [])]
    return common + [layer for pair in zip(cascade.contexts[:count], cascade.fills[:count]) for layer in pair]
