"""From recordings or samples to .nac files and back, in constant memory: an hour costs no more than a minute."""

import contextlib
import io
import warnings

import numpy as np

from neuralcodec.audio import AudioSink, AudioSource
from neuralcodec.audio.readers import as_array
from neuralcodec.audio.tags import tidy
from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.header import HASH_BYTES, Header
from neuralcodec.bitstream.payloads import encode_block
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK
from neuralcodec.coding.adjustment import adjustment_for
from neuralcodec.coding.damage import conceals, tell, there
from neuralcodec.coding.modules import check_modules, prefix_kbps
from neuralcodec.coding.presets import preset_for
from neuralcodec.coding.rate import check_bitrate, halves, meet_bitrate, modules_for
from neuralcodec.coding.stretch import MAX_SECONDS, check_length, find_stretch
from neuralcodec.errors import (
    AudioError,
    ConversionWarning,
    FormatError,
    OutputError,
)
from neuralcodec.files.inputs import open_nac
from neuralcodec.files.names import is_path
from neuralcodec.files.outputs import open_output, refuse_same
from neuralcodec.files.streams import is_stream
from neuralcodec.runtime.nested_encoder import make_encoder
from neuralcodec.zoo.metadata import is_nested


def compress(preset, source, target, *, kbps=None, modules=None, overwrite=False, progress=None, channel="mix",
             normalize=False, raw=None, tags=True):
    """Codes an audio file; arguments and exceptions as for `Codec.compress`."""
    if not (is_path(source) or hasattr(source, "read")):
        raise AudioError(f"A path or a binary file object is needed, not {type(source).__name__}; samples in memory go "
                         "to encode().")
    refuse_same(source, target)
    with (AudioSource(source, channel=channel, normalize=normalize, raw=raw) as audio,
          open_output(target, overwrite) as file):
        _write_visibly(preset, audio, file, kbps, modules, progress, audio.tags if tags else {})


def decompress(preset, source, target, *, native=False, modules=None, overwrite=False, progress=None, tags=True,
               start=None, stop=None, max_seconds=None, errors="strict"):
    """Decodes a .nac file to an audio file; arguments and exceptions as for `Codec.decompress`."""
    from neuralcodec.coding.playback import check_blocks, play  # whoever codes starts without the decoder

    lost = [] if conceals(errors) else None
    with open_nac(source) as file:
        reader = ContainerReader(file, use_copy=lost is not None)
        header = reader.header
        preset = preset_for(preset, header)
        check_modules(header.num_modules if modules is None else modules, header.num_modules, "file")
        asked = find_stretch(header, native, start, stop)
        check_length(asked, max_seconds, "raise --max-seconds (max_seconds=) if you trust the file")
        stretch = _available(reader, asked, stop, lost)
        if is_stream(target) and lost is None:  # nothing that went into a pipe can be taken back
            check_blocks(reader, stretch)
        with AudioSink(target, stretch.rate, len(stretch), overwrite, tidy(header.tags) if tags else {},
                       input_rate=stretch.rate) as sink:
            for samples in play(preset, reader, stretch, modules=modules, progress=progress, lost=lost):
                sink.write(samples)
        if lost is not None:
            tell(reader, asked, lost, getattr(file, "name", None), stacklevel=3)


def encode(preset, samples, sample_rate, *, kbps=None, modules=None, progress=None, channel="mix", normalize=False):
    """Codes samples in memory; arguments and exceptions as for `Codec.encode`.

    Returns:
        bytes, the content of a .nac file.

    Example:
        >>> data = encode(load_preset("cq-24k"), samples, 16000)
    """
    file = io.BytesIO()
    with AudioSource(as_array(samples), sample_rate, channel=channel, normalize=normalize) as audio:
        _write_visibly(preset, audio, file, kbps, modules, progress)
    return file.getvalue()


def decode(preset, data, *, native=False, modules=None, progress=None, start=None, stop=None, max_seconds=MAX_SECONDS,
           errors="strict"):
    """Decodes what `encode` or `compress` wrote; arguments and exceptions as for `Codec.decode`.

    Returns:
        (samples, sample_rate): float32 (n,) in [-1, 1], and their rate in Hz.
    """
    from neuralcodec.coding.playback import play

    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise FormatError(f"decode() takes the bytes of a .nac file, not {type(data).__name__}; files go to "
                          "decompress().")
    lost = [] if conceals(errors) else None
    reader = ContainerReader(io.BytesIO(data), use_copy=lost is not None)
    header = reader.header
    preset = preset_for(preset, header)
    asked = find_stretch(header, native, start, stop)
    check_length(asked, max_seconds, "use decompress(), take a stretch of it, or lift max_seconds")
    stretch = _available(reader, asked, stop, lost)
    samples, done = np.empty(len(stretch), np.float32), 0
    for piece in play(preset, reader, stretch, modules=modules, progress=progress, lost=lost):
        samples[done:done + len(piece)] = piece
        done += len(piece)
    if lost is not None:
        tell(reader, asked, lost, stacklevel=3)
    return samples, stretch.rate


