"""The first modules of a codec as a codec of their own, which is measured like any other."""

from neuralcodec.zoo.figures import prefix_name


class Prefix:
    """A codec of the first modules.

    Args:
        codec: Codec.
        modules: how many.
        name: what tables call the codec; by default its own.
    """

    def __init__(self, codec, modules, name=None):
        self.name, self._codec, self._modules = prefix_name(name or codec.name, modules), codec, modules

    def compress(self, source, target):
        self._codec.compress(source, target, modules=self._modules)

    def decompress(self, source, target):
        self._codec.decompress(source, target)


def prefixes(codec):
    """The prefixes of a codec that have fewer modules than all, the smallest first: list of Prefix."""
    return [Prefix(codec, modules) for modules in range(1, len(codec.preset.config.modules))]
