"""The encoder: the Keras cascade's symbols, frame by frame, whatever the pieces."""

import subprocess
import sys

import numpy as np
import pytest
from keras import ops

from neuralcodec.bitstream.frames import Frames
from neuralcodec.model import lpc as keras_lpc
from neuralcodec.runtime import lpc
from neuralcodec.runtime.encoder import Encoder


def encode(reference, samples, step_index=0):
    encoder = Encoder(reference.config, reference.weights, step_index)
    return Frames.concatenate([encoder.push(samples), encoder.finish()])


def agreement(mine, others):
    """Fraction of equal symbols: side information, module 0, module 1, ..."""
    pairs = zip([mine.side, *mine.modules], [others.side, *others.modules], strict=True)
    return np.array([np.mean(a == b) for a, b in pairs])


class KerasAnalysis(lpc.Analysis):
    """`runtime.lpc.Analysis`, done by the Keras model: in float32, LSFs differ by more than rounding."""

    def __call__(self, x):
        x, self._past = np.concatenate([self._past, x]), x[-lpc.PAST:]
        _, lsf = keras_lpc.analysis(ops.convert_to_tensor(np.pad(x, [lpc.PAST, 0])[None]))
        return None, ops.convert_to_numpy(lsf[0, 1:])


def test_symbols_are_those_of_the_keras_cascade(reference, speech, coded, monkeypatch):
    monkeypatch.setattr(lpc, "Analysis", KerasAnalysis)
    expected, _ = coded
    agree = agreement(encode(reference, speech), expected)
    # Rounding decides where a value lies half-way between bins; a later module codes what follows from that.
    assert agree[:2].min() > 0.999
    assert agree.min() > 0.995
    assert min(np.abs(module).mean() for module in expected.modules) > 0.1  # it is no empty comparison


def test_lsf_symbols_are_nearly_those_of_the_keras_cascade(reference, speech, coded):
    expected, _ = coded
    differences = np.abs(encode(reference, speech).lsf.astype(int) - expected.lsf)
    assert differences.max() <= 1
    assert np.mean(differences > 0) < 0.01


@pytest.mark.parametrize("count", [0, 1, 159, 160, 319, 320, 321, 16000])
def test_number_of_frames(reference, speech, count):
    frames = encode(reference, speech[:count])
    assert len(frames) == (-(-count // 320) + 2 if count else 0)
    assert len(frames.modules) == len(reference.config.modules)


def test_pieces_make_no_difference(reference, speech):
    encoder, rng, parts, at = Encoder(reference.config, reference.weights), np.random.default_rng(3), [], 0
    while at < len(speech):
        size = int(rng.choice([0, 1, 79, 320, 500, 3000]))
        parts.append(encoder.push(speech[at: at + size]))
        at += size
        assert sum(map(len, parts)) == min(at, len(speech)) // 320
    assert Frames.concatenate([*parts, encoder.finish()]) == encode(reference, speech)


def test_frames_are_causal(reference, speech):
    changed, n = speech.copy(), 9000
    changed[n:] = speech[n:][::-1]
    before, after = encode(reference, speech), encode(reference, changed)
    whole = n // 320
    assert before[:whole] == after[:whole]
    assert before[whole: whole + 1] != after[whole: whole + 1]


def test_larger_steps_make_smaller_symbols(pair, speech):
    small, normal, large = (np.abs(encode(pair, speech, k).modules[0]).mean() for k in (-256, 0, 256))
    assert small > 1.3 * normal > 1.69 * large


def test_frames_before_the_first_are_zero(reference, speech):
    frames = encode(reference, speech)
    for module, symbols, delay in zip(reference.config.modules, frames.modules, reference.config.code_frame_delays):
        assert not symbols.reshape(-1)[: delay * module.hop].any()


def test_the_runtime_needs_no_framework():
    code = ("import sys, neuralcodec.runtime.encoder, neuralcodec.runtime.decoder, neuralcodec.zoo.weights; "
            "print(sorted({'keras', 'tensorflow', 'jax', 'torch', 'scipy'} & set(sys.modules)))")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
