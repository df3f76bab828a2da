"""From the blocks of a file to samples: any stretch of it, in pieces, decoding no more than it needs."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.audio.resampling import Resampler, exactly, skipping
from neuralcodec.bitstream.header import FLUSH_FRAMES
from neuralcodec.bitstream.payloads import decode_blocks
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK
from neuralcodec.coding.modules import check_modules
from neuralcodec.runtime.nested_decoder import make_decoder

PREROLL_FRAMES = 12  # decoded before a stretch: by then nothing is heard of the decoder's having begun there

_FRAMES_AT_ONCE = 24 * FRAMES_PER_BLOCK  # blocks are decoded side by side, which is faster


def play(preset, reader, stretch, *, modules=None, progress=None, soon=None):
    """Decodes a stretch of a recording.

    Args:
        preset: Preset, the one that `reader.header` names.
        reader: ContainerReader.
        stretch: Stretch of that file.
        modules: how many modules to decode; all that the file has by default.
        progress: called as progress(done, total), in samples at 16 kHz.
        soon: how many samples of the stretch are wanted first, if nobody knows whether more will be.

    Yields:
        float32 arrays (n,) in [-1, 1] at the stretch's rate, its length in all.

    Raises:
        DamagedFileError, TruncatedFileError: what it needs of the file is not whole.
    """
    first, last = stretch.span_16k
    wanted = last if soon is None else min(last, stretch.until(soon).span_16k[1])
    decoded = read_nac(preset, reader, progress, modules, first, last, wanted)
    resampled = Resampler(SAMPLE_RATE, stretch.rate).run(np.clip(piece, -1, 1) for piece in decoded)
    for piece in exactly(skipping(resampled, stretch.skip), len(stretch)):
        yield np.clip(piece, -1, 1)


def read_nac(preset, reader, progress=None, modules=None, first=0, last=None, wanted=None):
    """Decodes a file, or a stretch of it, at the codec's rate.

    Args:
        preset: Preset, the one that `reader.header` names.
        reader: ContainerReader; a pipe is read from its beginning only.
        progress: called as progress(done, total), in samples at 16 kHz.
        modules: how many modules to decode; all that the file has by default.
        first, last: samples at 16 kHz; by default all `reader.header.num_samples_16k`.
        wanted: the sample up to which is surely read; beyond it more and more blocks are decoded at once.

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
    at_first = stop if wanted is None else needed_frames(header, first, wanted)[1]
    for frames in _frames(preset, reader, modules, start, stop, at_first):
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


def _frames(preset, reader, modules, start, stop, at_first):
    """Yields Frames number `start` to `stop`, block by block; those up to `at_first` are surely wanted."""
    header = reader.header
    for numbers in _side_by_side(header, start, stop, at_first):
        counts = [header.block_frames(number) for number in numbers]
        blocks = [reader.read_block(number) for number in numbers]
        for number, frames in zip(numbers, decode_blocks(blocks, counts, preset.tables, header.step_index, modules)):
            begin = number * header.frames_per_block
            yield frames[max(0, start - begin): stop - begin]
    _check_end(reader, stop)


def _side_by_side(header, start, stop, at_first):
    """Yields ranges of blocks that are decoded at once: those that are surely wanted, then twice as many each time."""
    numbers = _blocks(header, start, stop)
    largest = max(1, _FRAMES_AT_ONCE // header.frames_per_block)
    count = min(largest, max(1, len(_blocks(header, start, at_first))))
    while numbers:
        yield numbers[:count]
        numbers, count = numbers[count:], largest if at_first >= stop else min(2 * count, largest)


def _blocks(header, start, stop):
    """Numbers of the blocks that hold frames `start` to `stop`."""
    return range(start // header.frames_per_block, -(-stop // header.frames_per_block))


def _check_end(reader, stop):
    if stop == reader.header.num_frames:
        reader.check_end()
