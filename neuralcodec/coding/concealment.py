"""What is heard in the place of frames that are missing.

A lost frame is replaced where it would have come in: by side information and by coefficients of the first transform.
From there on everything takes its usual course, the decoder's CNN, overlapping windows, ramps of the gain and the
memory of 1/A(z), so that there is no seam that could click.

    LSFs            those of the last frame, drawn towards their means
    residual        its last period, over and over, as far as it was periodic; else noise with the spectrum of the last
                    code frames
    gains           those of the continued residual, and less and less: 3, 9, 18, 30, ... dB from the second frame on

The residual is what goes into 1/A(z), before gains are divided out: pulses of the voice fall into one gain's 10 ms or
into the next, so that only this is periodic.

Reference: ITU-T G.711 appendix I (pitch waveform replication); 3GPP TS 26.191 (the same for side information).
"""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, GAIN_FRAME
from neuralcodec.architecture.layout import MODULE_SYMBOLS
from neuralcodec.architecture.lpc import GAINS, ORDER
from neuralcodec.architecture.noise import NOISE
from neuralcodec.bitstream.frames import Frames
from neuralcodec.runtime.layers import Cycle
from neuralcodec.runtime.side import GainContour, code_gain
from neuralcodec.runtime.transform import InverseTransform, Transform

SHORTEST, LONGEST = 32, 320  # samples of a period: 500 Hz down to 50 Hz
COMPARED = 240  # samples over which periods are compared
DRAWN = 0.97  # of the LSFs' distance from their means, left after a frame
SPECTRUM = 320  # samples whose spectrum the noise has
SILENT = int(code_gain(np.zeros(GAIN_FRAME, np.float32))[0])  # networks have seen no lower gain, and answer with noise
FADED = 12  # frames of a gap after which every gain is SILENT
NOISY, PERIODIC = 0.1, 0.6  # likeness of periods up to which there is only noise, and from which on there is none


class Concealment:
    """A streaming decoder that fills gaps.

    Files with missing blocks and streams with missing packets are the same to it: `push` what is there, `conceal` as
    many frames as are missing, in order. It holds a few frames of memory. Before the first frame there is nothing to go
    on from: then silence comes out.

    Args:
        decoder: as `make_decoder` makes it; nothing else may push into it.

    Example:
        >>> decoder = Concealment(make_decoder(preset.config, preset.weights))
        >>> samples = [decoder.push(frames[:50]), decoder.conceal(50), decoder.push(frames[100:])]
    """

    def __init__(self, decoder):
        self._decoder, self._gap = decoder, None
        self._noise = Cycle(NOISE)

    def push(self, frames):
        """Decodes frames that are there, as `StreamingDecoder.push`.

        Args:
            frames: Frames, any number.

        Returns:
            float32 (n,).
        """
        if len(frames):
            self._gap = None
        return self._decoder.push(frames)

    def conceal(self, count):
        """Fills the next frames.

        Args:
            count: how many frames are missing.

        Returns:
            float32 (n,), as many samples as `push` of so many frames returns.
        """
        past = self._decoder.past
        if self._gap is None and past.frames is not None:
            self._gap = _Gap(past, self._decoder.basis)
        heard = min(count, FADED - self._gap.filled) if self._gap else 0
        parts = [self._decoder.substitute(*self._gap.next(self._noise)) for _ in range(heard)]
        return np.concatenate([*parts, self._decoder.push(_silence(count - heard, self._decoder.modules))])


class _Gap:
    """What comes in the place of one frame after the other, from what came before the gap.

    Args:
        past: Past of the decoder.
        basis: (2 hop, hop) of its first transform.
    """

    def __init__(self, past, basis):
        self._hop, self._lsf, self._modules = basis.shape[1], past.frames.lsf[-1:], past.modules
        self.filled = 0  # frames
        self._transform, self._contour = Transform(basis), GainContour()
        contour = self._contour(past.frames.gain.astype(np.int64).reshape(-1))
        whole = InverseTransform(basis)(past.coefficients)  # up to a hop before the end of the last frame
        wave = np.zeros(LONGEST + COMPARED + self._hop, np.float32)
        count = min(len(wave), len(whole), len(contour) - self._hop)
        wave[len(wave) - count:] = whole[len(whole) - count:]
        wave[len(wave) - count:] *= contour[len(contour) - self._hop - count: len(contour) - self._hop]
        period, likeness = find_period(wave)
        self._share = np.float32(np.clip((likeness - NOISY) / (PERIODIC - NOISY), 0, 1))
        self._period, self._at = wave[-period:], 0
        self._spectrum = np.sqrt(np.mean(np.square(past.coefficients[-max(1, SPECTRUM // self._hop):]), axis=0))
        self._transform(self._continued(self._hop) / contour[-self._hop:])  # the first code frame sees these, too

    def next(self, noise):
        """The next frame of the gap.

        Args:
            noise: Cycle of white noise in [-1, 1].

        Returns:
            (Frames, coefficients (K, hop)), for `StreamingDecoder.substitute`.
        """
        residual = self._continued(FRAME_SAMPLES)
        gain = code_gain(residual)
        voiced = self._transform(residual / self._contour(gain))
        unvoiced = np.sqrt(np.float32(3)) * noise(FRAME_SAMPLES).reshape(-1, self._hop) * self._spectrum
        coefficients = self._share * voiced + np.sqrt(1 - self._share ** 2) * unvoiced
        lsf = np.rint(self._lsf * DRAWN ** (self.filled + 1)).astype(np.int64)
        fade = self.filled * (self.filled + 1) // 2  # steps of 3 dB
        self.filled += 1
        gain = np.maximum(gain - fade, SILENT)[None]
        return Frames(lsf, gain, _no_symbols(self._modules)), coefficients.astype(np.float32)

    def _continued(self, count):
        """The next samples of the residual (count,)."""
        places = (self._at + np.arange(count)) % len(self._period)
        self._at += count
        return self._period[places]


def _silence(count, modules):
    return Frames(np.zeros((count, ORDER), np.int8), np.full((count, GAINS), SILENT), _no_symbols(modules, count))


def _no_symbols(modules, count=1):
    return [np.zeros((count, MODULE_SYMBOLS), np.int8)] * modules


def find_period(wave):
    """The lag at which a waveform repeats itself best in its end.

    Args:
        wave: float32 (n,), at least LONGEST + COMPARED.

    Returns:
        (lag, likeness): samples, and the normalised correlation from 0 to 1.
    """
    wave = wave.astype(np.float64)
    last = wave[-COMPARED:]
    earlier = np.lib.stride_tricks.sliding_window_view(wave[-COMPARED - LONGEST: -SHORTEST], COMPARED)
    power = np.square(earlier).sum(axis=1) * np.square(last).sum()
    likeness = np.maximum(earlier @ last, 0) / np.sqrt(power + 1e-9)
    best = likeness.argmax()
    return LONGEST - int(best), float(likeness[best])

