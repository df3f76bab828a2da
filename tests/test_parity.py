"""The twins: what `model` trains in Keras and `runtime` runs in NumPy is the same, name by name.

Both folders have the same files, and these define the same names. What needs memory from one piece of a signal to the
next is a function of the whole signal in `model` and a class of the same name in `runtime`: `transform` and
`Transform`. Each of these pairs gets the same input here; the runtime gets it in two pieces.
"""

import functools
import importlib
import inspect
import pkgutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from keras import ops
from nested_cascades import Nested, make_nested
from reference_cascades import Reference, make_cascade

import neuralcodec.model
import neuralcodec.runtime
from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
from neuralcodec.architecture.layout import MODULE_LIMIT, SIDE_LIMIT, module_layout, odd_decoder_layout
from neuralcodec.architecture.lpc import LAG_WINDOW, PAST, UNIFORM
from neuralcodec.architecture.nested import NestedConfig, NestedModule
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.runtime.lpc import lpc_from_lsf

# The integer twins of ltp and of nested_entropy are bitstream.ltp and bitstream.nested_payload.
ONLY_IN_MODEL = {"cascade", "entropy_model", "initializers", "ltp", "nested", "nested_entropy"}
ONLY_IN_RUNTIME = {"decoder", "encoder", "layers", "nested_decoder", "nested_encoder"}
WITHOUT_TWIN = {
    "module.SharedState",  # what `model` passes as arguments
    "quantizer.straight_through", "side.AtMost",  # for training
    "odd_decoder.OddConv1D",  # a convolution whose weights have no bias
}

FRAMES, HOP, ABOVE = 12, 80, 4000
ROWS = FRAMES * 320 // HOP  # code frames
SMALL = {"hop": HOP, "encoder_width": 8, "decoder_width": 12, "step_width": 8, "context_width": 8}
CONFIG = CascadeConfig("trained", (
    ModuleConfig(lookahead=2, noise_fill=True, long_term=True, coded_below=3000, **SMALL),
    ModuleConfig(lookahead=1, **SMALL)), noise_above=ABOVE)
PAIRS = {}  # name of a pair -> what compares the two


def names_of_files(package):
    return {found.name for found in pkgutil.iter_modules(package.__path__)}


COMMON_FILES = sorted(names_of_files(neuralcodec.model) & names_of_files(neuralcodec.runtime))


