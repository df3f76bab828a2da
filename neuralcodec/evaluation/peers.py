"""The codecs to compare with, through their system libraries: Opus and AMR-WB.

Both code real packets and decode them again; the rate is what the packets hold, without any container. Their delay is
taken out, so that the decoded speech lines up with the original sample by sample.
"""

import contextlib
import ctypes
import itertools
from abc import ABC, abstractmethod

import numpy as np

from neuralcodec.errors import ConfigError, MissingDependencyError

FRAME = 320  # samples, 20 ms at 16 kHz: of both codecs

OPUS_KBPS = (9, 12, 16, 20, 24, 32)  # where the comparison is made
AMR_WB_KBPS = (6.60, 8.85, 12.65, 14.25, 15.85, 18.25, 19.85, 23.05, 23.85)  # modes 0 to 8 (3GPP TS 26.171)

_DEBIAN_PACKAGES = {
    "libopus.so.0": "libopus0",
    "libvo-amrwbenc.so.0": "libvo-amrwbenc0",
    "libopencore-amrwb.so.0": "libopencore-amrwb0",
}


class Peer(ABC):
    """A codec to compare with.

    Attributes:
        name: such as `Opus 24` or `AMR-WB 23.85`.
        nominal_kbps: the rate it was asked for.
    """

    def __init__(self, name, nominal_kbps):
        self.name = name
        self.nominal_kbps = nominal_kbps

    def code(self, samples):
        """Encode and decode.

        Args:
            samples: float array (n,) at 16 kHz in [-1, 1].

        Returns:
            (decoded, payload_bytes): float32 array (n,), aligned with `samples`, and the size of all packets in bytes,
            not necessarily whole.
        """
        packets = self.encode(samples)
        return self.decode(packets, len(samples)), self.payload_bytes(packets)

    @abstractmethod
    def encode(self, samples):
        """Samples (n,) as for `code` -> list of packets, bytes, of 20 ms each."""

    @abstractmethod
    def decode(self, packets, length):
        """What `encode` returned -> float32 array (length,), aligned with what was encoded."""

    @abstractmethod
    def payload_bytes(self, packets):
        """Size of packets in bytes, not necessarily whole."""


def opus(kbps):
    """Opus by libopus: VBR, complexity 10, VoIP, 20 ms frames, 16 kHz mono (RFC 6716).

    Args:
        kbps: nominal rate, 6 to 64. The true one of a recording differs (VBR).

    Raises:
        MissingDependencyError: libopus is not installed.

    Example:
        >>> decoded, payload_bytes = opus(24).code(samples)
    """
    if not 6 <= kbps <= 64:
        raise ConfigError(f"Opus is compared at 6 to 64 kbps here, not at {kbps}.")
    return _Opus(kbps)


def amr_wb(mode_kbps):
    """AMR-WB by libvo-amrwbenc and libopencore-amrwb, without discontinuous transmission (3GPP TS 26.171).

    The payload is the mode's speech bits, that is its nominal rate: the byte that announces the mode in a file is not
    counted.

    Args:
        mode_kbps: one of `AMR_WB_KBPS`.

    Raises:
        MissingDependencyError: one of the libraries is not installed.
    """
    if mode_kbps not in AMR_WB_KBPS:
        modes = ", ".join(f"{kbps:.2f}" for kbps in AMR_WB_KBPS)
        raise ConfigError(f"AMR-WB has no mode of {mode_kbps} kbps; it must be one of {modes}.")
    return _AmrWb(mode_kbps)


def available_peers():
    """Every peer whose libraries are installed here, at every rate of `OPUS_KBPS` and `AMR_WB_KBPS`."""
    peers = []
    for build, rates in ((opus, OPUS_KBPS), (amr_wb, AMR_WB_KBPS)):
        try:
            peers += [build(kbps) for kbps in rates]
        except MissingDependencyError:
            continue
    return peers


def missing_libraries():
    """One sentence for each library that is not installed: what to install."""
    sentences = []
    for library in _DEBIAN_PACKAGES:
        try:
            _load(library)
        except MissingDependencyError as error:
            sentences.append(str(error))
    return sentences


def versions():
    """What the libraries say of themselves: dict of library -> version; those of AMR-WB do not tell theirs.

    Example:
        >>> versions()["libopus.so.0"]
        'libopus 1.3.1'
    """
    told = {}
    for library in _DEBIAN_PACKAGES:
        try:
            loaded = _load(library)
        except MissingDependencyError:
            told[library] = "not installed"
            continue
        told[library] = "installed, version not told"
        if library == "libopus.so.0":
            loaded.opus_get_version_string.restype = ctypes.c_char_p
            told[library] = loaded.opus_get_version_string().decode()
    return told


