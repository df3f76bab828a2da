"""What a nested cascade is made of, as data: with or without LPC, its quantiser fixed or trained, 1 to 4 modules."""

from dataclasses import asdict, dataclass, field

from neuralcodec.architecture.config import CascadeConfig, check_delay, check_keys, check_size, check_stages
from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.architecture.noise import BAND_HZ
from neuralcodec.errors import ConfigError

NESTED_HOPS = (160, 80)


@dataclass(frozen=True)
class NestedModule:
    """One module of a nested cascade.

    Args:
        coded_below: Hz, a multiple of 500, up to which coefficients are sent; at least those of the module before.
        context_width: hidden units of the entropy model.
    """

    coded_below: int = SAMPLE_RATE // 2
    context_width: int = 96


@dataclass(frozen=True)
class NestedConfig:
    """A nested cascade: an LPC stage, then modules that code the coefficients of one transform finer and finer.

    Args:
        lpc: quantiser of the LPC stage: "none", "fixed" or "trained".
        hop: samples per code frame, 160 or 80; the lapped window is twice as long.
        modules: NestedModules.
        encoder_width, encoder_blocks: channels and residual blocks of the encoder's CNN.
        decoder_width, decoder_blocks: the same for the decoder.
        control_width: channels of the decoder that see only how large coefficients are.
        lookahead: code frames that the decoder waits for before it decodes one.
        step_width: hidden units that turn side information into step sizes.
        noise_above: Hz, a multiple of 500, from where on the decoder adds noise of a learned level; 0 for none.

    Raises:
        ConfigError: a value out of range.

    Example:
        >>> NestedConfig(modules=(NestedModule(2500), NestedModule(5000), NestedModule(8000)))
    """

    lpc: str = "trained"
    hop: int = 160
    modules: tuple = field(default_factory=lambda: (NestedModule(),))
    encoder_width: int = 160
    encoder_blocks: int = 1
    decoder_width: int = 224
    decoder_blocks: int = 2
    control_width: int = 128
    lookahead: int = 2
    step_width: int = 64
    noise_above: int = 4000

    def __post_init__(self):
        check_stages(self)
        if type(self.hop) is not int or self.hop not in NESTED_HOPS:
            raise ConfigError(f'`hop` must be one of {", ".join(map(str, NESTED_HOPS))} samples; got {self.hop!r}.')
        for name in ("encoder_width", "encoder_blocks", "decoder_width", "decoder_blocks", "control_width", "lookahead",
                     "step_width"):
            check_size(name, getattr(self, name))
        for module in self.modules:
            check_size("context_width", module.context_width)
            edge = module.coded_below
            if type(edge) is not int or edge not in range(BAND_HZ, SAMPLE_RATE // 2 + 1, BAND_HZ):
                raise ConfigError(f"`coded_below` must be a multiple of {BAND_HZ} up to {SAMPLE_RATE // 2} Hz; "
                                  f"got {edge!r}.")
        if self.coded != tuple(sorted(self.coded)):
            raise ConfigError("A later module sends at least what those before send; `coded_below` must not fall: "
                              f"{', '.join(str(module.coded_below) for module in self.modules)} Hz.")
        check_delay(self, "use less look-ahead")

    @property
    def coded(self):
        """How many coefficients of a code frame each module sends, the lowest ones."""
        return tuple(self.hop * module.coded_below * 2 // SAMPLE_RATE for module in self.modules)

    @property
    def delay(self):
        """Samples from a sample going in to the same sample coming out, one frame of buffering included."""
        return FRAME_SAMPLES + self.hop * (1 + self.lookahead)

    def to_dict(self):
        return {**asdict(self), "modules": [asdict(module) for module in self.modules]}

    @classmethod
    def from_dict(cls, data):
        """Builds a configuration from JSON data.

        Raises:
            ConfigError: a key is unknown or a value is out of range.
        """
        check_keys(data, cls, "model setting")
        if not isinstance(data.get("modules"), list):
            raise ConfigError('A model configuration needs a list "modules".')
        for module in data["modules"]:
            check_keys(module, NestedModule, "module setting")
        return cls(**{**data, "modules": tuple(NestedModule(**module) for module in data["modules"])})


def read_config(data):
    """The configuration of a cascade of either kind from JSON data; a nested one has a hop for all its modules.

    Raises:
        ConfigError: a key is unknown or a value is out of range.
    """
    kind = NestedConfig if isinstance(data, dict) and "hop" in data else CascadeConfig
    return kind.from_dict(data)
