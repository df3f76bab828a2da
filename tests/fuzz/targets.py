"""What is attacked: documents, how a changed one is packed so that its checksums fit, and what may come of it.

A changed document ends in an exception of the package with a message of one line, or in finite sound of the length that
it announces. Everything else is a finding. Streams are in `packets.py`.
"""

import dataclasses
import hashlib
import io
import json
import shutil
import warnings
import zipfile

import numpy as np
import soundfile
from fuzz.packets import packet_targets
from fuzz.target import Target, checked_error

from neuralcodec import Codec
from neuralcodec.audio import AudioSource
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.bitstream.header import MAGIC, to_crc, write_header
from neuralcodec.bitstream.nested_tables import load_tables
from neuralcodec.bitstream.varint import from_varint, to_varint
from neuralcodec.errors import DamageWarning, NeuralCodecError, PresetError
from neuralcodec.zoo.folder import CONFIG, METADATA, TABLES, WEIGHTS, preset_hash
from neuralcodec.zoo.weights import read_weights

MAX_SAMPLES = 1 << 20  # a document that announces more is read, and not decoded
KINDS = ("plain", "predicted", "nested")


# Files


def check_file(codec, data):
    """Decodes bytes."""
    try:
        header = ContainerReader(io.BytesIO(data)).header
        if max(header.num_samples, header.num_samples_16k) > MAX_SAMPLES:
            return "long"
        decoded, rate = codec.decode(data)
    except NeuralCodecError as error:
        return checked_error(error)
    assert rate == header.sample_rate and decoded.shape == (header.num_samples,), "another length than announced"
    assert decoded.dtype == np.float32 and np.all(np.abs(decoded) <= 1), "samples that are none"
    return "decoded"


def check_concealed(codec, data):
    """Decodes bytes as far as they go."""
    try:
        header = ContainerReader(io.BytesIO(data), use_copy=True).header
        if max(header.num_samples, header.num_samples_16k) > MAX_SAMPLES:
            return "long"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamageWarning)
            decoded, rate = codec.decode(data, errors="conceal")
    except NeuralCodecError as error:
        return checked_error(error)
    assert rate == header.sample_rate and len(decoded) <= header.num_samples, "more than announced"
    assert decoded.dtype == np.float32 and np.all(np.abs(decoded) <= 1), "samples that are none"
    return "decoded"


def split_file(data):
    """A .nac file as (version and fields, index, block 0, block 1, ...), without lengths and checksums."""
    file = io.BytesIO(data)
    reader = ContainerReader(file)
    length, at = from_varint(data, 4)
    index = b"".join(map(to_varint, reader.block_sizes))
    body = data[at: at + length]
    blocks, at = [], at + length + 4
    for size in reader.block_sizes:
        blocks.append(data[at + 4: at + size])
        at += size
    return (data[3:4] + body.removesuffix(index), index, *blocks)


def pack_file(parts, sizes_fit):
    """The file of such parts, with lengths and checksums that fit; the index may follow the blocks, or be as it is."""
    fields, index, *blocks = parts
    blocks = [to_crc(block) + block for block in blocks]
    body = fields[1:] + (b"".join(to_varint(len(block)) for block in blocks) if sizes_fit else index)
    start = MAGIC + fields[:1] + to_varint(len(body)) + body
    return b"".join([start, to_crc(start), *blocks])


def split_payloads(data):
    """A .nac file as its payloads, those of all blocks after one another."""
    return tuple(payload for block in ContainerReader(io.BytesIO(data)) for payload in block)


def pack_payloads(header, payloads):
    """The file of a header and payloads, with lengths and checksums that fit."""
    count, blocks = 1 + header.num_modules, []
    for start in range(0, len(payloads), count):
        block = payloads[start: start + count]
        body = b"".join([*(to_varint(len(payload)) for payload in block[:-1]), *block])
        blocks.append(to_crc(body) + body)
    return write_header(header, list(map(len, blocks))) + b"".join(blocks)


def without_copy(data):
    """The same file without the copy of its header."""
    header = ContainerReader(io.BytesIO(data)).header
    return pack_payloads(dataclasses.replace(header, has_copy=False), split_payloads(data))


