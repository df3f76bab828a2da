"""Training losses on waveforms: log-mel, LPC-weighted error, loudness disturbance, envelopes, similarity of pictures.

Each function takes clean and decoded waveforms x and y (B, T) in [-1, 1] and returns a scalar. Where they take a
`level` (B,), it is the power of the loud parts of the speech around the clip (see `speech.levels_around`): what is hard
to hear beside them, as the noise in a pause, counts less.
"""
import numpy as np
from keras import ops

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE, SUBFRAME
from neuralcodec.architecture.lpc import ORDER
from neuralcodec.architecture.noise import POWER_FLOOR
from neuralcodec.model.lpc import analysis_filter

MEL_RESOLUTIONS = ((128, 20), (256, 32), (512, 64), (1024, 80))  # window in samples, bands
MEL_FLOOR = 10 ** (-55 / 20)  # amplitude of white noise, relative to the loud parts, that is just worth coding


def power_spectrum(x, n, hop):
    """(B, T) -> (B, frames, n / 2 + 1), Hann window."""
    real, imaginary = ops.stft(x, sequence_length=n, sequence_stride=hop, fft_length=n, window="hann", center=False)
    return ops.square(real) + ops.square(imaginary)


def mel_bank(n, bands):
    """Triangular filters on the mel scale of O'Shaughnessy (1987): (n / 2 + 1, bands)."""
    def to_mel(hz):
        return 1127.0 * np.log1p(hz / 700.0)

    bins = to_mel(np.linspace(0, SAMPLE_RATE / 2, n // 2 + 1))[:, None]
    edges = np.linspace(0, to_mel(SAMPLE_RATE / 2), bands + 2)
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rise, fall)).astype("float32")


MEL_BANKS = [(n, mel_bank(n, bands)) for n, bands in MEL_RESOLUTIONS]


