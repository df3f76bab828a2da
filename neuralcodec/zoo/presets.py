"""Finding and loading presets: bundled ones, folders, repositories on the Hugging Face Hub."""

import os
from dataclasses import replace
from pathlib import Path

from neuralcodec.errors import PresetError, PresetNotFoundError
from neuralcodec.zoo.bundled import bundled_preset, bundled_revisions, nearest_presets
from neuralcodec.zoo.folder import METADATA, read_preset
from neuralcodec.zoo.metadata import read_metadata
from neuralcodec.zoo.revisions import numbered, revisions_beside, split_revision


def preset_info(name_or_path):
    """What a preset says about itself; fast, because only its metadata.json is read.

    Args:
        name_or_path: as for `load_preset`.

    Returns:
        dict, see `neuralcodec.zoo.metadata`.

    Raises:
        PresetNotFoundError: there is no such preset.
        PresetError, NewerVersionError: it cannot be used.
        HubError: it cannot be downloaded.
    """
    return read_metadata(find_preset(name_or_path) / METADATA)


def load_preset(name_or_path, **hub_options):
    """Reads a preset and checks that it is whole.

    Args:
        name_or_path: name of a preset that comes with the package, else a folder, else a Hub repository. With
            `@REVISION` behind it another revision than the newest; on the Hub a tag, branch or commit.
        hub_options: of `neuralcodec.zoo.hub.download_preset`, if it comes to that.

    Returns:
        Preset.

    Raises:
        PresetNotFoundError: there is no such preset.
        PresetError: it is incomplete or damaged.
        NewerVersionError: it was made for a newer version of neuralcodec.
        HubError: it cannot be downloaded.

    Example:
        >>> load_preset("cq-24k").metadata["parameters"]
    """
    local = _local_preset(name_or_path)
    if local:
        return read_preset(local)
    folder = find_preset(name_or_path, **hub_options)
    from neuralcodec.zoo.hub import split_address

    try:
        return replace(read_preset(folder), repository=split_address(name_or_path)[0])
    except PresetError as error:
        raise PresetError(f"'{name_or_path}' cannot be used as it was downloaded ({error}); download it again with "
                          "`neuralcodec presets download --force` or force_download=True, and tell its author if that "
                          "does not help.") from error


def find_preset(name_or_path, **hub_options):
    """The folder of a preset: a bundled name first, then a folder of that name, then a Hub repository.

    Args:
        name_or_path: as for `load_preset`.
        hub_options: of `neuralcodec.zoo.hub.download_preset`, if it comes to that.

    Raises:
        PresetNotFoundError: there is none.
        PresetError: the repository holds no preset.
        HubError: it cannot be downloaded.
    """
    local = _local_preset(name_or_path)
    if local:
        return local
    from neuralcodec.zoo.hub import download_preset, split_address

    if split_address(name_or_path):
        return download_preset(name_or_path, **hub_options)
    name, number = split_revision(name_or_path)
    if there := number and _revisions(name):
        raise PresetNotFoundError(f"There is no revision {number} of the preset '{name}'; here are "
                                  f"{', '.join(f'{name}@{revision.number}' for revision in there)}.")
    raise PresetNotFoundError(f"There is no preset '{name_or_path}', neither installed nor as a folder; "
                              f"{nearest_presets(name_or_path)}")


def _local_preset(name_or_path):
    bundled = bundled_preset(name_or_path)
    # Unlike Path.is_dir, os.path.isdir is False for names that no file can have.
    if bundled or os.path.isdir(name_or_path):
        return bundled or Path(name_or_path)
    name, number = split_revision(name_or_path)
    return numbered(name, number) if number and os.path.isdir(name) else None


def _revisions(name):
    """Those of a bundled preset, else of a folder."""
    return bundled_revisions(name) or (revisions_beside(name) if os.path.isdir(name) else [])