class _Opus(Peer):
    _VOIP = 2048  # OPUS_APPLICATION_VOIP
    _SETTINGS = {4006: 1, 4020: 0, 4010: 10}  # SET_VBR, SET_VBR_CONSTRAINT (none, as opusenc --vbr), SET_COMPLEXITY
    _SET_BITRATE, _GET_LOOKAHEAD = 4002, 4027
    _LARGEST_PACKET = 1275  # bytes

    def __init__(self, kbps):
        super().__init__(f"Opus {kbps:g}", kbps)
        self._library = _load("libopus.so.0")
        for name in ("opus_encoder_create", "opus_decoder_create"):
            getattr(self._library, name).restype = ctypes.c_void_p

    def code(self, samples, lost=()):
        """As `Peer.code`.

        Args:
            samples: float array (n,) at 16 kHz in [-1, 1].
            lost: bool for each packet of 20 ms, whether the decoder does not get it and conceals it; packets that are
                not mentioned arrive.
        """
        packets = self.encode(samples)
        received = [None if gone else packet
                    for packet, gone in itertools.zip_longest(packets, lost[:len(packets)], fillvalue=False)]
        return self.decode(received, len(samples)), self.payload_bytes(packets)

    def encode(self, samples):
        with self._encoder() as (encoder, delay):
            packet, packets = ctypes.create_string_buffer(self._LARGEST_PACKET), []
            for frame in _frames(np.asarray(samples, np.float32), delay):
                size = self._library.opus_encode_float(encoder, _pointer(frame), FRAME, packet, self._LARGEST_PACKET)
                packets.append(packet.raw[:size])
        return packets

    def decode(self, packets, length):
        with self._encoder() as (_, delay):
            decoded = np.zeros((len(packets), FRAME), np.float32)
        decoder = ctypes.c_void_p(self._library.opus_decoder_create(16000, 1, None))
        try:
            for packet, output in zip(packets, decoded):
                self._library.opus_decode_float(decoder, packet, len(packet or b""), _pointer(output), FRAME, 0)
        finally:
            self._library.opus_decoder_destroy(decoder)
        return np.clip(decoded.ravel()[delay:delay + length], -1.0, 1.0)

    def payload_bytes(self, packets):
        return float(sum(map(len, packets)))

    @contextlib.contextmanager
    def _encoder(self):
        """Yields an encoder and its delay in samples."""
        encoder = ctypes.c_void_p(self._library.opus_encoder_create(16000, 1, self._VOIP, None))
        try:
            for request, value in {**self._SETTINGS, self._SET_BITRATE: round(1000 * self.nominal_kbps)}.items():
                self._library.opus_encoder_ctl(encoder, request, ctypes.c_int(value))
            delay = ctypes.c_int()
            self._library.opus_encoder_ctl(encoder, self._GET_LOOKAHEAD, ctypes.byref(delay))
            yield encoder, delay.value
        finally:
            self._library.opus_encoder_destroy(encoder)


class _AmrWb(Peer):
    # Measured: the cross-correlation of decoded with original speech peaks here, at every mode. It is the 5 ms
    # look-ahead (80 samples) and the filters of the conversion to 12.8 kHz and back.
    _DELAY = 95
    _LARGEST_FRAME = 61  # bytes, with the one that announces the mode

    def __init__(self, kbps):
        super().__init__(f"AMR-WB {kbps:.2f}", kbps)
        self._mode = AMR_WB_KBPS.index(kbps)
        self._encoder_library = _load("libvo-amrwbenc.so.0")
        self._decoder_library = _load("libopencore-amrwb.so.0")
        self._encoder_library.E_IF_init.restype = ctypes.c_void_p
        self._decoder_library.D_IF_init.restype = ctypes.c_void_p

    def encode(self, samples):
        encoder = ctypes.c_void_p(self._encoder_library.E_IF_init())
        packet, packets = ctypes.create_string_buffer(self._LARGEST_FRAME), []
        try:
            pcm = np.clip(np.rint(np.asarray(samples) * 32768.0), -32768, 32767).astype(np.int16)
            for frame in _frames(pcm, self._DELAY):
                size = self._encoder_library.E_IF_encode(encoder, self._mode, _pointer(frame), packet, 0)
                packets.append(packet.raw[:size])
        finally:
            self._encoder_library.E_IF_exit(encoder)
        return packets

    def decode(self, packets, length):
        decoder = ctypes.c_void_p(self._decoder_library.D_IF_init())
        decoded = np.zeros((len(packets), FRAME), np.int16)
        try:
            for packet, output in zip(packets, decoded):
                self._decoder_library.D_IF_decode(decoder, packet, _pointer(output), 0)
        finally:
            self._decoder_library.D_IF_exit(decoder)
        return (decoded.ravel()[self._DELAY:self._DELAY + length] / 32768.0).astype(np.float32)

    def payload_bytes(self, packets):
        return len(packets) * self.nominal_kbps * 20 / 8


def _frames(samples, delay):
    """Cut into frames (frames, 320), padded with zeros so that the last sample leaves the decoder too."""
    count = -(-(len(samples) + delay) // FRAME) if len(samples) else 0
    return np.pad(samples, (0, count * FRAME - len(samples))).reshape(count, FRAME)


def _pointer(array):
    return ctypes.c_void_p(array.ctypes.data)


def _load(library):
    try:
        return ctypes.CDLL(library)
    except OSError as error:
        raise MissingDependencyError(f"The library {library} is not installed; on Debian and Ubuntu: "
                                     f"apt install {_DEBIAN_PACKAGES[library]}.") from error
