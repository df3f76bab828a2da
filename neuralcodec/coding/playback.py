"""From the blocks of a file to samples: any stretch of it, in pieces, decoding no more than it needs."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.audio.resampling import Resampler, exactly, skipping
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.header import FLUSH_FRAMES
from neuralcodec.bitstream.payloads import decode_blocks
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK
from neuralcodec.coding.adjustment import amplification
from neuralcodec.coding.concealment import Concealment
from neuralcodec.coding.modules import check_modules
from neuralcodec.errors import DamagedFileError
from neuralcodec.runtime.nested_decoder import make_decoder

PREROLL_FRAMES = 12  # decoded before a stretch: by then nothing is heard of the decoder's having begun there

_FRAMES_AT_ONCE = 24 * FRAMES_PER_BLOCK  # blocks are decoded side by side, which is faster


def play(preset, reader, stretch, *, modules=None, progress=None, soon=None, lost=None):
    """Decodes a stretch of a recording.

    Args:
        preset: Preset, the one that `reader.header` names.
        reader: ContainerReader.
        stretch: Stretch of that file.
        modules: how many modules to decode; all that the file has by default.
        progress: called as progress(done, total), in samples at 16 kHz.
        soon: how many samples of the stretch are wanted first, if nobody knows whether more will be.
        lost: list that takes the numbers of blocks that cannot be decoded, which are filled in then; None to raise.

    Yields:
        float32 arrays (n,) in [-1, 1] at the stretch's rate, its length in all.

    Raises:
        DamagedFileError, TruncatedFileError: what it needs of the file is not whole.
    """
    first, last = stretch.span_16k
    wanted = last if soon is None else min(last, stretch.until(soon).span_16k[1])
    decoded = read_nac(preset, reader, progress, modules, first, last, wanted, lost)
    resampled = Resampler(SAMPLE_RATE, stretch.rate).run(np.clip(piece, -1, 1) for piece in decoded)
    for piece in exactly(skipping(resampled, stretch.skip), len(stretch)):
        yield np.clip(piece, -1, 1)


def read_nac(preset, reader, progress=None, modules=None, first=0, last=None, wanted=None, lost=None):
    """Decodes a file, or a stretch of it, at the codec's rate.

    Args:
        preset: Preset, the one that `reader.header` names.
        reader: ContainerReader; a pipe is read from its beginning only.
        progress: called as progress(done, total), in samples at 16 kHz.
        modules: how many modules to decode; all that the file has by default.
        first, last: samples at 16 kHz; by default all `reader.header.num_samples_16k`.
        wanted: the sample up to which is surely read; beyond it more and more blocks are decoded at once.
        lost: as for `play`.

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
    decoder = Concealment(make_decoder(preset.config, preset.weights, header.step_index, modules, start))
    at = start * FRAME_SAMPLES  # the next sample that comes out
    at_first = stop if wanted is None else needed_frames(header, first, wanted)[1]
    for frames in _frames(preset, reader, modules, start, stop, at_first, lost):
        samples = decoder.conceal(frames) if isinstance(frames, int) else decoder.push(frames)
        begin, at = at, at + len(samples)
        samples = samples[max(0, first - begin): max(0, last - begin)]
        yield samples * amplification(-header.gain)
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


def _frames(preset, reader, modules, start, stop, at_first, lost):
    """Yields Frames number `start` to `stop`, of a lost block their number; `at_first` as `wanted`."""
    header = reader.header
    for numbers in _side_by_side(header, start, stop, at_first):
        parts = []  # one after another, that are decoded to samples at once
        for number, frames in zip(numbers, _decoded(preset, reader, numbers, modules, lost)):
            begin = number * header.frames_per_block
            part = slice(max(0, start - begin), stop - begin)
            if frames is not None:
                parts.append(frames[part])
                continue
            if parts:
                yield Frames.concatenate(parts)
                parts = []
            yield len(range(header.block_frames(number))[part])
        if parts:
            yield Frames.concatenate(parts)
    if lost is None:
        _check_end(reader, stop)


def _decoded(preset, reader, numbers, modules, lost):
    """list of the Frames of some blocks; None for those that are added to `lost`."""
    blocks = {}
    for number in numbers:
        try:
            blocks[number] = reader.read_block(number)
        except DamagedFileError:
            if lost is None:
                raise
    try:
        frames = dict(zip(blocks, _decode(preset, reader.header, blocks, modules)))
    except DamagedFileError:  # one of them
        frames = {}
        for number, payloads in blocks.items():
            try:
                frames[number], = _decode(preset, reader.header, {number: payloads}, modules)
            except DamagedFileError as error:
                if lost is None:
                    raise reader.damaged(number) from error
    if lost is not None:
        lost.extend(number for number in numbers if number not in frames)
    return [frames.get(number) for number in numbers]


def _decode(preset, header, blocks, modules):
    counts = [header.block_frames(number) for number in blocks]
    return decode_blocks(list(blocks.values()), counts, preset.tables, header.step_index, modules)


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
