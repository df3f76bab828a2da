"""From samples to packets, in pieces of any length."""


class Encoder:
    """Streaming encoder: `push` any number of samples, `finish` at the end; P = ceil(n / 320) + 2 packets in all."""

    def __init__(self, config, weights, step_index=0):
        raise NotImplementedError

    def push(self, samples):
        """float32 (n,) -> Packets (0 or more)."""
        raise NotImplementedError

    def finish(self):
        """-> the last Packets (none if there was no sample at all)."""
        raise NotImplementedError
