"""Reads the weights of a trained cascade without Keras, and checks that they are what its configuration needs.

Weights come from strangers: nothing is read before its size, type and storage are known to be harmless.
"""

import hashlib
import io
import math

import h5py
import numpy as np
from h5py import h5d, h5g, h5l, h5o, h5s

from neuralcodec.architecture.config import MAX_MODULES
from neuralcodec.architecture.layout import weight_shapes
from neuralcodec.errors import PresetError
from neuralcodec.files.strangers import MAX_BYTES, read_member

MAX_OBJECTS = 2000  # groups and datasets in the file
MAX_DEPTH = 12
MAX_WEIGHT, MAX_LOG = 1000, 20  # of weights, and of those that are logarithms; trained ones stay below 10 and 6

_LOGARITHMS = ("log_step", "log_level")
_CONTAINERS = ("chain", "layers", "blocks", "dense", "contexts", "fills")
# Class of a layer in a list, as Keras names it, -> our name, and the number of the first.
_NUMBERED = {"residual_module": ("module", 0), "residual_block": ("block", 0), "odd_block": ("block", 0),
             "first_context": ("context", 0), "refinement_context": ("context", 1), "noise_fill": ("fill", 0)}
# Keras numbers the variables of a layer, trainable ones first; all other layers are dense: kernel, bias. Their order in
# `model/` and the names that `readable_name` translates must stay as they are: see `architecture.layout`.
_VARIABLES = {
    "noise": ("log_level",),
    "lsf_quantizer": ("log_step", "mean", "std"),
    "quantizer": ("offset",),
    "module": ("basis", "log_step"),
    "step_sizes": ("log_step",),
    "embedded_quantizer": ("offset_0", "offset_1", "offset_2", "offset_3"),
    **{f"context_{i}": ("slope", "shift") for i in range(MAX_MODULES)},
    **{f"fill_{i}": ("log_level",) for i in range(MAX_MODULES)},
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
    data = read_member(path)
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            datasets = list(_datasets(file.id))
            if sum(dataset.get_storage_size() for _, dataset in datasets) > MAX_BYTES:
                raise PresetError("it announces more data than it has")
            named = [(readable_name(path), _read(dataset)) for path, dataset in datasets]
    except Exception as error:  # h5py raises a dozen types for damaged data
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
    """Yields (path, dataset) of an open file, all of h5py's lower level, which is four times as fast; none is read yet.

    Groups are walked by hand, because only hard links may be followed: others lead out of the file.
    """
    pending, count = [("", file, 0)], 0
    while pending:
        path, group, depth = pending.pop()
        for name in group:
            count += 1
            if count > MAX_OBJECTS or depth > MAX_DEPTH:
                raise PresetError("it has too many parts")
            if group.links.get_info(name).type != h5l.TYPE_HARD:
                raise PresetError("it links to something else")
            child, inner = h5o.open(group, name), f"{path}/{name.decode()}"
            if isinstance(child, h5g.GroupID):
                pending.append((inner, child, depth + 1))
            else:
                yield inner, _plain(child)


def _plain(dataset):
    """The dataset, if it is uncompressed float16 or float32 inside the file and nothing else."""
    if not isinstance(dataset, h5d.DatasetID):
        raise PresetError("it holds something other than arrays")
    dtype, properties = dataset.dtype, dataset.get_create_plist()
    plain = dtype.kind == "f" and dtype.itemsize in (2, 4)
    # Chunks are never needed for arrays this small; they are the way in for filters and compression. Nor do arrays lie
    # in other files, or consist of parts of them (virtual).
    plain = plain and properties.get_layout() in (h5d.CONTIGUOUS, h5d.COMPACT) and not properties.get_external_count()
    shape = dataset.shape if dataset.get_space().get_simple_extent_type() != h5s.NULL else None
    if not plain or shape is None or dataset.get_storage_size() != math.prod(shape) * dtype.itemsize:
        raise PresetError("it holds something other than plain arrays of floats")
    return dataset


def _read(dataset):
    array = np.empty(dataset.shape, dataset.dtype)
    dataset.read(h5s.ALL, h5s.ALL, array)
    return array.astype(np.float32)


def readable_name(path):
    """Name of an array from its path in the file.

    Example:
        >>> readable_name("/chain/residual_module_1/decoder/enter/dense/vars/0")
        'module_1/decoder/enter/kernel'
    """
    *parts, variables, number = path.strip("/").split("/")
    if variables != "vars" or not number.isdigit():
        raise PresetError(f"'{path}' is not a variable")
    layers = [_layer_name(part) for part in parts if part not in _CONTAINERS]
    kind = layers[-1] if layers else ""
    if len(layers) == 1 and kind.startswith("module_"):
        kind = "module"
    variable = _VARIABLES.get(kind, ("kernel", "bias"))
    if int(number) >= len(variable):
        raise PresetError(f"'{path}' is one variable too many")
    return "/".join([*layers, variable[int(number)]])


def _layer_name(part):
    """Keras' automatic names, where the first of several layers has no number, with a number for each."""
    automatic, _, number = part.rpartition("_")
    if part in _NUMBERED:
        automatic, number = part, "0"
    if automatic in _NUMBERED and number.isdigit():
        name, first = _NUMBERED[automatic]
        return f"{name}_{int(number) + first}"
    return part


def check_weights(weights, config):
    """Checks that the weights are those of a configuration: every array, of its shape, of a fair size, none besides.

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
        limit = MAX_LOG if name.endswith(_LOGARITHMS) else MAX_WEIGHT
        if not np.all(np.abs(weights[name]) <= limit):  # NaN is caught, too
            raise PresetError(f"The preset's weights {name!r} are not all within +-{limit}; install the preset again.")
    if np.any(weights["lsf_quantizer/std"] <= 0):
        raise PresetError("The preset's LSF deviations must be positive; install the preset again.")


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
