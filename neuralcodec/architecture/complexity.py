"""What a cascade costs: multiplications of its networks. The LPC filters, LTP and the range coder are not counted."""

import math

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.architecture.layout import weight_shapes
from neuralcodec.architecture.nested import NestedConfig


def multiply_accumulates(config):
    """Multiply-accumulate operations per second of audio.

    Args:
        config: CascadeConfig or NestedConfig.

    Returns:
        (encoding, decoding). Both sides run the context models. Before a module of a cascade in the time domain, an
        encoder also decodes what the modules before it have sent.

    Example:
        >>> multiply_accumulates(load_preset("cq-24k").config)
        (136713600, 129155200)
    """
    nested = isinstance(config, NestedConfig)
    encoding = decoding = 2 * config.hop * SAMPLE_RATE if nested else 0  # of the transform, which is no weight
    for name, shape in weight_shapes(config).items():
        if name.endswith(("/kernel", "/basis")):
            operations = math.prod(shape) * SAMPLE_RATE // _hop(config, name)
            encoding += operations * _uses_in_encoder(config, name)
            decoding += operations * _uses_in_decoder(name)
    return encoding, decoding


def _hop(config, name):
    """Samples from one use of a matrix to the next."""
    if name.startswith("side_context/"):
        return FRAME_SAMPLES
    if isinstance(config, NestedConfig):
        return config.hop
    module = config.modules[int(name[len("module_")]) if name.startswith("module_") else 0]
    return FRAME_SAMPLES if "/context/" in name and not module.long_term else module.hop


def _uses_in_encoder(config, name):
    if name.startswith("noise_substitution/"):
        return 0
    is_last = isinstance(config, NestedConfig) or name.startswith(f"module_{len(config.modules) - 1}/")
    if "decoder" in name.split("/"):
        return not is_last
    return 1 + _reads_reconstruction(name) + (not is_last) if name.endswith("/basis") else 1


def _uses_in_decoder(name):
    if "encoder" in name.split("/"):
        return 0
    return 1 + _reads_reconstruction(name) if name.endswith("/basis") else 1


def _reads_reconstruction(name):
    """Whether a basis also transforms what the modules before have decoded."""
    return not name.startswith("module_0/")