def mel_loss(x, y, level):
    """Mean absolute difference of log-mel spectra, averaged over four resolutions."""
    loss = 0.0
    for n, bank in MEL_BANKS:
        clean, coded = (ops.matmul(ops.sqrt(power_spectrum(v, n, n // 2) + 1e-9), bank) for v in (x, y))
        floor = ops.reshape(ops.sqrt(level * (3 * n / 8)) * MEL_FLOOR, (-1, 1, 1))  # 3 n / 8: Hann window's energy
        loss += ops.mean(ops.abs(ops.log(clean + floor) - ops.log(coded + floor)))
    return loss / len(MEL_BANKS)


ZEROS = (0.92 ** np.arange(ORDER + 1)).astype("float32")
POLE = 0.68
WEIGHTED_FLOOR = 1e-4  # weighted power, relative to the level, below which noise is masked


def weight(error, a):
    """W(z) = A(z / 0.92) / (1 - 0.68 z^-1), the noise weighting of AMR-WB (3GPP TS 26.190, section 5.4).

    The pole's impulse response is cut after 32 samples, where it is 4e-6, and summed by doubling.

    Args:
        error: (B, T).
        a: predictors (B, F, 17), one per 20 ms.
    """
    error = analysis_filter(error, a * ZEROS, FRAME_SAMPLES)
    for shift in (1, 2, 4, 8, 16):
        error = error + POLE ** shift * ops.pad(error[:, :-shift], [[0, 0], [shift, 0]])
    return error


def weighted_loss(x, y, a, level):
    """Root of the weighted noise-to-signal ratio per 5 ms."""
    def power(v):
        return ops.mean(ops.square(ops.reshape(weight(v, a), (-1, v.shape[1] // SUBFRAME, SUBFRAME))), axis=-1)

    floor = WEIGHTED_FLOOR * level[:, None] + 1e-8
    return ops.mean(ops.sqrt(power(x - y) / (power(x) + floor) + 1e-4))


# Loudness per band in the manner of ITU-T P.862. Band edges: Traunmueller 1990. Threshold in quiet: Terhardt 1979.
# Exponent 0.23: Zwicker and Fastl. Input filter: P.862.2 (2007); it passes what is above 100 Hz, 9 dB louder.
BARK_BANDS, WINDOW, HOP = 49, 512, 256
INPUT_FILTER = ((2.6657628, -5.3315255, 2.6657628), (1.0, -1.8890331, 0.89487434))


def _bark_bands():
    """What sums a power spectrum up to bands (257, 49); thresholds and exponents (49,); width of a band in Bark."""
    hz = np.arange(WINDOW // 2 + 1) * SAMPLE_RATE / WINDOW
    bark = 26.81 * hz / (1960.0 + hz) - 0.53
    edges = np.linspace(bark[1] - 1e-6, bark[-1] + 1e-6, BARK_BANDS + 1)
    band = np.searchsorted(edges, bark) - 1
    delay = np.exp(-2j * np.pi * hz / SAMPLE_RATE)
    zeros, poles = (np.polynomial.polynomial.polyval(delay, coefficients) for coefficients in INPUT_FILTER)
    group = (band[:, None] == np.arange(BARK_BANDS)) * np.abs(zeros / poles)[:, None] ** 2  # DC belongs to no band
    centre = (edges[1:] + edges[:-1]) / 2
    khz = np.maximum(1960.0 * (centre + 0.53) / (26.28 - centre), 50.0) / 1000
    threshold = 10 ** ((3.64 * khz ** -0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz ** 4) / 10)
    exponent = 0.23 * np.where(centre < 4, np.minimum(6 / (np.maximum(centre, 0) + 2), 2.0), 1.0) ** 0.15
    return group.astype("float32"), threshold.astype("float32"), exponent.astype("float32"), float(edges[1] - edges[0])


BARK_GROUP, THRESHOLD, EXPONENT, BARK_WIDTH = _bark_bands()
LOUDNESS = 0.1866  # scales loudness to sones
SPEECH_LEVEL = 8e7  # P.862 brings speech to a mean power of 1e7 from 350 to 3250 Hz; its loud parts then have this
SPECTRUM_SCALE = 22.9 * 2.0 / 192.0 / WINDOW  # Hann window's energy, one-sided; power 436 is 40 dB SPL, 1e4 here


def loudness(x):
    """Waveform at SPEECH_LEVEL -> power and loudness per Bark band, (B, frames, 49) each."""
    power = ops.matmul(power_spectrum(x, WINDOW, HOP) * SPECTRUM_SCALE, BARK_GROUP)
    scale = LOUDNESS * (THRESHOLD / 0.5) ** EXPONENT
    return power, scale * ops.relu((0.5 + 0.5 * power / THRESHOLD) ** EXPONENT - 1.0)


SYLLABLE, SYLLABLE_HOP = 20, 4  # frames over which the worst moments prevail (320 ms), and from one start to the next


def over_time(disturbance):
    """Disturbance per frame (B, F) -> (B,): L6 over each syllable, in which the worst frames prevail, L2 over these."""
    starts = range(0, max(disturbance.shape[1] - SYLLABLE, 0) + 1, SYLLABLE_HOP)
    syllables = [ops.mean((disturbance[:, i: i + SYLLABLE] + 1e-3) ** 6, axis=-1) ** (1 / 6) for i in starts]
    return ops.sqrt(ops.mean(ops.square(ops.stack(syllables, axis=-1)), axis=-1))


def disturbance_loss(x, y, level):
    """0.1 x symmetric + 0.031 x asymmetric disturbance: what was added is heard more than what is missing.

    It is close to 4.5 less the raw score of P.862.2.

    Reference: ITU-T P.862 (2001), section 10.2, without its time alignment, and without its equalisation of level and
    spectrum.
    """
    gain = ops.sqrt(SPEECH_LEVEL / level)[:, None]
    (px, lx), (py, ly) = loudness(x * gain), loudness(y * gain)
    difference = ops.relu(ops.abs(ly - lx) - 0.25 * ops.minimum(lx, ly))
    asymmetry = ops.stop_gradient(((py + 50.0) / (px + 50.0)) ** 1.2)
    asymmetry = ops.where(asymmetry < 3.0, 0.0, ops.minimum(asymmetry, 12.0))
    symmetric = ops.sqrt(ops.sum(ops.square(difference * BARK_WIDTH), axis=-1) + 1e-6)
    symmetric = symmetric * np.sqrt(BARK_BANDS * BARK_WIDTH)
    asymmetric = ops.sum(difference * asymmetry * BARK_WIDTH, axis=-1)
    loud = ((ops.sum(ops.where(px > THRESHOLD, px, 0.0), axis=-1) + 1e5) / 1e7) ** 0.04
    symmetric, asymmetric = (over_time(ops.minimum(v / loud, 45.0)) for v in (symmetric, asymmetric))
    return ops.mean(0.1 * symmetric + 0.031 * asymmetric)


ENVELOPE_BANDS, LOWEST_CENTRE = 15, 150.0  # third-octave bands, and the centre of the first in Hz
SEGMENT = 24  # frames, 384 ms


def _third_octaves():
    """What sums a power spectrum (257,) up to third-octave bands (257, 15)."""
    hz = (np.arange(WINDOW // 2 + 1) * SAMPLE_RATE / WINDOW)[:, None]
    centre = LOWEST_CENTRE * 2.0 ** (np.arange(ENVELOPE_BANDS) / 3)
    return ((hz >= centre * 2 ** (-1 / 6)) & (hz < centre * 2 ** (1 / 6))).astype("float32")


THIRD_OCTAVES = _third_octaves()
SILENT_POWER = 1e-4  # power of a frame, relative to the loud parts, that is not listened to (-40 dB)


def unit(v, axis):
    """Mean 0 and norm 1 along an axis; what is constant stays near 0."""
    v = v - ops.mean(v, axis=axis, keepdims=True)
    return v / ops.sqrt(ops.sum(ops.square(v), axis=axis, keepdims=True) + 1e-8)


def intelligibility_loss(x, y, level):
    """1 - correlation of third-octave envelopes over 384 ms, normalised over time and then over bands.

    It is close to 1 - ESTOI, in frames of 32 ms in place of 25.6.

    Reference: Jensen and Taal, "An algorithm for predicting the intelligibility of speech masked by modulated noise
    maskers", IEEE/ACM TASLP 2016, equations 2 to 6.
    """
    gain = 1.0 / ops.sqrt(level * (3 * WINDOW / 8) * WINDOW)[:, None]
    power = [ops.matmul(power_spectrum(v * gain, WINDOW, HOP), THIRD_OCTAVES) for v in (x, y)]  # (B, F, 15)
    starts = range(0, max((x.shape[1] - WINDOW) // HOP + 1 - SEGMENT, 0) + 1, 2)
    clean, coded = [ops.stack([ops.sqrt(v[:, i: i + SEGMENT] + 1e-7) for i in starts], axis=1) for v in power]
    clean, coded = [unit(unit(v, axis=2), axis=3) for v in (clean, coded)]  # (B, S, 24, 15)
    heard = ops.cast(ops.sum(power[0], axis=-1) > SILENT_POWER, "float32")
    heard = ops.stack([heard[:, i: i + SEGMENT] for i in starts], axis=1)
    missing = 1.0 - ops.sum(clean * coded, axis=-1)
    return ops.sum(heard * missing) / (ops.sum(heard) + 1e-6)


PICTURE_WINDOW, PICTURE_HOP, PICTURE_BANDS = 1280, 320, 21  # 80 ms every 20 ms, bands from 50 Hz
PICTURE_RANGE = 4.5  # decades below the loudest band of a moment, where the picture ends
PICTURE_SILENCE = 1e-6  # power below which nothing is seen
NEIGHBOURS = np.array([0.1063, 0.7874, 0.1063], "float32")  # its outer product is the 3 x 3 window of NSIM
LEVEL_CONSTANT, STRUCTURE_CONSTANT = 1e-2, 0.5  # dB^2; below that, differences of level and structure count less


def _gammatone_bank():
    """Power responses of gammatone filters of order 4, (641, 21). Glasberg and Moore 1990; Slaney 1993."""
    quality, least = 9.26449, 24.7
    low, high = (hz + quality * least for hz in (50.0, SAMPLE_RATE / 2))
    centre = high * (low / high) ** (np.arange(PICTURE_BANDS, 0, -1) / PICTURE_BANDS) - quality * least
    hz = np.arange(PICTURE_WINDOW // 2 + 1)[:, None] * SAMPLE_RATE / PICTURE_WINDOW
    return ((1 + ((hz - centre) / (1.019 * (centre / quality + least))) ** 2) ** -4).astype("float32")


GAMMATONES = _gammatone_bank()


def around(v):
    """Weighted mean of each value of (B, F, bands) and its eight neighbours."""
    for axis in (1, 2):
        count = v.shape[axis]
        wide = ops.pad(v, [[0, 0], *([1, 1] if i == axis else [0, 0] for i in (1, 2))], mode="symmetric")
        v = sum(share * ops.take(wide, np.arange(i, i + count), axis=axis) for i, share in enumerate(NEIGHBOURS))
    return v


def similarity_loss(x, y, level):
    """1 - similarity (NSIM) of spectrograms in dB: level and structure in each 3 x 3 neighbourhood.

    Reference: Hines and Harte, "Speech intelligibility prediction using a neurogram similarity index measure", Speech
    Communication 54, 2012; as ViSQOL has it, Hines et al., EURASIP JASMP 2015:13, section 3, with gammatone filters
    taken in the spectrum.
    """
    gain = 1.0 / ops.sqrt(level * (3 * PICTURE_WINDOW / 8))[:, None]
    powers = [ops.matmul(power_spectrum(v * gain, PICTURE_WINDOW, PICTURE_HOP), GAMMATONES) for v in (x, y)]
    loudest = ops.max(ops.maximum(powers[0], ops.stop_gradient(powers[1])), axis=2, keepdims=True)
    floor = loudest * 10 ** -PICTURE_RANGE + PICTURE_SILENCE
    clean, coded = (10 / np.log(10) * ops.log(ops.maximum(v, floor)) for v in powers)  # (B, F, 21)
    lowest = ops.stop_gradient(ops.min(ops.minimum(clean, coded), axis=(1, 2), keepdims=True))
    clean, coded = clean - lowest, coded - lowest
    a, b = around(clean), around(coded)
    spread = ops.relu(around(clean * clean) - a * a) * ops.relu(around(coded * coded) - b * b)
    levels = (2 * a * b + LEVEL_CONSTANT) / (a * a + b * b + LEVEL_CONSTANT)
    structure = (around(clean * coded) - a * b + STRUCTURE_CONSTANT) / (ops.sqrt(spread + 1e-3) + STRUCTURE_CONSTANT)
    return 1.0 - ops.mean(levels * structure)


def noise_loss(powers):
    """Mean absolute difference of log powers, of the original and of what is decoded with noise.

    Args:
        powers: (3, B, F, bands) of the original, of what is decoded and of noise.
    """
    wanted, heard = powers[0], powers[1] + powers[2]
    return ops.mean(ops.abs(ops.log(wanted + POWER_FLOOR) - ops.log(heard + POWER_FLOOR)))
