"""The map of a cascade: which layers it has, with their names, shapes and kernels. No number of it stands elsewhere.

    lsf_quantizer               mean, std, log_step (one each per LSF)
      quantizer                 offset (63 bins per LSF)
    side_context                entropy model of the side symbols
      first, second             ContextLayout: hidden, out
    noise_substitution          where the configuration says "noise_above"
      network                   CorrectionLayout: enter, condition, block_0, ..., leave
    module_0, module_1, ...     ModuleLayout
      basis, log_step           (2 hop, hop), (hop,): lapped transform and step sizes
      step_hidden, step_out     side information to step sizes
      encoder, decoder          CorrectionLayout: enter, condition, block_0, ..., leave
      quantizer                 offset (255 bins)
      noise                     log_level (hop,), where the configuration says "noise_fill"
      context                   entropy model of the module's symbols
        network                 ContextLayout: hidden, out

A nested cascade (see `architecture.nested`) has, instead of noise_substitution and modules,

    step_sizes                  log_step (hop,); hidden, out: side information to step sizes
    encoder                     CorrectionLayout
    embedded_quantizer          offset_0, offset_1, ... (3, hop): reconstruction points of each module
    fill_0, fill_1, ...         log_level (hop,): noise in the place of zeros after each module
    decoder                     OddDecoderLayout: enter, sizes, condition, block_0, ..., leave, gain
    noise_substitution          as above
    context_0, context_1, ...   entropy models of the modules' symbols: network; slope, shift in later modules

`model` builds these layers in Keras, `runtime` in NumPy; `zoo.weights` holds strangers' weights to `weight_shapes`, and
`bitstream.entropy_tables` the integer images of the context networks to their layouts. The names above are those of
`zoo.weights.read_weights`. In `model.weights.h5` Keras calls them by paths such as
`chain/residual_module_1/decoder/enter/dense/vars/0`, made of names in `model/`: the attributes that hold layers, the
order of a layer's variables, and the classes LsfQuantizer, SideContext, NoiseSubstitution, ResidualModule and
ResidualBlock. Whoever renames one of these makes all presets unreadable; `zoo.weights.readable_name` translates them.
"""
from dataclasses import dataclass

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.lpc import GAINS, ORDER
from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.architecture.noise import BAND_HZ, BANDS

SIDE_SYMBOLS = ORDER + GAINS  # of a frame: LSFs, then gains
MODULE_SYMBOLS = FRAME_SAMPLES  # of a frame, whatever the module's hop
SIDE_LIMIT = 31  # the largest LSF or gain symbol
MODULE_LIMIT = 127  # the largest symbol of a module
BIN_RANGE = 0.45  # how far training may move a bin from its symbol, in steps

LEAKY_SLOPE = 0.2  # of leaky ReLUs, the activation of all hidden layers but those of context networks
ENCODER_KERNEL = 2  # code frames that an encoder's first layer sees; it never looks ahead
DECODER_KERNEL = 3  # the same for a decoder, besides those it looks ahead
BLOCK_KERNEL = 3  # of the convolution inside a residual block
NOISE_KERNEL, NOISE_WIDTH, NOISE_BLOCKS = 4, 40, 1  # of the network that infers the level of noise

SIDE_CONTEXT_WIDTH = 64
STAGES = 2  # side symbols 0, 2, ..., 16 are coded first, then 1, 3, ..., 17, whose network sees the former
STAGE_SYMBOLS = SIDE_SYMBOLS // STAGES
CONTEXT_FRAMES = 2  # frames (code frames with long-term prediction) that a context network looks back at
SIDE_FRAMES = 2  # frames of side information that a module's context network sees, the present one included
POOL = 8  # neighbouring symbols of the lower module that make one feature
LOWER_FRAMES = 2  # frames of the lower module that a context network sees, the present one included
LTP_OUTPUTS = 3  # of a symbol that is predicted: scale index, gate, offset

