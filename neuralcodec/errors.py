"""Every error a user can cause or meet. Each message is one sentence: what is wrong, and what to do about it."""

import difflib


class NeuralCodecError(Exception):
    """Base class: catch this to catch everything the package raises on purpose."""


class AudioError(NeuralCodecError, ValueError):
    """The samples or the audio file cannot be coded: not audio, NaN or infinite samples, wrong shape or rate."""


class OutputExistsError(NeuralCodecError, FileExistsError):
    """The output file is already there and was not to be overwritten."""


class OutputError(NeuralCodecError, OSError):
    """An output cannot be written: a full or read-only disk, a missing folder, a name that no file can have.

    Args:
        message: one sentence.
        errno: of the system's own error.
    """

    def __init__(self, message, errno=None):
        super().__init__(message)
        self.errno = errno


class ConfigError(NeuralCodecError, ValueError):
    """A configuration file or value that no codec can be built from."""


class BitrateError(NeuralCodecError, ValueError):
    """A bitrate that the preset is not made for."""


class ModulesError(NeuralCodecError, ValueError):
    """More modules than a preset or a file has, or none."""


class StretchError(NeuralCodecError, ValueError):
    """A stretch of time that a recording does not have."""


class PresetError(NeuralCodecError):
    """A preset that cannot be used: incomplete, damaged, or not a preset at all.

    Args:
        message: one sentence. Where it quotes what a stranger wrote, it is still one line that a terminal can show.
    """

    def __init__(self, message):
        super().__init__(one_line(message))


class PresetNotFoundError(PresetError, LookupError):
    """No preset of that name, folder or Hub repository."""


class HubError(NeuralCodecError):
    """The Hub cannot be reached, or refuses: no network, no access, no such revision."""


class FormatError(NeuralCodecError):
    """Base class of everything that can be wrong with a .nac file."""


class NotANacFileError(FormatError):
    """The data does not start like a .nac file."""


class NewerVersionError(FormatError):
    """The file or preset was written by a newer version of neuralcodec."""


class DamagedFileError(FormatError):
    """A checksum or a symbol does not fit: some bytes were changed."""


class TruncatedFileError(DamagedFileError):
    """The file ends before the audio it announces."""


class StreamError(NeuralCodecError, ValueError):
    """A setting that no stream can have."""


class NotAStreamError(FormatError):
    """The data does not start like a stream of packets."""


class PacketError(FormatError):
    """A packet of a stream that cannot be decoded: damaged, or none at all."""


class WrongPresetError(FormatError):
    """The file was written with another preset, or with other weights of the same preset."""


class TooLongError(FormatError):
    """The recording in a file is longer than what was to be decoded at most."""


class TrainingDataError(NeuralCodecError):
    """Too little usable speech to train, tune or evaluate on."""


class NotBetterError(NeuralCodecError):
    """A fine-tuned preset that is no better than it was, or has another bitrate. `history` has the figures."""

    def __init__(self, message, history=None):
        super().__init__(message)
        self.history = history


class MissingDependencyError(NeuralCodecError, ImportError):
    """An optional package or system library is needed for what was asked."""


class ConversionWarning(UserWarning):
    """A recording is mixed to mono or resampled before it is coded."""


class DamageWarning(ConversionWarning):
    """A damaged file was decoded as far as it goes.

    Args:
        message: one sentence.
        stretches: list of (start, end) in seconds: what was filled in, and what is missing at the end.
    """

    def __init__(self, message, stretches=()):
        super().__init__(message)
        self.stretches = list(stretches)


def one_line(text, limit=600):
    """Text as one line of a bounded length, without characters that move a cursor.

    Example:
        >>> one_line("no such\\n  file: \\x1b[2J")
        'no such file: \\\\x1b[2J'
    """
    line = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in " ".join(str(text).split()))
    half = (limit - 5) // 2  # the end says what to do
    return line if len(line) <= limit else f"{line[:half]} ... {line[-half:]}"


def nearest_name(name, known):
    """Which one may have been meant.

    Args:
        name: one that is not known.
        known: iterable of str.

    Returns:
        One of `known`, or None if none is near. Upper and lower case are the same.

    Example:
        >>> nearest_name("CQ-42k", ["cq-9k", "cq-24k"])
        'cq-24k'
    """
    names = {one.lower(): one for one in known}
    near = difflib.get_close_matches(str(name).lower(), names, n=1)
    return names[near[0]] if near else None


def unknown_name(name, known):
    """End of a message about a name that is not known: which one may have been meant, else which there are.

    Example:
        >>> unknown_name("stpes", ["name", "steps"])
        "did you mean 'steps'?"
    """
    near, known = nearest_name(name, known), sorted(known)
    return f"did you mean '{near}'?" if near else f"known are {', '.join(known)}."