def public_names(package, file):
    """Names of the functions and classes that a file defines."""
    module = importlib.import_module(f"{package.__name__}.{file}")
    return {name for name, value in vars(module).items()
            if (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__ == module.__name__
            and not name.startswith("_") and f"{file}.{name}" not in WITHOUT_TWIN}


def spelling(name):
    """The same for a function and the class of the same name."""
    return name.replace("_", "").lower()


def pair(name):
    """Registers what compares a pair: given both files and `twins`, it yields (of the model, of the runtime)."""
    def register(function):
        PAIRS[name] = function
        return function
    return register


def test_both_folders_have_the_same_files():
    assert names_of_files(neuralcodec.model) - ONLY_IN_MODEL == names_of_files(neuralcodec.runtime) - ONLY_IN_RUNTIME


@pytest.mark.parametrize("file", COMMON_FILES)
def test_both_files_define_the_same_names(file):
    mine, others = ({spelling(name) for name in public_names(package, file)}
                    for package in (neuralcodec.model, neuralcodec.runtime))
    assert mine == others


def test_every_pair_is_compared():
    names = {f"{file}.{name}" for file in COMMON_FILES for name in public_names(neuralcodec.model, file)}
    assert names == set(PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_twins_agree(name, twins):
    file = name.split(".")[0]
    model, runtime = (importlib.import_module(f"neuralcodec.{package}.{file}") for package in ("model", "runtime"))
    for expected, found in PAIRS[name](model, runtime, twins):
        assert expected.shape == found.shape
        tolerance = 1e-3 if name == "lpc.analysis" else 1e-4  # where LSFs are roots of a polynomial in float32
        np.testing.assert_allclose(found, expected, atol=tolerance * max(1, np.abs(expected).max()))
        assert np.ptp(expected) > 0.01  # it is no empty comparison


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """A Keras cascade whose weights do something everywhere, and these weights as the runtime has them."""
    return Reference(make_cascade(CONFIG), tmp_path_factory.mktemp("weights"))


def noise(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype("float32")


def batch(function, *arrays):
    """What a function of batches makes of arrays without a batch axis, without one."""
    out = function(*(ops.convert_to_tensor(np.ascontiguousarray(array)[None]) for array in arrays))
    if isinstance(out, (tuple, list)):
        return tuple(ops.convert_to_numpy(part)[0] for part in out)
    return ops.convert_to_numpy(out)[0]


def pieces(function, *arrays):
    """What comes out if the first third of the arrays goes in first, then the rest."""
    parts = [function(*(array[:len(array) // 3] for array in arrays)),
             function(*(array[len(array) // 3:] for array in arrays))]
    if isinstance(parts[0], tuple):
        return tuple(np.concatenate(part) for part in zip(*parts))
    return np.concatenate(parts)


def waveform(samples=320 * FRAMES):
    return 0.1 * noise(samples)


def lsfs():
    """Ordered LSFs (F, 16)."""
    return np.sort(UNIFORM + 0.05 * noise(FRAMES, 16), axis=1).astype("float32")


def predictors():
    """A predictor for each sub-frame, float64 (S, 17)."""
    return lpc_from_lsf(lsfs().repeat(4, axis=0))


@pair("lpc.analysis")
def analysis(model, runtime, twins):
    yield from zip(batch(model.analysis, waveform()), pieces(runtime.Analysis(), waveform()))


@pair("lpc.autocorrelation")
def autocorrelation(model, runtime, twins):
    x = waveform(PAST + 320 * FRAMES)
    yield batch(model.autocorrelation, x), runtime.autocorrelation(x)


@pair("lpc.levinson_durbin")
def levinson_durbin(model, runtime, twins):
    r = runtime.autocorrelation(waveform(PAST + 320 * FRAMES)) * LAG_WINDOW
    yield batch(model.levinson_durbin, r), runtime.levinson_durbin(r)


@pair("lpc.lsf_from_lpc")
def lsf_from_lpc(model, runtime, twins):
    a = predictors().astype("float32")
    yield batch(model.lsf_from_lpc, a), runtime.lsf_from_lpc(a)


@pair("lpc.order_lsf")
def order_lsf(model, runtime, twins):
    values = 2 * noise(FRAMES, 16)
    yield batch(model.order_lsf, values), runtime.order_lsf(values)


@pair("lpc.interpolate_lsf")
def interpolate_lsf(model, runtime, twins):
    yield batch(model.interpolate_lsf, lsfs(), lsfs()[::-1]), runtime.interpolate_lsf(lsfs(), lsfs()[::-1])


@pair("lpc.lpc_from_lsf")
def predictors_from_lsfs(model, runtime, twins):
    yield batch(model.lpc_from_lsf, lsfs()), runtime.lpc_from_lsf(lsfs())


@pair("lpc.analysis_filter")
def analysis_filter(model, runtime, twins):
    x, a = waveform().reshape(-1, 80), predictors()
    filter_ = runtime.AnalysisFilter()
    yield (batch(model.analysis_filter, waveform(), a.astype("float32")),
           pieces(lambda x, a: filter_(x.reshape(-1), a), x, a))


@pair("lpc.synthesis_filter")
def synthesis_filter(model, runtime, twins):
    x, a = waveform().reshape(-1, 80), predictors()
    filter_ = runtime.SynthesisFilter()
    yield (batch(model.synthesis_filter, waveform(), a.astype("float32")),
           pieces(lambda x, a: filter_(x.reshape(-1), a), x, a))


@pair("side.previous")
def previous(model, runtime, twins):
    yield batch(model.previous, lsfs()), pieces(runtime.Previous(), lsfs())


@pair("side.LsfQuantizer")
def lsf_quantizer(model, runtime, twins):
    mine = runtime.LsfQuantizer(twins.weights, sent=True)
    quantised, symbols = batch(twins.cascade.lsf_quantizer, lsfs())
    yield batch(twins.cascade.lsf_quantizer.normalise, lsfs()), mine.normalise(lsfs())
    yield symbols, mine.quantise(lsfs())
    yield quantised, mine.reconstruct(symbols.astype(int))


@pair("side.lsf_contour")
def lsf_contour(model, runtime, twins):
    mine = runtime.LsfContour(runtime.LsfQuantizer(twins.weights, sent=True))
    expected = batch(lambda lsf: model.lsf_contour(twins.cascade.lsf_quantizer, lsf), lsfs())
    yield from zip(expected, pieces(mine, lsfs()))


@pair("side.code_gain")
def code_gain(model, runtime, twins):
    residual = waveform() * np.linspace(0, 1, 320 * FRAMES, dtype="float32") ** 4
    yield batch(model.code_gain, residual), runtime.code_gain(residual)


def gains():
    return np.clip(np.rint(8 * noise(2 * FRAMES)), -SIDE_LIMIT, SIDE_LIMIT).astype("float32")


@pair("side.gain_contour")
def gain_contour(model, runtime, twins):
    yield batch(model.gain_contour, gains()), pieces(runtime.GainContour(), gains())


@pair("side.side_condition")
def side_condition(model, runtime, twins):
    smooth = lsfs().repeat(4, axis=0)
    for hop in (320, 160, 80):
        mine = runtime.SideCondition(hop)
        yield (batch(lambda lsf, gain: model.side_condition(hop, lsf, gain), smooth, gains()),
               pieces(mine, smooth, gains()))


@pair("quantizer.SoftmaxQuantizer")
def softmax_quantizer(model, runtime, twins):
    z = 4 * noise(ROWS, HOP)
    mine = runtime.SoftmaxQuantizer(twins.weights["module_0/quantizer/offset"], MODULE_LIMIT)
    reconstruction, symbols = batch(twins.cascade.chain[0].quantizer, z)
    yield symbols, mine.quantise(z)
    yield reconstruction, mine.reconstruct(symbols.astype(int))
    yield batch(twins.cascade.chain[0].quantizer.reconstruct, symbols), mine.reconstruct(symbols.astype(int))


@pair("transform.transform")
def transform(model, runtime, twins):
    mine, x = runtime.Transform(lapped_basis(HOP)), noise(ROWS, HOP)
    yield (batch(lambda x: model.transform(x, lapped_basis(HOP)), x.reshape(-1)),
           pieces(lambda x: mine(x.reshape(-1)), x))


@pair("transform.inverse_transform")
def inverse_transform(model, runtime, twins):
    t, mine = noise(ROWS, HOP), runtime.InverseTransform(lapped_basis(HOP))
    expected = batch(lambda t: model.inverse_transform(t, lapped_basis(HOP)), t)
    yield expected[:-HOP], pieces(mine, t)  # the last hop waits for what comes


@pair("cnn.leaky_relu")
def leaky_relu(model, runtime, twins):
    yield batch(model.leaky_relu, noise(ROWS, HOP)), runtime.leaky_relu(noise(ROWS, HOP))


@pair("cnn.CausalConv1D")
def causal_conv(model, runtime, twins):
    layout = module_layout(CONFIG.modules[0], first=True).decoder
    mine = runtime.CausalConv1D(twins.weights, "module_0/decoder/enter", layout.inputs, layout.kernel, layout.lookahead)
    expected = batch(twins.cascade.chain[0].decoder.enter, noise(ROWS, HOP))
    yield expected[: -layout.lookahead], pieces(mine, noise(ROWS, HOP))


@pair("cnn.ResidualBlock")
def residual_block(model, runtime, twins):
    x, mine = noise(ROWS, SMALL["decoder_width"]), runtime.ResidualBlock(twins.weights, "module_0/decoder/block_1",
                                                                        SMALL["decoder_width"])
    yield batch(twins.cascade.chain[0].decoder.blocks[1], x), pieces(mine, x)


@pair("cnn.Correction")
def correction(model, runtime, twins):
    for number, (module, config) in enumerate(zip(twins.cascade.chain, CONFIG.modules)):
        layout = module_layout(config, number == 0).decoder
        x, condition = noise(ROWS, layout.inputs), noise(ROWS, layout.condition)
        mine = runtime.Correction(twins.weights, f"module_{number}/decoder", layout)
        yield batch(module.decoder, x, condition)[: -layout.lookahead], pieces(mine, x, condition)


@pair("module.ResidualModule")
def residual_module(model, runtime, twins):
    for number, (module, config) in enumerate(zip(twins.cascade.chain, CONFIG.modules)):
        mine, layout = runtime.ResidualModule(twins.weights, config, number), module_layout(config, number == 0)
        residual, before = 4 * noise(ROWS, HOP), noise(ROWS, HOP + 1)[:, :HOP]
        condition = noise(ROWS, layout.condition)
        step = batch(module.step_sizes, condition)
        yield step, mine.step_sizes(condition)
        decoded, symbols = batch(module, residual.reshape(-1), before.reshape(-1), condition)

        def code(residual, before, condition, symbols):
            shared = mine.share(None if number == 0 else before.reshape(-1), condition)
            coefficients = mine.coefficients(symbols.astype(int), shared)
            return (mine.encode(residual.reshape(-1), shared), *mine.decode(coefficients, shared))

        found_symbols, reconstruction, coefficients = pieces(code, residual, before, condition, np.rint(symbols))
        yield symbols, found_symbols
        yield decoded[: -config.lookahead], coefficients
        expected = batch(module.inverse_transform, decoded)[: len(reconstruction)]
        yield expected if number == 0 else expected + before.reshape(-1)[: len(expected)], reconstruction


@pair("noise_filling.NoiseFill")
def noise_fill(model, runtime, twins):
    symbols = np.rint(0.5 * noise(ROWS, HOP))
    mine = runtime.NoiseFill(twins.weights["module_0/noise/log_level"])
    yield batch(twins.cascade.chain[0].noise, symbols), pieces(mine, symbols)


@functools.cache
def nested():
    """The same of a nested cascade."""
    config = NestedConfig("trained", HOP, (NestedModule(3000, 8), NestedModule(8000, 8)), 8, 1, 12, 2, 6, 2, 8, ABOVE)
    with tempfile.TemporaryDirectory() as folder:
        return Nested(make_nested(config), Path(folder))


@pair("embedded_quantizer.StepSizes")
def step_sizes(model, runtime, twins):
    condition = noise(ROWS, 34)
    yield batch(nested().cascade.step_sizes, condition), runtime.StepSizes(nested().weights)(condition)


@pair("embedded_quantizer.EmbeddedQuantizer")
def embedded_quantizer(model, runtime, twins):
    mine, layer = runtime.EmbeddedQuantizer(nested().weights, nested().config), nested().cascade.quantizer
    z = 5 * noise(ROWS, HOP)
    for number in range(2):
        step = np.ones_like(z) * np.float32(0.5) ** layer.halvings(number)
        symbols, _, points = batch(lambda *inputs: layer(*inputs, number=number), z, step)
        yield symbols, mine.quantise(z, number)
        yield points, mine.points(symbols.astype(int), number) * step


@pair("odd_decoder.magnitude")
def magnitude(model, runtime, twins):
    yield batch(model.magnitude, noise(ROWS, HOP)), runtime.magnitude(noise(ROWS, HOP))


@pair("odd_decoder.OddBlock")
def odd_block(model, runtime, twins):
    signed, controls, mine = noise(ROWS, 12), noise(ROWS, 6), runtime.OddBlock(nested().weights, "decoder/block_0", 12)
    yield from zip(batch(nested().cascade.decoder.blocks[0], signed, controls), pieces(mine, signed, controls))


@pair("odd_decoder.OddDecoder")
def odd_decoder(model, runtime, twins):
    layout = odd_decoder_layout(nested().config)
    t, condition = noise(ROWS, HOP), noise(ROWS, layout.condition)
    expected = batch(nested().cascade.decoder, t, condition)[: -layout.lookahead]
    yield expected, pieces(runtime.OddDecoder(nested().weights, layout), t, condition)


@pair("noise_substitution.band_power")
def band_power(model, runtime, twins):
    yield batch(model.band_power, noise(ROWS, HOP)), runtime.band_power(noise(ROWS, HOP))


@pair("noise_substitution.NoiseSubstitution")
def noise_substitution(model, runtime, twins):
    layer, mine = twins.cascade.noise, runtime.NoiseSubstitution(twins.weights, HOP, ABOVE)
    t, condition = noise(ROWS, HOP), noise(ROWS, 34)
    levels = batch(layer.levels, t, condition)
    yield levels, pieces(mine.levels, t, condition)
    yield batch(layer, levels)[:-HOP], pieces(mine, levels)