POINT_SIZES = 3  # of symbols that have reconstruction points of their own in a nested module: 1, 2, 3 and more
CONTEXT_SIZES = 4  # of symbols below that a nested module's entropy model tells apart: 0, 1, 2, 3 and more
NEIGHBOURS = 3  # code frames of the module below that a nested module's context network sees: one before, one after
CONTROL_KERNEL = 2  # code frames that the controls of an odd decoder see, besides those it looks ahead


def num_bins(limit):
    """Bins of a quantiser whose symbols run from -limit to limit."""
    return 2 * limit + 1


def bottleneck(width):
    """Channels inside a residual block."""
    return width // 2


def condition_width(hop):
    """Side information per code frame: LSFs and gains (two for a 20 ms hop, else one), of this frame and the last."""
    return 2 * (ORDER + (GAINS if hop == FRAME_SAMPLES else 1))


@dataclass(frozen=True)
class DenseLayout:
    """A layer x @ kernel + bias."""

    inputs: int
    outputs: int
    bias: bool = True

    def shapes(self):
        shapes = {"kernel": (self.inputs, self.outputs)}
        return {**shapes, "bias": (self.outputs,)} if self.bias else shapes


@dataclass(frozen=True)
class CorrectionLayout:
    """The CNN of an encoder or decoder.

    Args:
        inputs: channels that it sees.
        condition: width of the side information.
        width, blocks: hidden channels, and how many residual blocks.
        outputs: coefficients that it corrects.
        kernel: code frames that its first layer sees, of which `lookahead` come later.
    """

    inputs: int
    condition: int
    width: int
    blocks: int
    outputs: int
    kernel: int
    lookahead: int = 0

    def shapes(self):
        inner = bottleneck(self.width)
        layers = {
            "enter": DenseLayout(self.kernel * self.inputs, self.width),
            "condition": DenseLayout(self.condition, self.width, bias=False),
            "leave": DenseLayout(self.width, self.outputs),
        }
        for i in range(self.blocks):
            layers |= {
                f"block_{i}/squeeze": DenseLayout(self.width, inner),
                f"block_{i}/conv": DenseLayout(BLOCK_KERNEL * inner, inner),
                f"block_{i}/expand": DenseLayout(inner, self.width),
            }
        return shapes_of(layers)


@dataclass(frozen=True)
class ContextLayout:
    """A context network: two dense layers, the hidden one clipped, so that integers can take the place of floats."""

    inputs: int
    hidden: int
    outputs: int

    def shapes(self):
        return shapes_of({"hidden": DenseLayout(self.inputs, self.hidden),
                          "out": DenseLayout(self.hidden, self.outputs)})


@dataclass(frozen=True)
class ModuleLayout:
    """A residual module.

    Args:
        hop: samples per code frame.
        coded: coefficients of a code frame that are sent.
        condition: width of the side information.
        step_width: hidden units that turn it into step sizes.
        noise_fill: whether zeros are filled with noise.
        encoder, decoder: CorrectionLayouts.
        context: ContextLayout of the entropy model.
    """

    hop: int
    coded: int
    condition: int
    step_width: int
    noise_fill: bool
    encoder: CorrectionLayout
    decoder: CorrectionLayout
    context: ContextLayout

    def shapes(self):
        return {
            "basis": (2 * self.hop, self.hop),
            "log_step": (self.hop,),
            "quantizer/offset": (num_bins(MODULE_LIMIT),),
            **({"noise/log_level": (self.hop,)} if self.noise_fill else {}),
            **shapes_of({
                "step_hidden": DenseLayout(self.condition, self.step_width),
                "step_out": DenseLayout(self.step_width, self.hop, bias=False),
                "encoder": self.encoder,
                "decoder": self.decoder,
                "context/network": self.context,
            }),
        }


