"""The folder of a preset: what is in it, and how it is read, written and copied.

    config.json         the cascade's configuration
    metadata.json       what the preset is: name, rate, size, delay, licence, hash
    model.weights.h5    the weights
    tables.npz          the integers that turn symbols into bits
    README.md           the model card

A folder may come from a stranger: it is data only, its sizes are bounded, and its shapes and hash are checked.
"""

import contextlib
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from neuralcodec.errors import ConfigError, OutputExistsError, PresetError
from neuralcodec.files.strangers import read_member
from neuralcodec.zoo.metadata import NESTED_VERSION, NO_LICENCE, read_metadata, read_object, write_object

CONFIG, METADATA, WEIGHTS, TABLES, CARD = "config.json", "metadata.json", "model.weights.h5", "tables.npz", "README.md"
FILES = (CONFIG, METADATA, WEIGHTS, TABLES, CARD)


@dataclass(frozen=True, eq=False, repr=False)
class Preset:
    """A preset in memory.

    Args:
        name: as it stands in files.
        config: CascadeConfig.
        metadata: dict, see `neuralcodec.zoo.metadata`.
        weights: dict of name -> float32 array.
        tables: EntropyTables.
        hash: bytes (32), SHA-256 over the digests of weights and tables.
        directory: Path it was read from.
        repository: on the Hub, if it was downloaded from one.
    """

    name: str
    config: object
    metadata: dict
    weights: dict
    tables: object
    hash: bytes
    directory: Path
    repository: str | None = None


def read_preset(directory):
    """Reads a preset and checks that it is whole.

    Args:
        directory: Path of its folder.

    Returns:
        Preset.

    Raises:
        PresetError: it is incomplete or damaged.
        NewerVersionError: it was made for a newer version of neuralcodec.
    """
    from neuralcodec.architecture.nested import read_config
    from neuralcodec.bitstream.nested_tables import load_tables
    from neuralcodec.zoo.weights import check_weights, read_weights

    metadata = read_metadata(directory / METADATA)
    try:
        config = read_config(read_object(directory / CONFIG))
    except (ConfigError, TypeError) as error:
        raise PresetError(f"The preset in '{directory}' has a configuration that cannot be used: {error}") from error
    weights = read_weights(directory / WEIGHTS)
    check_weights(weights, config)
    tables = load_tables(directory / TABLES)
    if not _tables_fit(tables, config):
        raise PresetError(f"The preset in '{directory}' has entropy tables for other modules than its configuration; "
                          "install it again.")
    found = preset_hash(weights, tables)
    if found.hex() != metadata["hash"]:
        raise PresetError(f"The preset in '{directory}' is damaged: its weights or tables do not fit its hash; "
                          "install it again.")
    return Preset(metadata["name"], config, metadata, weights, tables, found, directory)


def _tables_fit(tables, config):
    """Whether entropy tables are those of the modules of a configuration."""
    from neuralcodec.architecture.nested import NestedConfig
    from neuralcodec.bitstream.nested_tables import NestedTables

    if isinstance(config, NestedConfig) != isinstance(tables, NestedTables):
        return False
    if isinstance(config, NestedConfig):
        return tables.hop == config.hop and tuple(module.coded for module in tables.modules) == config.coded
    wanted = [(module.hop, module.coded) if module.long_term else None for module in config.modules]
    return wanted == [part.predictor and (part.predictor.hop, part.predictor.coded) for part in tables.modules]


def save_preset(directory, *, name, description, kbps, config, weights_file, tables, card, details=None,
                overwrite=False):
    """Writes a preset folder, completely or not at all, and reads it back.

    Args:
        directory: the folder to write.
        name: 1 to 100 letters, digits, `.`, `_`, `-`, at most one `/`; goes into every file the preset writes.
        description: one line.
        kbps: nominal bitrate.
        config: CascadeConfig.
        weights_file: path of the weights, as `Cascade.save_weights` writes them.
        tables: EntropyTables.
        card: text of README.md.
        details: further entries of metadata.json, such as how it was trained and how it scored.
        overwrite: whether an existing folder may be replaced.

    Returns:
        Preset, as `load_preset` reads it.

    Raises:
        OutputExistsError: the folder is there and `overwrite` is False.
        PresetError: the parts do not fit together.
    """
    from neuralcodec.architecture.framing import SAMPLE_RATE
    from neuralcodec.architecture.nested import NestedConfig
    from neuralcodec.zoo.weights import read_weights

    weights = read_weights(weights_file)
    metadata = {
        "format_version": NESTED_VERSION if isinstance(config, NestedConfig) else 1,
        "name": name,
        "description": description,
        "kbps": kbps,
        "parameters": sum(array.size for array in weights.values()),
        "delay_ms": config.delay * 1000 / SAMPLE_RATE,
        "sample_rate": SAMPLE_RATE,
        "license": NO_LICENCE,
        "hash": preset_hash(weights, tables).hex(),
        **(details or {}),
    }
    with _folder_beside(directory, overwrite) as folder:
        write_object(folder / CONFIG, config.to_dict())
        write_object(folder / METADATA, metadata)
        shutil.copyfile(weights_file, folder / WEIGHTS)
        tables.save(folder / TABLES)
        (folder / CARD).write_text(card, encoding="utf-8")
        read_preset(folder)
    return read_preset(Path(directory))


def copy_preset(preset, directory, overwrite=False):
    """Copies a preset's files to another folder, completely or not at all.

    Raises:
        OutputExistsError: the folder is there and `overwrite` is False.
        PresetError: the preset has changed on disk since it was loaded, or a link in it leads elsewhere.
    """
    with _folder_beside(directory, overwrite) as folder:
        for name in FILES:
            if name != CARD or os.path.lexists(preset.directory / name):
                (folder / name).write_bytes(read_member(preset.directory / name))
        if read_preset(folder).hash != preset.hash:
            raise PresetError(f"The preset in '{preset.directory}' has changed since it was loaded; load it again.")


def preset_hash(weights, tables):
    """Identifies what a file needs to be decoded: bytes (32). Its first 8 bytes stand in every file."""
    from neuralcodec.zoo.weights import weights_digest

    return hashlib.sha256(weights_digest(weights) + tables.digest()).digest()


@contextlib.contextmanager
def _folder_beside(directory, overwrite):
    """Yields a new folder that takes the place of `directory` in the end, and is removed if anything goes wrong."""
    from neuralcodec.files.folders import atomic_folder

    check_free(directory, overwrite)
    with atomic_folder(directory, overwrite) as folder:
        yield folder


def check_free(directory, overwrite):
    """Makes sure that a preset can be written to a folder.

    Raises:
        OutputExistsError: the folder is there and `overwrite` is False, or it holds more than a preset.
    """
    from neuralcodec.files.outputs import output_errors

    with output_errors(directory):
        target = Path(os.path.realpath(directory))
        there = {path.name for path in target.iterdir()} if target.is_dir() else set()
    if os.path.lexists(target) and not target.is_dir():
        raise OutputExistsError(f"'{target}' is a file; choose another name for the preset's folder.")
    if there and not overwrite:
        raise OutputExistsError(f"'{target}' already exists; choose another name, or overwrite it with overwrite=True "
                                "(--force).")
    if there - set(FILES):
        raise OutputExistsError(f"'{target}' also holds files that no preset has, such as '{min(there - set(FILES))}', "
                                "and is not replaced; choose another name.")
