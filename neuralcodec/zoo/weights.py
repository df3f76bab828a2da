"""Reads the weights of a trained cascade without Keras, and checks that they are what its configuration needs.

Weights come from strangers: nothing is read before its size, type and storage are known to be harmless.
"""

import hashlib
from pathlib import Path

import h5py
import numpy as np

from neuralcodec.architecture.config import BAND_HZ, BANDS, NOISE_FRAMES, NOISE_WIDTH, ORDER, condition_width
from neuralcodec.bitstream.entropy_tables import module_shape, predicted_shape
from neuralcodec.bitstream.symbols import MODULE_VALUES, SIDE_SYMBOLS, SIDE_VALUES
from neuralcodec.errors import PresetError

MAX_BYTES = 16 << 20
MAX_OBJECTS = 2000  # groups and datasets in the file
MAX_DEPTH = 12

SIDE_CONTEXT_HIDDEN = 64
CONV_FRAMES = 3  # frames that the convolution of a residual block looks at

# Keras numbers the variables of a layer, trainable ones first; all other layers are dense: kernel, bias.
_VARIABLES = {
    "noise": ("log_level",),
    "lsf_quantizer": ("log_step", "mean", "std"),
    "quantizer": ("offset",),
    "module": ("basis", "log_step"),
}


def read_weights(path):
    """Reads the file that `Cascade.save_weights` wrote.

    Args:
        path: of a Keras `model.weights.h5`.

    Returns:
        dict of name -> float32 array, such as "module_1/decoder/enter/kernel", "module_0/basis", "lsf_quantizer/mean".

    Raises:
        PresetError: the file is missing, damaged, too large, or holds anything but plain arrays of floats.

    Example:
        >>> weights = read_weights("presets/cq-24k/model.weights.h5")
    """
    path = Path(path)
    if not path.is_file():
        raise PresetError(f"There is no weights file '{path}'; install the preset again.")
    if path.stat().st_size > MAX_BYTES:
        raise PresetError(f"The weights file '{path}' is larger than any cascade's; install the preset again.")
    try:
        with h5py.File(path, "r") as file:
            datasets = list(_datasets(file))
            if sum(dataset.nbytes for dataset in datasets) > MAX_BYTES:
                raise PresetError("it announces more data than it has")
            named = [(readable_name(dataset.name), dataset[()].astype(np.float32)) for dataset in datasets]
    except (PresetError, OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise PresetError(f"The weights file '{path}' cannot be read ({error}); install the preset again.") from error
    weights = dict(named)
    if len(weights) < len(named):
        raise PresetError(f"The weights file '{path}' names an array twice; install the preset again.")
    return weights


def write_half(source, target):
    """Copies a weights file with 16 bits for each number, half the size.

    Args:
        source: path of a file that `Cascade.save_weights` wrote.
        target: path of the new file, which Keras and `read_weights` read as they read the old one.
    """
    with h5py.File(source, "r") as old, h5py.File(target, "w") as new:
        def copy(name, part):
            if isinstance(part, h5py.Dataset):
                copied = new.create_dataset(name, data=part[()].astype(np.float16))
            else:
                copied = new.require_group(name)
            copied.attrs.update(part.attrs)

        old.visititems(copy)


def _datasets(file):
    """All datasets of an open file, none of them read yet.

    Groups are walked by hand, because only hard links may be followed: others lead out of the file.
    """
    pending, count = [(file, 0)], 0
    while pending:
        group, depth = pending.pop()
        for name in group:
            count += 1
            if count > MAX_OBJECTS or depth > MAX_DEPTH:
                raise PresetError("it has too many parts")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise PresetError("it links to something else")
            child = group[name]
            if isinstance(child, h5py.Group):
                pending.append((child, depth + 1))
            else:
                yield _plain(child)


def _plain(dataset):
    """The dataset, if it is uncompressed float16 or float32 inside the file and nothing else."""
    plain = isinstance(dataset, h5py.Dataset) and dataset.dtype.kind == "f" and dataset.dtype.itemsize in (2, 4)
    # Chunks are never needed for arrays this small; they are the way in for filters and compression.
    plain = plain and dataset.shape is not None and dataset.chunks is None
    if not plain or dataset.external or dataset.is_virtual or dataset.id.get_storage_size() != dataset.nbytes:
        raise PresetError("it holds something other than plain arrays of floats")
    return dataset


def readable_name(path):
    """Name of an array from its path in the file.

    Example:
        >>> readable_name("/chain/residual_module_1/decoder/enter/dense/vars/0")
        'module_1/decoder/enter/kernel'
    """
    *parts, variables, number = path.strip("/").split("/")
    if variables != "vars" or not number.isdigit():
        raise PresetError(f"'{path}' is not a variable")
    layers = [_layer_name(part) for part in parts if part not in ("chain", "layers", "blocks", "dense")]
    kind = layers[-1] if layers else ""
    if len(layers) == 1 and kind.startswith("module_"):
        kind = "module"
    variable = _VARIABLES.get(kind, ("kernel", "bias"))
    if int(number) >= len(variable):
        raise PresetError(f"'{path}' is one variable too many")
    return "/".join([*layers, variable[int(number)]])


def _layer_name(part):
    """Keras' automatic names, where the first of several layers has no number, with a number for each."""
    for automatic, name in (("residual_module", "module"), ("residual_block", "block")):
        if part == automatic:
            return f"{name}_0"
        if part.startswith(automatic + "_"):
            return name + part[len(automatic):]
    return part


def check_weights(weights, config):
    """Checks that the weights are those of a configuration: every array, of its shape, finite, and none besides.

    Args:
        weights: dict of name -> array.
        config: CascadeConfig.

    Raises:
        PresetError: they are not.
    """
    shapes = weight_shapes(config)
    if set(weights) != set(shapes):
        name = sorted(set(weights) ^ set(shapes))[0]
        state = "lacks" if name in shapes else "has unknown"
        raise PresetError(f"The preset {state} weights {name!r}; install the preset again.")
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise PresetError(f"The preset's weights {name!r} have shape {weights[name].shape} instead of {shape}; "
                              "install the preset again.")
        if not np.isfinite(weights[name]).all():
            raise PresetError(f"The preset's weights {name!r} are not all finite; install the preset again.")
    if np.any(weights["lsf_quantizer/std"] <= 0):
        raise PresetError("The preset's LSF deviations must be positive; install the preset again.")


def weight_shapes(config):
    """Shape of every array that a cascade has: dict of name -> tuple."""
    shapes = {f"lsf_quantizer/{name}": (ORDER,) for name in ("log_step", "mean", "std")}
    shapes["lsf_quantizer/quantizer/offset"] = (ORDER * SIDE_VALUES,)
    for stage, inputs in (("first", 2 * SIDE_SYMBOLS), ("second", 2 * SIDE_SYMBOLS + SIDE_SYMBOLS // 2)):
        shapes |= _context(f"side_context/{stage}", inputs, SIDE_CONTEXT_HIDDEN, SIDE_SYMBOLS)
    if config.noise_above:
        shapes |= _correction("noise_substitution/network", BANDS, BANDS - config.noise_above // BAND_HZ,
                              condition_width(config.modules[0].hop), NOISE_WIDTH, blocks=1, frames=NOISE_FRAMES)
    for i, module in enumerate(config.modules):
        shapes |= {f"module_{i}/{name}": shape for name, shape in _module(module, i == 0).items()}
    return shapes


def _module(config, first):
    hop, condition = config.hop, condition_width(config.hop)
    inputs = hop if first else 2 * hop
    context = predicted_shape(hop, config.coded) if config.long_term else module_shape(0 if first else 1)
    return {
        "basis": (2 * hop, hop),
        "log_step": (hop,),
        **_dense("step_hidden", condition, config.step_width),
        "step_out/kernel": (config.step_width, hop),
        **({"noise/log_level": (hop,)} if config.noise_fill else {}),
        "quantizer/offset": (MODULE_VALUES,),
        **_correction("encoder", inputs, config.coded, condition, config.encoder_width, config.encoder_blocks,
                      frames=2),
        **_correction("decoder", inputs, hop, condition, config.decoder_width, config.decoder_blocks,
                      frames=3 + config.lookahead),
        **_context("context/network", context[0], config.context_width, context[1]),
    }


def _correction(name, inputs, corrected, condition, width, blocks, frames):
    shapes = {
        **_dense(f"{name}/enter", frames * inputs, width),
        f"{name}/condition/kernel": (condition, width),
        **_dense(f"{name}/leave", width, corrected),
    }
    for i in range(blocks):
        shapes |= _dense(f"{name}/block_{i}/squeeze", width, width // 2)
        shapes |= _dense(f"{name}/block_{i}/conv", CONV_FRAMES * (width // 2), width // 2)
        shapes |= _dense(f"{name}/block_{i}/expand", width // 2, width)
    return shapes


def _context(name, inputs, hidden, outputs):
    return {**_dense(f"{name}/hidden", inputs, hidden), **_dense(f"{name}/out", hidden, outputs)}


def _dense(name, inputs, outputs):
    return {f"{name}/kernel": (inputs, outputs), f"{name}/bias": (outputs,)}


def weights_digest(weights):
    """What tells two sets of weights apart.

    Args:
        weights: dict of name -> array.

    Returns:
        bytes (32,), SHA-256 over names, shapes and little-endian float32 values, in the order of the names.
    """
    digest = hashlib.sha256()
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name], dtype="<f4")
        digest.update(f"{name} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.digest()