def module_layout(config, first):
    """The ModuleLayout of a ModuleConfig; a module after the first also sees the reconstruction by those before it."""
    inputs, condition = config.hop if first else 2 * config.hop, condition_width(config.hop)
    return ModuleLayout(
        hop=config.hop, coded=config.coded, condition=condition, step_width=config.step_width,
        noise_fill=config.noise_fill,
        encoder=CorrectionLayout(inputs, condition, config.encoder_width, config.encoder_blocks, outputs=config.coded,
                                 kernel=ENCODER_KERNEL),
        decoder=CorrectionLayout(inputs, condition, config.decoder_width, config.decoder_blocks, outputs=config.hop,
                                 kernel=DECODER_KERNEL + config.lookahead, lookahead=config.lookahead),
        context=(ltp_context_layout(config.hop, config.coded, config.context_width) if config.long_term
                 else module_context_layout(first, config.context_width)))


def module_context_layout(first, hidden):
    """Context network of a module's frames: two frames before, those of the lower module, side information."""
    inputs = CONTEXT_FRAMES * MODULE_SYMBOLS + SIDE_FRAMES * SIDE_SYMBOLS
    if not first:
        inputs += LOWER_FRAMES * MODULE_SYMBOLS // POOL
    return ContextLayout(inputs, hidden, MODULE_SYMBOLS)


def ltp_context_layout(hop, coded, hidden):
    """Context network of code frames with long-term prediction, of which `coded` symbols are sent.

    It sees magnitudes of the code frames before, the prediction, the last symbols with their signs, how well the past
    repeats itself, side information, and the place of the code frame in its frame.
    """
    inputs = CONTEXT_FRAMES * coded + 2 * coded + 1 + SIDE_FRAMES * SIDE_SYMBOLS + FRAME_SAMPLES // hop
    return ContextLayout(inputs, hidden, LTP_OUTPUTS * coded)


def side_context_layouts():
    """Context networks of the side symbols, for each stage: two frames before and, in the second, the first stage."""
    inputs = CONTEXT_FRAMES * SIDE_SYMBOLS
    return tuple(ContextLayout(inputs + stage * STAGE_SYMBOLS, SIDE_CONTEXT_WIDTH, 2 * STAGE_SYMBOLS)
                 for stage in range(STAGES))


