"""What a cascade is made of, as data: the four systems of the papers are four configurations of one model."""
from dataclasses import asdict, dataclass, field, fields

from neuralcodec.architecture.framing import FRAME_SAMPLES, HOPS, MAX_DELAY, SAMPLE_RATE
from neuralcodec.architecture.noise import BAND_HZ
from neuralcodec.errors import ConfigError, unknown_name

MAX_MODULES = 4
MAX_SIZE = 1024  # of a layer
LPC_KINDS = ("none", "fixed", "trained")


@dataclass(frozen=True)
class ModuleConfig:
    """One residual module.

    Args:
        hop: samples per code frame (320, 160 or 80); the lapped window is twice as long.
        encoder_width, encoder_blocks: channels and residual blocks of the encoder's CNN.
        decoder_width, decoder_blocks: the same for the decoder.
        step_width: hidden units that turn side information into step sizes.
        context_width: hidden units of the entropy model.
        lookahead: code frames (of this hop) that the decoder waits for before it decodes one.
        noise_fill: whether the decoder puts noise of a learned level where a coefficient was quantised to zero.
        long_term: whether the entropy model predicts symbols from the period of the pitch before. In the first module
            only; what is left to later ones does not repeat itself.
        coded_below: Hz, a multiple of 500, up to which coefficients are sent; only with `long_term` less than all.
            Those above are zero for the decoder to fill in: with few bits they tell too little to be worth theirs.
    """

    hop: int = 320
    encoder_width: int = 96
    encoder_blocks: int = 1
    decoder_width: int = 128
    decoder_blocks: int = 2
    step_width: int = 64
    context_width: int = 96
    lookahead: int = 0
    noise_fill: bool = False
    long_term: bool = False
    coded_below: int = SAMPLE_RATE // 2

    @property
    def coded(self):
        """How many coefficients of a code frame are sent, the lowest ones."""
        return self.hop * self.coded_below * 2 // SAMPLE_RATE


@dataclass(frozen=True)
class CascadeConfig:
    """A cascade: the LPC stage ("none", "fixed" or "trained" quantiser), then residual modules.

    Args:
        lpc: kind of quantiser, or that there is no LPC.
        modules: ModuleConfigs.
        noise_above: Hz, a multiple of 500, from where on the decoder adds noise of a learned level; 0 for none.

    Example:
        >>> CascadeConfig(lpc="trained", modules=(ModuleConfig(hop=320), ModuleConfig(hop=80)), noise_above=4000)
    """

    lpc: str = "trained"
    modules: tuple = field(default_factory=lambda: (ModuleConfig(),))
    noise_above: int = 0

    def __post_init__(self):
        check_stages(self)
        for module in self.modules:
            check_module(module)
        if any(module.long_term for module in self.modules[1:]):
            raise ConfigError('Only the first module can have "long_term": true.')
        check_delay(self, "use shorter hops, less look-ahead or fewer modules")

    @property
    def code_frame_delays(self):
        """How many code frames late each module's codes are packed, because it waits for the modules before it."""
        return tuple(-(-start // module.hop) for start, module in zip(self._latencies(), self.modules))

    @property
    def delay(self):
        """Samples from a sample going in to the same sample coming out, one frame of buffering included."""
        return FRAME_SAMPLES + self._latencies()[-1]

    def _latencies(self):
        """Samples that the output of the first 0, 1, ... modules lags behind the last frame received."""
        out = [0]
        for module in self.modules:
            waited = -(-out[-1] // module.hop) * module.hop
            out.append(waited + module.hop * (1 + module.lookahead))
        return out

    def to_dict(self):
        return {**asdict(self), "modules": [asdict(module) for module in self.modules]}

    @classmethod
    def from_dict(cls, data):
        """Builds a configuration from JSON data.

        Raises:
            ConfigError: a key is unknown or a value is out of range.
        """
        if not isinstance(data, dict) or not isinstance(data.get("modules"), list):
            raise ConfigError('A model configuration needs "lpc" and a list "modules".')
        for module in data["modules"]:
            check_keys(module, ModuleConfig, "module setting")
        check_keys(data, cls, "model setting")
        return cls(**{**data, "modules": tuple(ModuleConfig(**module) for module in data["modules"])})


def check_stages(config):
    """Makes sure of what all cascades have: an LPC stage or none, modules, noise or none.

    Raises:
        ConfigError: a value is out of range.
    """
    if config.lpc not in LPC_KINDS:
        raise ConfigError(f'`lpc` must be one of {", ".join(LPC_KINDS)}; got {config.lpc!r}.')
    if not 1 <= len(config.modules) <= MAX_MODULES:
        raise ConfigError(f"A cascade has 1 to {MAX_MODULES} modules; this configuration has {len(config.modules)}.")
    if type(config.noise_above) is not int or config.noise_above not in range(0, SAMPLE_RATE // 2, BAND_HZ):
        raise ConfigError(f"`noise_above` must be a multiple of {BAND_HZ} from 0 to {SAMPLE_RATE // 2 - BAND_HZ} "
                          f"Hz; got {config.noise_above!r}.")


def check_delay(config, remedy):
    """Makes sure that a cascade delays speech by 60 ms at most.

    Raises:
        ConfigError: it does not; the message ends with what to do about it.
    """
    if config.delay > MAX_DELAY:
        raise ConfigError(f"The cascade would delay speech by {config.delay / 16:g} ms; the limit is 60 ms: {remedy}.")


def check_size(name, value):
    """Makes sure that a setting is the size of a layer, or how many there are.

    Raises:
        ConfigError: it is no whole number, or out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SIZE:
        raise ConfigError(f"Module setting {name!r} must be a whole number from 0 to {MAX_SIZE}; got {value!r}.")


def check_keys(data, cls, what):
    """Makes sure that JSON data have no keys that a dataclass lacks.

    Args:
        data: dict, or something else, which is refused.
        cls: the dataclass.
        what: a key is, such as "module setting".

    Raises:
        ConfigError: a key is unknown; the message names the one that may have been meant.
    """
    known = {setting.name for setting in fields(cls)}
    unknown = sorted(set(data) - known) if isinstance(data, dict) else [str(data)]
    if unknown:
        raise ConfigError(f"Unknown {what} {unknown[0]!r}; {unknown_name(unknown[0], known)}")


def check_module(module):
    sizes = asdict(module)
    for name in ("noise_fill", "long_term"):
        if not isinstance(value := sizes.pop(name), bool):
            raise ConfigError(f"Module setting {name!r} must be true or false; got {value!r}.")
    edge, half = sizes.pop("coded_below"), SAMPLE_RATE // 2
    if type(edge) is not int or edge not in range(BAND_HZ, half + 1, BAND_HZ) or edge < half and not module.long_term:
        raise ConfigError(f"`coded_below` must be a multiple of {BAND_HZ} up to {half} Hz, and without `long_term` "
                          f"{half}; got {edge!r}.")
    for name, value in sizes.items():
        check_size(name, value)
    if module.hop not in HOPS:
        raise ConfigError(f'`hop` must be one of {", ".join(map(str, HOPS))} samples; got {module.hop}.')
