"""Reads the weights of a trained cascade without Keras."""


def read_weights(path):
    """Path of a model.weights.h5 -> dict of float32 arrays by name. Raises PresetError."""
    raise NotImplementedError


def check_weights(weights, config):
    """Checks names, shapes and finiteness of `weights` against a CascadeConfig. Raises PresetError."""
    raise NotImplementedError


def weights_digest(weights):
    """SHA-256 (32 bytes) over sorted names, shapes and little-endian float32 values."""
    raise NotImplementedError
