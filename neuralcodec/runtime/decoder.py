"""From packets to samples, in pieces of any length."""


class Decoder:
    """Streaming decoder: `push` any number of packets, get the samples that are final, from sample 0 of the file."""

    def __init__(self, config, weights, step_index=0, modules=None):
        raise NotImplementedError

    def push(self, packets):
        """Packets -> float32 (n,), at least as many samples in all as the encoder got once all packets are in."""
        raise NotImplementedError
