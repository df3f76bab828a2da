"""From the blocks of a file to samples: any stretch of it, in pieces, decoding no more than it needs."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.audio.resampling import Resampler, exactly, skipping
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.header import FLUSH_FRAMES
from neuralcodec.bitstream.payloads import decode_blocks
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK
from neuralcodec.coding.modules import check_modules
from neuralcodec.runtime.nested_decoder import make_decoder

PREROLL_FRAMES = 12  # decoded before a stretch: by then nothing is heard of the decoder's having begun there

_FRAMES_AT_ONCE = 24 * FRAMES_PER_BLOCK  # blocks are decoded side by side, which is faster


def play(preset, reader, stretch, *, modules=None, progress=None):
    """Decodes a stretch of a recording.

    Args:
        preset: Preset, the one that `reader.header` names.
        reader: ContainerReader.
        stretch: Stretch of that file.
        modules: how many modules to decode; all that the file has by default.
        progress: called as progress(done, total), in samples at 16 kHz.

    Yields:
        float32 arrays (n,) in [-1, 1] at the stretch's rate, its length in all.

    Raises:
        DamagedFileError, TruncatedFileError: what it needs of the file is not whole.
    """
    first, last = stretch.span_16k
    decoded = read_nac(preset, reader, progress, modules, first, last)
    resampled = Resampler(SAMPLE_RATE, stretch.rate).run(np.clip(piece, -1, 1) for piece in decoded)
    for piece in exactly(skipping(resampled, stretch.skip), len(stretch)):
        yield np.clip(piece, -1, 1)


def read_nac(preset, reader, progress=None, modules=None, first=0, last=None):
    """Decodes a file, or a stretch of it, at the codec's rate.

    Args:
        preset: Preset, the one that `reader.header` names.
        reader: ContainerReader; a pipe is read from its beginning only.
        progress: called as progress(done, total), in samples at 16 kHz.
        modules: how many modules to decode; all that the file has by default.
        first, last: samples at 16 kHz; by default all `reader.header.num_samples_16k`.

    Yields:
        float32 arrays (n,) at 16 kHz, `last - first` samples in all.

    Raises:
        DamagedFileError, TruncatedFileError: the file is not whole.
    """
    header = reader.header
    modules = header.num_modules if modules is None else modules
    check_modules(modules, header.num_modules, "file")
    last = header.num_samples_16k if last is None else last
    start, stop = needed_frames(header, first, last)
    decoder = make_decoder(preset.config, preset.weights, header.step_index, modules, start)
    at = start * FRAME_SAMPLES  # the next sample that comes out
    for frames in _frames(preset, reader, modules, start, stop):
        samples = decoder.push(frames)
        begin, at = at, at + len(samples)
        samples = samples[max(0, first - begin): max(0, last - begin)]
        yield samples
        if progress is not None:
            progress(min(max(at - first, 0), last - first), last - first)


def check_blocks(reader, stretch):
    """Reads what `play` will decode.

    Raises:
        DamagedFileError, TruncatedFileError: it is not whole.
    """
    start, stop = needed_frames(reader.header, *stretch.span_16k)
    for number in _blocks(reader.header, start, stop):
        reader.read_block(number)
    _check_end(reader, stop)


def needed_frames(header, first, last):
    """Numbers (start, stop) of the frames that it takes to decode samples `first` to `last` at 16 kHz."""
    if first >= last:
        return 0, 0
    start = max(0, first // FRAME_SAMPLES - PREROLL_FRAMES)
    return start, min(header.num_frames, -(-last // FRAME_SAMPLES) + FLUSH_FRAMES)


def _frames(preset, reader, modules, start, stop):
    """Yields Frames number `start` to `stop`, of as many blocks at a time as are decoded side by side."""
    header = reader.header
    size, all_numbers = header.frames_per_block, _blocks(header, start, stop)
    at_once = max(1, _FRAMES_AT_ONCE // size)
    for number in all_numbers[::at_once]:
        numbers = all_numbers[number - all_numbers.start:][:at_once]
        blocks = [reader.read_block(n) for n in numbers]
        counts = [header.block_frames(n) for n in numbers]
        decoded = Frames.concatenate(decode_blocks(blocks, counts, preset.tables, header.step_index, modules))
        yield decoded[max(0, start - number * size): stop - number * size]
    _check_end(reader, stop)


def _blocks(header, start, stop):
    """Numbers of the blocks that hold frames `start` to `stop`."""
    return range(start // header.frames_per_block, -(-stop // header.frames_per_block))


def _check_end(reader, stop):
    if stop == reader.header.num_frames:
        reader.check_end()