def noise_layout(hop, noise_above, prefixes=0):
    """The network that infers the level of noise in the bands from `noise_above` Hz on, for a first module's hop.

    In a nested cascade it also knows which of so many prefixes is decoded.
    """
    return CorrectionLayout(BANDS, condition_width(hop) + prefixes, NOISE_WIDTH, NOISE_BLOCKS,
                            outputs=BANDS - noise_above // BAND_HZ, kernel=NOISE_KERNEL)


@dataclass(frozen=True)
class OddDecoderLayout:
    """The decoder of a nested cascade: a signed path without biases, and controls that scale it.

    Args:
        hop: coefficients.
        condition: width of what it knows besides: side information, and which prefix is decoded.
        width, control: channels of the signed path and of the controls.
        blocks: how many blocks.
        lookahead: code frames that it waits for.
    """

    hop: int
    condition: int
    width: int
    control: int
    blocks: int
    lookahead: int

    @property
    def kernel(self):
        """Code frames that the signed path sees."""
        return DECODER_KERNEL + self.lookahead

    @property
    def control_kernel(self):
        """Code frames that the controls see."""
        return CONTROL_KERNEL + self.lookahead

    def shapes(self):
        inner = bottleneck(self.width)
        layers = {
            "enter": DenseLayout(self.kernel * self.hop, self.width, bias=False),
            "sizes": DenseLayout(self.control_kernel * self.hop, self.control),
            "condition": DenseLayout(self.condition, self.control, bias=False),
            "leave": DenseLayout(self.width, self.hop, bias=False),
            "gain": DenseLayout(self.control, self.hop),
        }
        for i in range(self.blocks):
            layers |= {
                f"block_{i}/squeeze": DenseLayout(self.width, inner, bias=False),
                f"block_{i}/conv": DenseLayout(BLOCK_KERNEL * inner, inner, bias=False),
                f"block_{i}/gate": DenseLayout(self.control, inner),
                f"block_{i}/expand": DenseLayout(inner, self.width, bias=False),
                f"block_{i}/update": DenseLayout(self.control + inner, self.control),
            }
        return shapes_of(layers)


def odd_decoder_layout(config):
    """The OddDecoderLayout of a NestedConfig."""
    return OddDecoderLayout(config.hop, condition_width(config.hop) + len(config.modules), config.decoder_width,
                            config.control_width, config.decoder_blocks, config.lookahead)


def nested_encoder_layout(config):
    """The CorrectionLayout of a NestedConfig's encoder."""
    return CorrectionLayout(config.hop, condition_width(config.hop), config.encoder_width, config.encoder_blocks,
                            outputs=config.hop, kernel=ENCODER_KERNEL)


def nested_context_layout(below, coded, hidden):
    """Context network of a nested module.

    The first one sees its code frames before, a later one the symbols below and the scales with which they were sent;
    both see LSFs and gain, now and a code frame before.

    Args:
        below: coefficients that the module below sends; 0 in the first.
        coded: coefficients that the module sends.
        hidden: hidden units.
    """
    inputs = (NEIGHBOURS + 1) * below if below else CONTEXT_FRAMES * coded
    return ContextLayout(inputs + SIDE_FRAMES * (ORDER + 1), hidden, coded + below)


def nested_shapes(config):
    """Shapes of all arrays of a nested cascade but those of its LSF quantiser: dict of name -> tuple."""
    hop, condition, below = config.hop, condition_width(config.hop), (0, *config.coded)
    layers = dict(zip(("side_context/first", "side_context/second"), side_context_layouts()))
    layers |= {"step_sizes/hidden": DenseLayout(condition, config.step_width),
               "step_sizes/out": DenseLayout(config.step_width, hop, bias=False),
               "encoder": nested_encoder_layout(config), "decoder": odd_decoder_layout(config)}
    if config.noise_above:
        layers["noise_substitution/network"] = noise_layout(hop, config.noise_above, len(config.modules))
    shapes = {"step_sizes/log_step": (hop,)}
    for i, module in enumerate(config.modules):
        layers[f"context_{i}/network"] = nested_context_layout(below[i], config.coded[i], module.context_width)
        shapes |= {f"embedded_quantizer/offset_{i}": (POINT_SIZES, hop), f"fill_{i}/log_level": (hop,)}
        if i:
            shapes |= {f"context_{i}/{name}": (CONTEXT_SIZES, below[i]) for name in ("slope", "shift")}
    return {**shapes, **shapes_of(layers)}


def weight_shapes(config):
    """Shape of every array that a cascade has.

    Args:
        config: CascadeConfig or NestedConfig.

    Returns:
        dict of name -> tuple.
    """
    lsf = {**{f"lsf_quantizer/{name}": (ORDER,) for name in ("log_step", "mean", "std")},
           "lsf_quantizer/quantizer/offset": (ORDER * num_bins(SIDE_LIMIT),)}
    if isinstance(config, NestedConfig):
        return lsf | nested_shapes(config)
    layers = dict(zip(("side_context/first", "side_context/second"), side_context_layouts()))
    if config.noise_above:
        layers["noise_substitution/network"] = noise_layout(config.modules[0].hop, config.noise_above)
    layers |= {f"module_{i}": module_layout(module, i == 0) for i, module in enumerate(config.modules)}
    return lsf | shapes_of(layers)


def shapes_of(layers):
    """Shapes of all arrays of named layouts: dict of name -> tuple."""
    return {f"{name}/{array}": shape for name, layout in layers.items() for array, shape in layout.shapes().items()}