def file_targets(folder):
    """Targets for the files of one preset."""
    codec, kind = Codec.from_pretrained(folder), folder.name
    rng = np.random.default_rng(0)
    speechlike = 0.1 * rng.standard_normal(8000) * np.sin(np.arange(8000) / 900)
    coded = [codec.encode(speechlike, 16000), codec.encode(rng.uniform(-1, 1, 22050 * 5 // 4), 22050),
             codec.encode([], 8000)]
    files = list(map(without_copy, coded))
    header = ContainerReader(io.BytesIO(files[0])).header
    files.append(pack_payloads(dataclasses.replace(header, tags={"title": "a", "date": ""}), split_payloads(files[0])))

    def check_payloads(document):
        return check_file(codec, pack_payloads(header, document))

    return [
        Target(f"{kind}: bytes of files", [(data,) for data in files + coded],
               lambda parts: check_file(codec, parts[0]), 2),
        Target(f"{kind}: damaged files", [(data,) for data in coded],
               lambda parts: check_concealed(codec, parts[0]), 2),
        Target(f"{kind}: headers", [split_file(files[i])[:2] for i in (0, 3)],
               lambda parts: check_file(codec, pack_file((*parts, *split_file(files[0])[2:]), False)), 4),
        Target(f"{kind}: blocks", list(map(split_file, files[:2])),
               lambda parts: check_file(codec, pack_file(parts, True)), 4),
        Target(f"{kind}: payloads", [split_payloads(files[0])], check_payloads, 8),
    ]


# Presets


def check_preset(folder):
    """Loads a preset, codes with it and decodes."""
    rng = np.random.default_rng(1)
    try:
        codec = Codec.from_pretrained(folder)
        data = codec.encode(0.3 * rng.standard_normal(1600), 16000)
        decoded, _ = codec.decode(data)
    except NeuralCodecError as error:
        return checked_error(error)
    assert decoded.shape == (1600,) and np.all(np.abs(decoded) <= 1), "samples that are none"
    return "decoded"


def fit_hash(folder):
    """Writes the hash that weights and tables have into the metadata, as whoever changed them would."""
    try:
        found = preset_hash(read_weights(folder / WEIGHTS), load_tables(folder / TABLES))
    except PresetError:
        return
    metadata = json.loads((folder / METADATA).read_text())
    (folder / METADATA).write_text(json.dumps({**metadata, "hash": found.hex()}))


def leaves(value, path=()):
    """Paths of all values inside of JSON data, the data itself included."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from leaves(child, (*path, key))


VALUES = (None, True, False, 0, -1, 1, 80, 160, 160.0, 320, 1024, 10**400, -10**400, 1e308, float("nan"), float("inf"),
          "", "trained", "\x1b[2J\n", "x" * 5000, [], {}, [[]], [None], {"hop": 80}, [[[[[]]]]])


def with_value(data, place, value):
    """JSON text in which one value, key or entry is another."""
    data = json.loads(data)
    places = list(leaves(data))
    *path, last = places[place % len(places)] or (None,)
    if last is None:
        return json.dumps(VALUES[value % len(VALUES)]).encode()
    inside = data
    for key in path:
        inside = inside[key]
    if value % 7 == 0:
        del inside[last]
    elif value % 7 == 1 and isinstance(inside, dict):
        inside[f"{last}\x07" * (1 + place % 900)] = VALUES[value % len(VALUES)]
    else:
        inside[last] = VALUES[value % len(VALUES)]
    return json.dumps(data).encode()


def split_tables(data):
    """tables.npz as (names, content of each array with its header ...)."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return ("\n".join(archive.namelist()).encode(), *(archive.read(name) for name in archive.namelist()))


def pack_tables(parts):
    names = parts[0].decode(errors="replace").split("\n")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in zip(names, parts[1:]):
            archive.writestr(name.replace("\0", "") or "x", content)
    return file.getvalue()


def preset_targets(folder, scratch):
    """Targets for the files of one preset folder, tried out in another one.

    Args:
        folder: Path of a preset.
        scratch: Path of a folder to write to.
    """
    kind, copy = folder.name, scratch / folder.name
    files = {name: (folder / name).read_bytes() for name in (CONFIG, METADATA, WEIGHTS, TABLES)}
    shutil.copytree(folder, copy, dirs_exist_ok=True)

    def attacked(name, content):
        for other, data in {**files, name: content}.items():
            (copy / other).write_bytes(data)
        if name in (WEIGHTS, TABLES):
            fit_hash(copy)
        return check_preset(copy)

    def values_of(name):
        def check(parts):  # what is edited chooses what is written: a place, and a value
            number = int.from_bytes(hashlib.sha256(parts[0]).digest()[:6], "little")
            return attacked(name, with_value(files[name], number & 0xFFFF, number >> 16))

        return Target(f"{kind}: values in {name}", [(files[name],)], check, 1)

    def bytes_of(name, share=1):
        return Target(f"{kind}: bytes of {name}", [(files[name],)], lambda parts: attacked(name, parts[0]), share)

    return [values_of(CONFIG), values_of(METADATA), bytes_of(CONFIG), bytes_of(METADATA), bytes_of(WEIGHTS, 2),
            bytes_of(TABLES),
            Target(f"{kind}: arrays of {TABLES}", [split_tables(files[TABLES])],
                   lambda parts: attacked(TABLES, pack_tables(parts)), 1)]


# Recordings

FORMATS = {"wav": ("WAV", "PCM_16"), "wav-float": ("WAV", "FLOAT"), "wav-adpcm": ("WAV", "IMA_ADPCM"),
           "rf64": ("RF64", "PCM_16"), "w64": ("W64", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"),
           "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III"), "aiff": ("AIFF", "PCM_16"), "au": ("AU", "ULAW"),
           "caf": ("CAF", "PCM_16")}


def check_recording(data):
    """Reads a recording to its end."""
    total = 0
    try:
        with warnings.catch_warnings(), AudioSource(io.BytesIO(data)) as source:
            warnings.simplefilter("ignore")
            for samples in source.blocks():
                assert samples.dtype == np.float32 and np.all(np.abs(samples) <= 1), "samples that are none"
                total += len(samples)
                if total > MAX_SAMPLES:
                    return "long"
            for text in (*source.remarks, *source.losses):
                assert text.isprintable(), f"remark: {text!r:.300}"
    except NeuralCodecError as error:
        return checked_error(error)
    return "read"


def recording_target(name):
    """Target for the recordings of one format."""
    kind, subtype = FORMATS[name]
    file, rng = io.BytesIO(), np.random.default_rng(2)
    channels = 1 + (name in ("wav", "flac", "mp3"))
    soundfile.write(file, 0.2 * rng.standard_normal((4000, channels)), 16000, subtype, format=kind)
    return Target(f"recordings: {name}", [(file.getvalue(),)], lambda parts: check_recording(parts[0]), 2)


# Presets to attack, and everything together


def write_presets(folder):
    """Writes a small preset of every kind of cascade: list of Paths."""
    from conftest import TINY
    from nested_cascades import NESTED, make_nested
    from reference_cascades import make_cascade

    from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
    from neuralcodec.training.table_fitting import nominal_tables
    from neuralcodec.zoo.folder import save_preset
    from neuralcodec.zoo.weights import write_half

    predicted = ModuleConfig(hop=80, lookahead=2, noise_fill=True, long_term=True, coded_below=3000, **TINY)
    cascades = {
        "plain": make_cascade(CascadeConfig("fixed", tuple(ModuleConfig(hop=hop, **TINY) for hop in (320, 80)))),
        "predicted": make_cascade(CascadeConfig("trained", (predicted, ModuleConfig(hop=160, **TINY)),
                                                noise_above=4000)),
        "nested": make_nested(NESTED["three modules"]),
    }
    for name, cascade in cascades.items():
        cascade.save_weights(folder / "full.weights.h5")
        write_half(folder / "full.weights.h5", folder / "half.weights.h5")
        save_preset(folder / name, name=name, description="To be attacked.", kbps=24.0, config=cascade.config,
                    weights_file=folder / "half.weights.h5", tables=nominal_tables(cascade), card=f"# {name}\n")
    return [folder / name for name in cascades]


def all_targets(presets, scratch):
    """Every target.

    Args:
        presets: list of Paths of presets.
        scratch: Path of a folder to write to.
    """
    return [target for folder in presets for target in
            (*file_targets(folder), *packet_targets(folder), *preset_targets(folder, scratch))] + [
        recording_target(name) for name in FORMATS]
