"""The decoder: the Keras cascade's waveform from the same symbols, as soon as the frames allow."""

import numpy as np
import pytest

from neuralcodec.architecture.config import CascadeConfig
from neuralcodec.bitstream.frames import Frames
from neuralcodec.runtime.decoder import Decoder
from neuralcodec.runtime.encoder import Encoder


def encode(reference, samples, step_index=0):
    encoder = Encoder(reference.config, reference.weights, step_index)
    return Frames.concatenate([encoder.push(samples), encoder.finish()])


def decode(reference, frames, step_index=0, modules=None):
    return Decoder(reference.config, reference.weights, step_index, modules).push(frames)


def first_modules(frames, count):
    return Frames(frames.lsf, frames.gain, frames.modules[:count])


def test_audio_is_that_of_the_keras_cascade(reference, speech, coded):
    frames, waveforms = coded
    for count, expected in enumerate(waveforms, start=1):
        for given in (frames, first_modules(frames, count)):
            decoded = decode(reference, given, modules=count)
            assert len(decoded) >= len(speech)
            np.testing.assert_allclose(decoded[: len(speech)], expected[: len(speech)], atol=1e-4)
    assert np.abs(expected).max() > 0.01


@pytest.mark.parametrize("count", [0, 1, 159, 160, 319, 320, 321, 16000])
def test_enough_samples_come_out(reference, speech, count):
    frames = encode(reference, speech[:count])
    for modules in range(1, len(reference.config.modules) + 1):
        assert count <= len(decode(reference, frames, modules=modules)) <= 320 * len(frames)


def test_pieces_make_no_difference(reference, speech):
    frames = encode(reference, speech)
    whole, decoder, rng, parts, at = decode(reference, frames), Decoder(reference.config, reference.weights), \
        np.random.default_rng(5), [], 0
    while at < len(frames):
        size = int(rng.choice([0, 1, 2, 7, 60]))
        parts.append(decoder.push(frames[at: at + size]))
        at += size
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-4)


def test_samples_come_after_the_delay_and_are_final(reference, speech):
    config = reference.config
    frames = encode(reference, speech[:6400])
    whole = decode(reference, frames)
    for modules in range(1, len(config.modules) + 1):
        late = CascadeConfig(config.lpc, config.modules[:modules]).delay - 320
        assert [len(decode(reference, frames[:count], modules=modules)) for count in range(1, 6)] == \
            [max(0, 320 * count - late) for count in range(1, 6)]
    for count in (3, 10):
        start = decode(reference, frames[:count])
        np.testing.assert_allclose(start, whole[: len(start)], atol=1e-4)


def test_a_changed_frame_changes_nothing_before_it(reference, speech):
    frames = encode(reference, speech[:6400])
    changed = frames[:]
    changed.lsf[10:], changed.gain[10:] = -changed.lsf[10:], changed.gain[10:] + 2
    for module in changed.modules:
        module[10:] = module[10:][::-1]
    before, after = decode(reference, frames), decode(reference, changed)
    start = 320 * 10 - (reference.config.delay - 320)
    np.testing.assert_array_equal(before[:start], after[:start])
    assert np.abs(before[start: start + 960] - after[start: start + 960]).max() > 1e-3


def test_fine_steps_reproduce_the_input_in_place(transparent, speech):
    def error(step_index):
        decoded = decode(transparent, encode(transparent, speech, step_index), step_index)[: len(speech)]
        return np.mean((decoded - speech) ** 2) / np.mean(speech**2)

    assert error(-512) < 4e-3 < 1e-2 < error(0) < 5e-2


def test_the_second_module_improves_on_the_first(transparent, speech):
    frames = encode(transparent, speech)
    errors = [np.mean((decode(transparent, frames, modules=k)[: len(speech)] - speech) ** 2) for k in (1, 2)]
    assert errors[1] < errors[0]


@pytest.mark.parametrize("signal", [
    np.zeros(8000),
    np.full(8000, 1.0),
    np.full(8000, 1e-30),
    np.sin(2 * np.pi * 1000 / 16000 * np.arange(8000)),
    np.sin(2 * np.pi * 50 / 16000 * np.arange(8000)) * 1e-4,
    np.clip(20 * np.sin(2 * np.pi * 440 / 16000 * np.arange(8000)), -1, 1),
    np.where(np.arange(8000) % 2, 1.0, -1.0),
    np.where(np.arange(8000) == 4000, 1.0, 0.0),
], ids=["silence", "DC", "denormal", "tone", "hum", "clipped", "Nyquist", "click"])
def test_extreme_signals_stay_finite(reference, signal):
    samples = signal.astype(np.float32)
    decoded = decode(reference, encode(reference, samples))
    assert np.isfinite(decoded).all()
    assert np.abs(decoded).max() < 30


def test_any_symbols_decode_to_finite_samples(reference):
    rng, count = np.random.default_rng(0), 60
    modules = [rng.integers(-127, 128, (count, 320)) for _ in reference.config.modules]
    frames = Frames(rng.integers(-31, 32, (count, 16)), rng.integers(-31, 32, (count, 2)), modules)
    assert np.isfinite(decode(reference, frames)).all()


@pytest.mark.parametrize("first", [1, 7, 70])
def test_decoding_may_begin_anywhere(reference, speech, first):
    """Some frames later, nothing is left of having begun there; noise is that of its place."""
    frames = encode(reference, np.tile(speech, 3))
    for modules in range(1, len(reference.config.modules) + 1):
        decoder = Decoder(reference.config, reference.weights, modules=modules, first_frame=first)
        part, whole = decoder.push(frames[first:]), decode(reference, frames, modules=modules)[first * 320:]
        assert len(part) == len(whole) > 13 * 320
        np.testing.assert_allclose(part[12 * 320:], whole[12 * 320:], atol=1e-4)


def test_modules_that_are_missing_are_done_without(reference, speech):
    """As if they had sent nothing."""
    frames = encode(reference, speech[:8000])
    silent = [0 * module for module in frames.modules[1:]]
    np.testing.assert_array_equal(decode(reference, frames.first(1)),
                                  decode(reference, Frames(frames.lsf, frames.gain, [frames.modules[0], *silent])))


def test_coefficients_take_the_place_of_symbols(reference, speech):
    frames = encode(reference, speech[:4000]).first(1)
    one, other = (Decoder(reference.config, reference.weights, modules=1) for _ in range(2))
    silent = Frames(frames.lsf, frames.gain, [0 * frames.modules[0]])
    for number in range(len(frames)):
        wanted = one.push(frames[number: number + 1])
        coefficients = one.past.coefficients[-(320 // reference.config.modules[0].hop):]
        np.testing.assert_array_equal(other.substitute(silent[number: number + 1], coefficients), wanted)
