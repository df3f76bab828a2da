"""A .nac file to read at random, as soundfile reads others."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.coding.modules import check_modules
from neuralcodec.coding.playback import play
from neuralcodec.coding.presets import bundled_preset_for, preset_for
from neuralcodec.coding.stretch import find_stretch
from neuralcodec.errors import FormatError, StretchError
from neuralcodec.files.inputs import open_nac

if TYPE_CHECKING:
    from numpy.typing import NDArray


def open(file: str | os.PathLike[str] | BinaryIO, *, codec: Any = None, native: bool = False,
         modules: int | None = None) -> NacFile:
    """Opens a .nac file to read any part of it, decoding little more than that part.

    Args:
        file: path, or a binary file object.
        codec: the `Codec` to decode with; by default the preset that the file names, of those that come with the
            package.
        native: keep the codec's 16 kHz instead of the original's sample rate.
        modules: how many modules of the file to decode; all by default.

    Returns:
        NacFile.

    Raises:
        NotANacFileError, NewerVersionError, DamagedFileError, TruncatedFileError: it cannot be read.
        WrongPresetError: it needs another preset than the codec's, or one or a revision that is not installed.
        ModulesError: it has not so many modules.

    Example:
        >>> with neuralcodec.open("speech.nac") as file:
        ...     file.seek(60 * file.samplerate)
        ...     second = file.read(file.samplerate)
    """
    return NacFile(file, None if codec is None else codec.preset, native, modules)


class NacFile:
    """An open .nac file: `frames` samples of one channel at `samplerate` Hz, as in a `soundfile.SoundFile`.

    Not for several threads at once. Reading on from where the last call ended decodes nothing twice.

    Args:
        file: path, or a binary file object.
        preset: Preset to decode with; None for the one that the file names.
        native, modules: as for `open`.
    """

    channels = 1

    def __init__(self, file, preset=None, native=False, modules=None):
        self._stack = contextlib.ExitStack()
        with self._stack:
            self._reader = ContainerReader(self._stack.enter_context(open_nac(file)))
            header = self._reader.header
            self._preset = bundled_preset_for(header) if preset is None else preset_for(preset, header)
            check_modules(header.num_modules if modules is None else modules, header.num_modules, "file")
            self._modules, self._whole, self._at = modules, find_stretch(header, native), 0
            self._pieces, self._waiting, self._next = iter(()), np.zeros(0, np.float32), None
            self._stack = self._stack.pop_all()
        self.closed = False

    @property
    def samplerate(self) -> int:
        """Hz."""
        return self._whole.rate

    @property
    def frames(self) -> int:
        """Samples of the recording."""
        return len(self._whole)

    def __len__(self) -> int:
        return self.frames

    def tell(self) -> int:
        """Number of the sample that is read next."""
        return self._at

    def seek(self, frames: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a sample.

        Args:
            frames: its number, counted from `whence`.
            whence: `os.SEEK_SET`, `os.SEEK_CUR` or `os.SEEK_END`.

        Returns:
            Its number, counted from the beginning.

        Raises:
            StretchError: there is no such sample; the end is one.
        """
        origins = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.frames}
        if whence not in origins:
            raise StretchError(f"`whence` must be os.SEEK_SET, SEEK_CUR or SEEK_END, not {whence!r}.")
        place = origins[whence] + _count(frames)
        if not 0 <= place <= self.frames:
            raise StretchError(f"There is no sample {place} in a recording of {self.frames}.")
        self._at = place
        return place

    def read(self, frames: int = -1) -> NDArray[np.float32]:
        """Reads the next samples.

        Args:
            frames: how many; all that are left if negative. At the end there are fewer.

        Returns:
            float32 (n,) in [-1, 1].

        Raises:
            DamagedFileError, TruncatedFileError: the part that is read is not whole.
        """
        if self.closed:
            raise FormatError("The file is closed; open it again.")
        frames, left = _count(frames), self.frames - self._at
        samples = np.empty(left if frames < 0 else min(frames, left), np.float32)
        if self._next != self._at:
            self._begin(len(samples))
        self._next, done = None, 0  # begin anew if this fails
        while done < len(samples):
            if not len(self._waiting):
                self._waiting = next(self._pieces)
            part, self._waiting = np.split(self._waiting, [len(samples) - done])
            samples[done:done + len(part)] = part
            done += len(part)
        self._at += done
        self._next = self._at
        return samples

    def _begin(self, count):
        """Decodes from the next sample on, of which so many are wanted."""
        stretch = replace(self._whole, first=self._at)
        self._pieces = play(self._preset, self._reader, stretch, modules=self._modules, soon=count)
        self._waiting = np.zeros(0, np.float32)

    def close(self) -> None:
        """Closes the file."""
        self.closed = True
        self._stack.close()

    def __enter__(self) -> NacFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _count(frames):
    try:
        return frames.__index__()
    except AttributeError:
        raise StretchError(f"A number of samples is needed, not {frames!r}.") from None
