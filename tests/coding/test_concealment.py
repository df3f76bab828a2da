"""Gaps are filled with what goes on from the past, and leave no trace soon after."""

import numpy as np
import pytest

from neuralcodec.bitstream.frames import Frames
from neuralcodec.codec import Codec
from neuralcodec.coding.concealment import COMPARED, LONGEST, Concealment, find_period
from neuralcodec.evaluation.packet_loss import gilbert_elliott
from neuralcodec.runtime.nested_decoder import make_decoder
from neuralcodec.runtime.nested_encoder import make_encoder

FRAME = 320


@pytest.fixture(scope="module", params=["cq-9k", "cq-24k"])
def trained(request):
    """Codecs that come with the package."""
    return Codec.from_pretrained(request.param)


def coded(preset, samples):
    encoder = make_encoder(preset.config, preset.weights)
    return Frames.concatenate([encoder.push(samples), encoder.finish()])


def concealed(preset, frames, lost):
    """Samples of frames, of which those are missing where `lost` is true."""
    decoder = Concealment(make_decoder(preset.config, preset.weights))
    parts = [decoder.conceal(1) if gone else decoder.push(frames[number: number + 1])
             for number, gone in enumerate(lost)]
    return np.concatenate(parts)


def vowel(pitch, count=16000):
    """A voice that holds a tone: pulses through two resonances."""
    pulses = (np.arange(count) % pitch == 0) * 1.0
    for frequency in (600, 1700):
        poles = np.exp(-np.pi * 120 / 16000 + 2j * np.pi * frequency / 16000)
        a, x = np.real(np.poly([poles, poles.conj()])), np.zeros(count + 2)
        for n in range(count):
            x[n + 2] = pulses[n] - a[1] * x[n + 1] - a[2] * x[n]
        pulses = x[2:]
    return (0.3 * pulses / np.abs(pulses).max()).astype(np.float32)


@pytest.mark.parametrize("period", [32, 33, 80, 147, 160, 319, 320])
def test_the_period_is_found(period):
    rng = np.random.default_rng(period)
    wave = np.resize(rng.standard_normal(period), LONGEST + COMPARED + 11)
    found, likeness = find_period(wave)
    assert found % period == 0 and likeness > 0.999


def test_noise_has_no_period():
    assert find_period(np.random.default_rng(1).standard_normal(2000))[1] < 0.5
    assert find_period(np.zeros(2000))[1] == 0


@pytest.mark.parametrize("pitch", [80, 130])
def test_a_held_tone_goes_on(trained, pitch):
    """In a gap of one frame, the tone keeps its period and its loudness."""
    samples = vowel(pitch)
    frames = coded(trained.preset, samples)
    lost = np.arange(len(frames)) == 25
    whole, filled = (concealed(trained.preset, frames, gone) for gone in (lost & False, lost))
    gap = slice(25 * FRAME, 26 * FRAME)
    likeness = np.corrcoef(whole[gap], filled[gap])[0, 1]
    assert likeness > 0.7
    assert 0.5 < np.std(filled[gap]) / np.std(whole[gap]) < 1.4


def test_a_long_gap_fades_to_silence(any_codec, clip):
    frames = coded(any_codec.preset, clip[0][16000:32000])
    filled = concealed(any_codec.preset, frames, np.arange(len(frames)) >= 20)
    assert np.abs(filled[40 * FRAME: 50 * FRAME]).max() < 1e-3


def test_as_many_samples_come_out_as_without_loss(any_codec, clip):
    frames = coded(any_codec.preset, clip[0][16000:24000])
    decoder = Concealment(make_decoder(any_codec.preset.config, any_codec.preset.weights))
    wanted = make_decoder(any_codec.preset.config, any_codec.preset.weights)
    for count in (2, 1, 5, 3):
        assert len(decoder.conceal(count)) == len(wanted.push(frames[:count]))
        assert len(decoder.push(frames[5:7])) == len(wanted.push(frames[5:7]))
    assert len(decoder.conceal(0)) == 0


def test_a_gap_at_the_beginning_is_silent(any_codec):
    decoder = Concealment(make_decoder(any_codec.preset.config, any_codec.preset.weights))
    assert np.abs(decoder.conceal(12)).max() < 5e-4  # -66 dB: gains have a floor


def test_it_recovers_within_two_packets(trained, clip):
    """From the second frame after a lost one on, its loss is heard at less than -20 dB."""
    frames = coded(trained.preset, clip[0][8000:56000])
    starts = np.arange(15, 145, 16)
    whole, filled = (concealed(trained.preset, frames, np.isin(np.arange(len(frames)), lost)) for lost in ([], starts))
    after = np.concatenate([np.arange((start + 2) * FRAME, (start + 6) * FRAME) for start in starts])
    assert np.square(filled[after] - whole[after]).mean() < 0.01 * np.square(whole[after]).mean()
    gaps = np.concatenate([np.arange(start * FRAME, (start + 1) * FRAME) for start in starts])
    assert np.square(filled[gaps] - whole[gaps]).mean() > 0.1 * np.square(whole[gaps]).mean()


def test_no_seam_clicks(trained):
    """Where a gap begins and ends in a held tone, nothing moves faster than the tone itself does."""
    samples = vowel(100)
    frames = coded(trained.preset, samples)
    number = np.arange(len(frames))
    whole, filled = (concealed(trained.preset, frames, gone) for gone in (number < 0, (number >= 20) & (number < 23)))
    assert np.abs(np.diff(filled))[17 * FRAME: 27 * FRAME].max() < 1.25 * np.abs(np.diff(whole)).max()


@pytest.mark.parametrize("start", [50, 100])
def test_speech_after_a_long_gap_is_as_it_was(trained, clip, start):
    """Networks that have seen no such silence might answer with a burst."""
    frames = coded(trained.preset, clip[0][:80000])
    number = np.arange(len(frames))
    whole, filled = (concealed(trained.preset, frames, gone) for gone in (number < 0, (number >= start) & (
        number < start + 50)))
    assert np.abs(np.diff(filled)).max() < 1.25 * np.abs(np.diff(whole)).max()


def test_filling_is_better_than_silence(trained, clip):
    """With losses in bursts, in the error of the spectrum, on speech."""
    from neuralcodec.evaluation.metrics import score

    samples = clip[0][:64000]
    encoder = trained.stream_encoder()
    packets = encoder.push(samples) + encoder.flush()
    lost = gilbert_elliott(len(packets), 0.15, seed=3)
    decoder = trained.stream_decoder()
    parts = [decoder.push(None if gone else packet) for gone, packet in zip(lost, packets)]
    filled = np.concatenate([*parts, decoder.flush()])[: len(samples)]
    whole = trained.decode(trained.encode(samples, 16000))[0]
    silenced = np.where(np.repeat(lost, FRAME)[: len(samples)], 0, whole)
    filled = np.pad(filled, (0, len(samples) - len(filled)))
    assert score(samples, filled, ["pesq"])["pesq"] > score(samples, silenced, ["pesq"])["pesq"] + 0.2
