"""What a measurement was made with."""

import platform
from importlib.metadata import PackageNotFoundError, version

from neuralcodec.evaluation import peers
from neuralcodec.version import __version__

PACKAGES = ("numpy", "keras", "tensorflow", "constriction", "soundfile", "soxr", "pesq", "pystoi", "visqol-python",
            "ai-edge-litert", "matplotlib")


def versions(codecs):
    """Versions of everything that has a part in the figures.

    Args:
        codecs: list of Codec.

    Returns:
        dict of name -> version: Python, this package, presets by their hash, packages, libraries of the peers.

    Example:
        >>> versions([])["numpy"]
        '2.2.1'
    """
    return {
        "Python": f"{platform.python_version()}, {platform.system()} {platform.machine()}",
        "neuralcodec": __version__,
        **{f"preset {codec.name}": f"hash {codec.preset.hash.hex()[:16]}" for codec in codecs},
        **{package: _version(package) for package in PACKAGES},
        **peers.versions(),
    }


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
