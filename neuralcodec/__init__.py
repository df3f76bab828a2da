"""A neural speech codec that people install: pretrained bitrate presets for 16 kHz speech.

Example:
    >>> from neuralcodec import Codec
    >>> codec = Codec.from_pretrained("cq-24k")
    >>> codec.compress("speech.wav", "speech.nac")
    >>> codec.decompress("speech.nac", "decoded.wav")
"""

import importlib
from typing import TYPE_CHECKING

from neuralcodec.version import __version__

if TYPE_CHECKING:
    from neuralcodec.codec import Codec
    from neuralcodec.coding.info import codec_info
    from neuralcodec.coding.nac_file import open
    from neuralcodec.zoo.bundled import list_presets

__all__ = ["Codec", "codec_info", "list_presets", "open", "__version__"]

_HOMES = {
    "Codec": "neuralcodec.codec",
    "codec_info": "neuralcodec.coding.info",
    "open": "neuralcodec.coding.nac_file",
    "list_presets": "neuralcodec.zoo.bundled",
}


def __getattr__(name):
    """Imports a public name when it is first used, so that `import neuralcodec` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'neuralcodec' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__():
    return __all__
