"""The NumPy runtime of a nested cascade does what the Keras model does, in pieces of any length."""

import numpy as np
import pytest
from keras import ops
from reference_cascades import fine_predictors

from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.nested_payload import refined
from neuralcodec.model import lpc
from neuralcodec.model.side import code_gain, gain_contour, previous, side_condition
from neuralcodec.model.transform import transform
from neuralcodec.runtime.nested_decoder import NestedDecoder
from neuralcodec.runtime.nested_encoder import NestedEncoder
from neuralcodec.runtime.side import LsfQuantizer


def encode(nested, x, step_index=0, cut=None):
    encoder = NestedEncoder(nested.config, nested.weights, step_index)
    pieces = [x] if cut is None else np.split(x, cut)
    return Frames.concatenate([*(encoder.push(piece) for piece in pieces), encoder.finish()])


def decode(nested, frames, modules=None, size=None):
    decoder = NestedDecoder(nested.config, nested.weights, modules=modules)
    starts = range(0, len(frames), size or len(frames))
    return np.concatenate([decoder.push(frames[start: start + (size or len(frames))]) for start in starts])


@pytest.fixture(scope="module")
def frames(nested, speech):
    return encode(nested, speech[:8000])


def keras_waveform(nested, frames, count):
    """What the Keras cascade decodes from symbols: (n,), the predictors in float64 as in the runtime."""
    cascade, config = nested.cascade, nested.config
    symbols = None
    for sent in frames.modules[:count]:
        sent = sent.astype(int).reshape(-1, config.hop)
        symbols = sent if symbols is None else refined(symbols, sent)
    lsf = ops.convert_to_tensor(nested_lsf(nested, frames)[None])
    gain = ops.convert_to_tensor(frames.gain.reshape(1, -1).astype("float32"))
    smooth = lpc.interpolate_lsf(lsf, previous(lsf))
    predictor = fine_predictors(smooth)
    condition = side_condition(config.hop, cascade.lsf_quantizer.normalise(smooth), gain)
    symbols = ops.convert_to_tensor(symbols[None].astype("float32"))
    step = ops.multiply(cascade.step_sizes(condition), 0.5 ** cascade.quantizer.halvings(count - 1))
    t = (cascade.quantizer.points(symbols, count - 1) + cascade.fills[count - 1](symbols)) * step
    wave, _ = cascade.complete([t] * len(config.modules), condition, ops.convert_to_tensor([count]))
    y = wave * gain_contour(gain)
    return ops.convert_to_numpy(lpc.synthesis_filter(y, predictor) if config.lpc != "none" else y)[0]


def nested_lsf(nested, frames):
    """LSFs (F, 16) of frames, as the runtime reads them."""
    quantizer = LsfQuantizer(nested.weights, nested.config.lpc != "none")
    return quantizer.reconstruct(frames.lsf.astype(int)).astype("float32")


def test_every_prefix_decodes_as_in_training(nested, frames):
    for count in range(1, len(nested.config.modules) + 1):
        wanted, found = keras_waveform(nested, frames, count), decode(nested, frames, modules=count)
        assert len(found) >= 8000
        np.testing.assert_allclose(found[:8000], wanted[:8000], atol=2e-5)


def test_frames_of_fewer_modules_decode_as_their_prefix_does(nested, frames):
    for count in range(1, len(nested.config.modules) + 1):
        np.testing.assert_array_equal(decode(nested, frames.first(count)), decode(nested, frames, modules=count))


