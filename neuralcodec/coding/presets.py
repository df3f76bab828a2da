"""The preset that a file or a stream needs: its header names it, and its hash says which revision."""

import functools

from neuralcodec.bitstream.header import HASH_BYTES
from neuralcodec.errors import DamagedFileError, WrongPresetError
from neuralcodec.zoo.bundled import bundled_revisions
from neuralcodec.zoo.folder import read_preset
from neuralcodec.zoo.metadata import revision_of
from neuralcodec.zoo.revisions import Revision, revisions_beside

_KEPT = 16  # presets in memory, some 4 MB each


def preset_for(preset, header, what="file"):
    """The preset that decodes a file or a stream.

    Args:
        preset: Preset at hand.
        header: Header or StreamHeader.
        what: has it, "file" or "stream".

    Returns:
        Preset: the one at hand, else the revision of it that wrote the file, which lies beside it or comes with the
        package.

    Raises:
        WrongPresetError: another preset is needed, or a revision that is not here.
        DamagedFileError: the file announces more modules than the preset has.
        PresetError: the revision is there, but damaged.
    """
    if header.preset_hash == preset.hash[:HASH_BYTES]:
        return _checked(preset, header)
    if header.preset != preset.name:
        raise WrongPresetError(f"The {what} needs the preset '{header.preset}', not '{preset.name}'; load that one.")
    own = Revision(preset.name, revision_of(preset.metadata), preset.hash.hex(), preset.directory)
    return _of_revision(header, [own, *revisions_beside(preset.directory), *bundled_revisions(preset.name)], what,
                        preset.repository)


def bundled_preset_for(header, what="file"):
    """The preset that decodes a file or a stream, of those that come with the package. These never name folders or
    repositories.

    Args:
        header, what: as for `preset_for`.

    Returns:
        Preset.

    Raises:
        WrongPresetError: there is no such preset, or not the revision that wrote the file.
        DamagedFileError, PresetError: as for `preset_for`.
    """
    revisions = bundled_revisions(header.preset)
    if not revisions:
        raise WrongPresetError(f"The {what} needs the preset '{header.preset}', which is not installed; update "
                               "neuralcodec, or give the preset's folder or Hub repository with --preset.")
    return _of_revision(header, revisions, what)


def _of_revision(header, revisions, what, repository=None):
    """The preset that wrote a file or a stream, among some revisions; the repository may have more of them."""
    wanted = header.preset_hash.hex()
    for revision in revisions:
        if revision.name == header.preset and revision.hash.startswith(wanted):
            return _checked(_read(revision.folder, revision.hash), header)
    here = ", ".join(dict.fromkeys(f"{revision} ({revision.hash[:2 * HASH_BYTES]})" for revision in revisions))
    raise WrongPresetError(
        f"The {what} needs other weights of the preset '{header.preset}' ({wanted}) than those that are here, {here}; "
        "update neuralcodec, or give the revision that wrote it with --preset or to from_pretrained: its folder, or "
        f"its repository and tag on the Hub, such as {repository or 'owner/name'}@1.")


@functools.lru_cache(_KEPT)
def _read(folder, _):
    """A preset; from memory, unless its folder has other weights now."""
    return read_preset(folder)


def _checked(preset, header):  # a stream tells its modules packet by packet
    if getattr(header, "num_modules", 1) > len(preset.config.modules):
        raise DamagedFileError(f"The file has {header.num_modules} modules and its preset '{preset.name}' only "
                               f"{len(preset.config.modules)}; get the file again from its source.")
    return preset
