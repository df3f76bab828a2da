"""From blocks of samples to a .nac file and back, in constant memory: an hour costs no more than a minute."""

from neuralcodec.bitstream.container import ContainerWriter
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.header import HASH_BYTES, Header
from neuralcodec.bitstream.payloads import decode_blocks, encode_block
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK
from neuralcodec.coding.rate import check_bitrate, meet_bitrate
from neuralcodec.errors import AudioError, DamagedFileError, WrongPresetError
from neuralcodec.runtime.decoder import Decoder
from neuralcodec.runtime.encoder import Encoder

_FRAMES_AT_ONCE = 24 * FRAMES_PER_BLOCK  # blocks are decoded side by side, which is faster


def write_nac(preset, source, file, kbps=None, progress=None):
    """Codes a recording.

    Args:
        preset: Preset.
        source: AudioSource.
        file: binary file object or pipe; nothing is written to it before everything is coded.
        kbps: bitrate that the file is to have; None for what the preset makes of it.
        progress: called as progress(done, total), in samples at 16 kHz.

    Raises:
        AudioError: a NaN or infinite sample, or a file damaged in its middle.
        BitrateError: the preset is not made for that bitrate.
    """
    if kbps is None:
        writer = _coded(preset, source, 0, progress)
    else:
        check_bitrate(preset, kbps)
        writer = meet_bitrate(kbps, source.num_samples / source.sample_rate, progress,
                              lambda step_index, progress: _coded(preset, source, step_index, progress))
    try:
        writer.finish(file)
    except ValueError as error:
        raise AudioError(f"The recording cannot be coded: {error}") from error


def _coded(preset, source, step_index, progress):
    """A ContainerWriter that holds the whole recording."""
    try:
        header = Header(preset.name, preset.hash[:HASH_BYTES], source.sample_rate, source.num_samples,
                        source.num_samples_16k, len(preset.config.modules), step_index)
    except ValueError as error:
        raise AudioError(f"The recording cannot be coded: {error} ({source.num_samples} samples at "
                         f"{source.sample_rate} Hz); up to 768000 Hz can be.") from error
    writer = ContainerWriter(header)
    for block in _in_blocks(_frames(preset, source, step_index, progress)):
        writer.add_block(encode_block(block, preset.tables, step_index))
    return writer


def read_nac(preset, reader, progress=None):
    """Decodes a file.

    Args:
        preset: Preset, the one that `reader.header` names.
        reader: ContainerReader.
        progress: called as progress(done, total), in samples at 16 kHz.

    Yields:
        float32 arrays (n,) at 16 kHz, `reader.header.num_samples_16k` samples in all.

    Raises:
        DamagedFileError, TruncatedFileError: the file is not whole.
    """
    header = reader.header
    decoder = Decoder(preset.config, preset.weights, header.step_index, header.num_modules)
    done, total = 0, header.num_samples_16k
    for blocks, frame_counts in _several(reader):
        decoded = decode_blocks(blocks, frame_counts, preset.tables, header.step_index, header.num_modules)
        samples = decoder.push(Frames.concatenate(decoded))[:total - done]
        done += len(samples)
        yield samples
        if progress is not None:
            progress(done, total)


def check_preset(preset, header):
    """Makes sure that a file can be decoded with a preset.

    Raises:
        WrongPresetError: another preset is needed.
        DamagedFileError: the file announces more modules than the preset has.
    """
    found = preset.hash[:HASH_BYTES]
    if header.preset_hash != found:
        if header.preset != preset.name:
            raise WrongPresetError(f"The file needs the preset '{header.preset}', not '{preset.name}'; load that one.")
        raise WrongPresetError(f"The file needs other weights of the preset '{preset.name}' "
                               f"({header.preset_hash.hex()}) than those at hand ({found.hex()}); load the version of "
                               "the preset that wrote it.")
    if header.num_modules > len(preset.config.modules):
        raise DamagedFileError(f"The file has {header.num_modules} modules and its preset '{preset.name}' only "
                               f"{len(preset.config.modules)}; get the file again from its source.")


def _frames(preset, source, step_index, progress):
    """Yields Frames, as many at a time as come."""
    encoder, done = Encoder(preset.config, preset.weights, step_index), 0
    for samples in source.blocks():
        yield encoder.push(samples)
        done += len(samples)
        if progress is not None:
            progress(done, source.num_samples_16k)
    yield encoder.finish()


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


def _several(reader):
    """Yields (blocks, numbers of their frames), as many blocks as are decoded side by side."""
    blocks, frame_counts = [], []
    for number, payloads in enumerate(reader):
        blocks.append(payloads)
        frame_counts.append(reader.header.block_frames(number))
        if sum(frame_counts) >= _FRAMES_AT_ONCE:
            yield blocks, frame_counts
            blocks, frame_counts = [], []
    if blocks:
        yield blocks, frame_counts