def test_coefficients_take_the_place_of_symbols(nested, frames):
    one, other = (NestedDecoder(nested.config, nested.weights, modules=1) for _ in range(2))
    silent = Frames(frames.lsf, frames.gain, [0 * frames.modules[0]])
    for number in range(10):
        wanted = one.push(frames[number: number + 1].first(1))
        coefficients = one.past.coefficients[-(320 // nested.config.hop):]
        np.testing.assert_array_equal(other.substitute(silent[number: number + 1], coefficients), wanted)


def test_symbols_are_those_of_training(nested, speech, frames):
    """But for a few that lie at a threshold, where rounding decides."""
    cascade, x = nested.cascade, ops.convert_to_tensor(np.pad(speech[:8000], (0, 640))[None])
    lsf = ops.convert_to_tensor(nested_lsf(nested, frames)[None])  # the LPC stage has its own test
    smooth = lpc.interpolate_lsf(lsf, previous(lsf))
    predictor = fine_predictors(smooth)
    residual = x if nested.config.lpc == "none" else lpc.analysis_filter(x, predictor)
    gain = code_gain(residual)
    np.testing.assert_array_equal(ops.convert_to_numpy(gain)[0], frames.gain.reshape(-1))
    condition = side_condition(nested.config.hop, cascade.lsf_quantizer.normalise(smooth), gain)
    t = transform(residual / gain_contour(gain), cascade.basis)
    wanted, steps, lower = t + cascade.encoder(t, condition), cascade.step_sizes(condition), None
    for number, sent in enumerate(frames.modules):
        step = ops.multiply(steps, 0.5 ** cascade.quantizer.halvings(number))
        symbols, _, _ = cascade.quantizer(wanted, step, number=number)
        symbols = ops.convert_to_numpy(symbols)[0].astype(int)
        found = sent.astype(int).reshape(symbols.shape)
        lower = found if lower is None else refined(lower, found)
        assert np.mean(lower != symbols) < 2e-3


def test_pieces_do_not_matter(nested, speech, frames):
    assert encode(nested, speech[:8000], cut=[1, 319, 320, 2000, 2001]) == frames
    np.testing.assert_allclose(decode(nested, frames, size=1), decode(nested, frames), atol=1e-5)


def test_a_prefix_needs_only_its_own_symbols(nested, frames):
    first = frames.first(1)
    np.testing.assert_array_equal(decode(nested, first, modules=1), decode(nested, frames, modules=1))


def test_delay(nested, frames):
    """As many samples come out of the first frames as the configuration says."""
    waiting = nested.config.delay - 320
    assert len(decode(nested, frames[:6])) == 6 * 320 - waiting


def test_silence_before_the_first_sample_and_no_sample_at_all(nested):
    assert len(encode(nested, np.zeros(0, np.float32))) == 0
    assert len(encode(nested, np.zeros(1, np.float32))) == 3


@pytest.mark.parametrize("step_index", [-256, 256])
def test_the_step_scale_changes_the_symbols_by_its_factor(nested, speech, frames, step_index):
    scaled = encode(nested, speech[:8000], step_index)
    sizes = [np.abs(part.modules[0].astype(int)).sum() for part in (frames, scaled)]
    assert sizes[1] < sizes[0] if step_index > 0 else sizes[1] > sizes[0]


def test_hard_signals_stay_finite(nested):
    rng = np.random.default_rng(1)
    square, click = np.sign(np.sin(np.arange(4000) * 0.3)), np.eye(1, 4000, 2000)[0]
    for x in (np.zeros(4000), rng.uniform(-1, 1, 4000), square, click):
        y = decode(nested, encode(nested, x.astype(np.float32)))
        assert np.isfinite(y).all() and np.abs(y).max() < 30


def test_decoding_may_begin_anywhere(nested, frames):
    """Some frames later, nothing is left of having begun there; noise is that of its place."""
    first, settled = 5, 5 + 12
    for modules in range(1, len(nested.config.modules) + 1):
        decoder = NestedDecoder(nested.config, nested.weights, modules=modules, first_frame=first)
        part, whole = decoder.push(frames[first:]), decode(nested, frames, modules)[first * 320:]
        assert len(part) == len(whole)
        np.testing.assert_allclose(part[(settled - first) * 320:], whole[(settled - first) * 320:], atol=1e-4)