def _available(reader, stretch, stop, lost):
    """What there is of a stretch. Of a file that is decoded to its end nothing must be missing, unless it is told."""
    if lost is not None:
        return there(stretch, reader)
    if stop is None:
        reader.check_complete()
    return stretch


def write_nac(preset, source, file, kbps=None, progress=None, tags=None, modules=None):
    """Codes a recording.

    Args:
        preset: Preset.
        source: AudioSource.
        file: binary file object or pipe; nothing is written to it before everything is coded.
        kbps: bitrate that the file is to have; None for what the preset makes of it.
        progress: called as progress(done, total), in samples at 16 kHz.
        tags: dict of what the file is to say about itself, see `neuralcodec.bitstream.extensions`.
        modules: how many modules code; by default all, or those that sound best at the bitrate.

    Raises:
        AudioError: a NaN or infinite sample, or a file damaged in its middle.
        BitrateError: the preset is not made for that bitrate.
        ModulesError: the preset has not so many modules.
    """
    available = len(preset.config.modules)
    check_modules(available if modules is None else modules, available, "preset")
    recording = _Recording(preset, source, tags)
    if kbps is None:
        writer = recording.code(available if modules is None else modules, 0, progress)
    else:
        check_bitrate(preset, kbps, modules)
        if modules is None:
            modules, progress = recording.modules_for(kbps, progress)
        writer = meet_bitrate(kbps, source.num_samples / source.sample_rate, progress,
                              lambda step_index, progress: recording.code(modules, step_index, progress))
    with contextlib.closing(writer):
        try:
            writer.finish(file)
        except ValueError as error:
            raise AudioError(f"The recording cannot be coded: {error}") from error


class _Recording:
    """A recording that a preset codes, once or with several step sizes. Arguments as for `write_nac`."""

    def __init__(self, preset, source, tags):
        self._preset, self._source, self._tags = preset, source, tags or {}
        self._adjustment = adjustment_for(source)

    def code(self, modules, step_index, progress):
        """A ContainerWriter that holds the whole recording."""
        writer = ContainerWriter(self._header(modules, step_index))
        try:
            for block in self._blocks(step_index, progress):
                _add(writer, encode_block(block.first(modules), self._preset.tables, step_index))
        except BaseException:
            writer.close()
            raise
        return writer

    def modules_for(self, kbps, progress):
        """How many modules are to code at a bitrate, and who is told of the progress from then on.

        Of a nested cascade that is known when all of them have coded once, which is the first half of the progress.
        """
        available = len(self._preset.config.modules)
        if not (is_nested(self._preset.metadata) and available > 1 and self._source.num_samples):
            return available, progress
        first, rest = halves(progress)
        sizes = [[len(payload) for payload in encode_block(block, self._preset.tables, 0)]
                 for block in self._blocks(0, first)]
        return modules_for(kbps, prefix_kbps(self._header(available, 0), sizes)), rest

    def _header(self, modules, step_index):
        preset, source = self._preset, self._source
        try:
            return Header(preset.name, preset.hash[:HASH_BYTES], source.sample_rate, source.num_samples,
                          source.num_samples_16k, modules, step_index, tags=self._tags, has_copy=True,
                          gain=self._adjustment.gain)
        except ValueError as error:
            raise AudioError(f"The recording cannot be coded: {error} ({source.num_samples} samples at "
                             f"{source.sample_rate} Hz); up to 768000 Hz can be.") from error

    def _blocks(self, step_index, progress):
        """Yields Frames, a block at a time."""
        return _in_blocks(self._frames(step_index, progress))

    def _frames(self, step_index, progress):
        """Yields Frames, as many at a time as come."""
        encoder, done = make_encoder(self._preset.config, self._preset.weights, step_index), 0
        for samples in self._source.blocks():
            yield encoder.push(self._adjustment(samples))
            done += len(samples)
            if progress is not None:
                progress(done, self._source.num_samples_16k)
        yield encoder.finish()


def _add(writer, payloads):
    """Adds a block; long files wait in a temporary one."""
    try:
        writer.add_block(payloads)
    except OSError as error:
        raise OutputError(f"The coded blocks cannot be kept in a temporary folder: {error.strerror}; set TMPDIR to one "
                          "with room.", error.errno) from error


def _in_blocks(parts):
    """Regroups Frames into blocks as soon as these are complete; the last may be shorter."""
    waiting = None
    for part in parts:
        waiting = part if waiting is None else Frames.concatenate([waiting, part])
        complete = len(waiting) - len(waiting) % FRAMES_PER_BLOCK
        yield from waiting[:complete].blocks()
        waiting = waiting[complete:]
    if waiting is not None:
        yield from waiting.blocks()


def _write_visibly(preset, audio, file, kbps, modules, progress, tags=None):
    """Codes a recording, and warns whoever calls Codec of what it loses on its way to 16 kHz mono."""
    _warn(audio.name, audio.remarks)
    write_nac(preset, audio, file, kbps, progress, tags, modules)
    _warn(audio.name, audio.losses)


def _warn(name, clauses):
    if clauses:
        warnings.warn(f"{name} {' and '.join(clauses)}.", ConversionWarning, stacklevel=5)
