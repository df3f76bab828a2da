"""The public codec: a preset, and what one does with it. Everything is done elsewhere: here is what users call."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuralcodec.audio import SAMPLE_RATE
from neuralcodec.coding import edit
from neuralcodec.coding import file as coding
from neuralcodec.coding.stretch import MAX_SECONDS
from neuralcodec.zoo.folder import Preset, copy_preset
from neuralcodec.zoo.presets import load_preset

if TYPE_CHECKING:
    from neuralcodec.coding.stream import StreamDecoder, StreamEncoder
    from neuralcodec.training.comparison import FinetuneHistory

StrPath = str | os.PathLike[str]
Channel = int | Literal["mix", "left", "right"]
Errors = Literal["strict", "conceal"]
Progress = Callable[[int, int], object]


class Codec:
    """A speech codec with the weights of one preset.

    Files are read and written piece by piece, so that an hour needs no more memory than a minute. An output is there
    completely or not at all, and one that exists is only replaced with `overwrite=True`. A `ConversionWarning` tells
    when a recording has to be mixed to mono or resampled to 16 kHz, when it is shorter or longer than its header says,
    and when it had to be clipped.

    Args:
        preset: Preset, as `neuralcodec.zoo.presets.load_preset` returns it. Most callers want `from_pretrained`.

    Example:
        >>> codec = Codec.from_pretrained("cq-24k")
        >>> codec.compress("speech.wav", "speech.nac")
        >>> codec.decompress("speech.nac", "decoded.wav")

    Reference:
        Zhen, Lee, Sung, Beack, Kim, "Efficient and scalable neural residual waveform coding with collaborative
        quantization", ICASSP 2020.
    """

    def __init__(self, preset: Preset) -> None:
        self.preset = preset

    @classmethod
    def from_pretrained(cls, name_or_path: StrPath, *, revision: str | None = None, cache_dir: StrPath | None = None,
                        token: str | bool | None = None, local_files_only: bool = False,
                        force_download: bool = False) -> Codec:
        """Loads a preset.

        Args:
            name_or_path: name of a preset that comes with the package (see `neuralcodec.list_presets`), else a folder
                that `save_pretrained` wrote, else a repository on the Hugging Face Hub that `push_to_hub` wrote, such
                as `user/my-codec` or `hf://user/my-codec`. `@REVISION` behind it is for another revision than the
                newest: a number such as `cq-24k@1`, on the Hub a tag, branch or commit. What follows is for the Hub.
            revision: branch, tag or commit; by default the main branch.
            cache_dir: folder for downloads; by default the Hub's own cache.
            token: access token; by default that of `hf auth login`.
            local_files_only: take what was downloaded before, without asking the Hub.
            force_download: download again what was downloaded before.

        Returns:
            Codec.

        Raises:
            PresetNotFoundError: there is no such preset.
            PresetError: it is incomplete, damaged, or not a preset.
            NewerVersionError: it was made for a newer version of neuralcodec.
            HubError: it cannot be downloaded: no network, no access, no such revision.

        Example:
            >>> Codec.from_pretrained("cq-24k")
            >>> Codec.from_pretrained("user/my-codec", revision="v1.0")  # or "user/my-codec@v1.0"
        """
        return cls(load_preset(name_or_path, revision=revision, cache_dir=cache_dir, token=token,
                               local_files_only=local_files_only, force_download=force_download))

    @property
    def name(self) -> str:
        """Name of the preset."""
        return self.preset.name

    @property
    def kbps(self) -> float:
        """Nominal bitrate: what files of read speech cost on average. The rate of a single file varies."""
        return self.preset.metadata["kbps"]

    @property
    def sample_rate(self) -> int:
        """Sample rate at which speech is coded, in Hz."""
        return SAMPLE_RATE

    def __repr__(self) -> str:
        return f"Codec({self.name!r}, {self.kbps:g} kbps)"

    def compress(self, source: StrPath | BinaryIO, target: StrPath | BinaryIO, *, kbps: float | None = None,
                 modules: int | None = None, overwrite: bool = False, progress: Progress | None = None,
                 channel: Channel = "mix", normalize: bool = False, raw: tuple[int, int, str] | None = None,
                 tags: bool = True) -> None:
        """Codes an audio file.

        What is quiet is amplified for coding only, and an offset (DC) taken away: docs/files.md.

        Args:
            source: path of an audio file of any sample rate and channel count (mixed to mono), a binary file object,
                or `-` for standard input.
            target: path of the .nac file, a binary file object, or `-` for standard output.
            kbps: bitrate that the file is to have, 0.75 to 1.25 times the preset's, of a nested preset 0.7 times its
                first module's to 1.25 times that of all; by default it varies from file to file around the preset's. It
                takes several passes, and is met within 2 % from 5 s of speech on.
            modules: how many modules of the cascade code, by default all, or of a nested preset those that sound best
                at `kbps`. Fewer make a smaller file.
            overwrite: whether an existing file may be replaced; its permissions stay.
            progress: called as progress(done, total), in samples at 16 kHz.
            channel: which to code of several: "mix" for their mean, "left", "right", or a number from 1 on.
            normalize: whether to scale the recording so that its peak is 1 dB below full scale.
            raw: (sample rate, channels, encoding) of a source of bare samples without a header, such as
                (8000, 1, "mulaw"); encodings are those of `neuralcodec.audio.readers.ENCODINGS`.
            tags: whether to carry title, artist, comment and date of the source, where it has any.

        Raises:
            AudioError: the source is missing, empty or not audio, holds NaN or infinite samples, or changes meanwhile.
            BitrateError: the preset is not made for that bitrate.
            ModulesError: the preset has not so many modules.
            OutputExistsError: the target is there, or appears meanwhile, and `overwrite` is False.
            OutputError: the target cannot be written.
        """
        coding.compress(self.preset, source, target, kbps=kbps, modules=modules, overwrite=overwrite, progress=progress,
                        channel=channel, normalize=normalize, raw=raw, tags=tags)

    def decompress(self, source: StrPath | BinaryIO, target: StrPath | BinaryIO, *, native: bool = False,
                   modules: int | None = None, overwrite: bool = False, progress: Progress | None = None,
                   tags: bool = True, start: float | None = None, stop: float | None = None,
                   max_seconds: float | None = None, errors: Errors = "strict") -> None:
        """Decodes a .nac file to an audio file of the original's sample rate and length, 16-bit, mono.

        A file of an earlier revision of the preset is decoded with that one, where it is here.

        Args:
            source: path of the .nac file, a binary file object, or `-` for standard input.
            target: path of the audio file, whose extension chooses the format (.wav, .flac, .aiff, .au, .caf, .w64);
                a binary file object, or `-` for standard output, gets a WAV.
            native: keep the codec's 16 kHz instead of the original's sample rate.
            modules: how many modules of the file to decode; all by default.
            overwrite: whether an existing file may be replaced; its permissions stay.
            progress: called as progress(done, total), in samples at 16 kHz.
            tags: whether to write the tags that the file carries, where the target's format has room for them.
            start, stop: seconds, to decode a stretch only, as for `decode`.
            max_seconds: longest recording to write, as for `decode`; any length by default.
            errors: what to do with a damaged file, "strict" or "conceal", as for `decode`.

        Raises:
            NotANacFileError, NewerVersionError, DamagedFileError, TruncatedFileError: the file cannot be decoded.
            WrongPresetError: it needs another preset, or a revision of this one that is not here.
            StretchError: the recording has no such stretch.
            TooLongError: it is longer than `max_seconds`.
            AudioError: the target's extension or sample rate cannot be written.
            OutputExistsError: the target is there, or appears meanwhile, and `overwrite` is False.
            OutputError: the target cannot be written.
        """
        coding.decompress(self.preset, source, target, native=native, modules=modules, overwrite=overwrite,
                          progress=progress, tags=tags, start=start, stop=stop, max_seconds=max_seconds,
                          errors=errors)

    def encode(self, samples: ArrayLike, sample_rate: int, *, kbps: float | None = None, modules: int | None = None,
               progress: Progress | None = None, channel: Channel = "mix", normalize: bool = False) -> bytes:
        """Codes samples in memory.

        Args:
            samples: (n,) or (n, channels): floats in [-1, 1], or int16, int32 or uint8.
            sample_rate: in Hz.
            kbps, modules, channel, normalize: as for `compress`.
            progress: called as progress(done, total), in samples at 16 kHz.

        Returns:
            bytes, the content of a .nac file.

        Raises:
            AudioError: samples of a wrong kind, NaN or infinite.
            BitrateError: the preset is not made for that bitrate.
            ModulesError: the preset has not so many modules.

        Example:
            >>> data = codec.encode(samples, 44100)
            >>> decoded, sample_rate = codec.decode(data)
        """
        return coding.encode(self.preset, samples, sample_rate, kbps=kbps, modules=modules, progress=progress,
                             channel=channel, normalize=normalize)

    def decode(self, data: bytes, *, native: bool = False, modules: int | None = None,
               progress: Progress | None = None, start: float | None = None, stop: float | None = None,
               max_seconds: float | None = MAX_SECONDS, errors: Errors = "strict") -> tuple[NDArray[np.float32], int]:
        """Decodes what `encode` or `compress` wrote, with this preset or an earlier revision of it that is here, too.

        Args:
            data: bytes of a .nac file.
            native: keep the codec's 16 kHz instead of the original's sample rate.
            modules: how many modules of the file to decode; all by default.
            progress: called as progress(done, total), in samples at 16 kHz.
            start, stop: seconds; only the stretch between them is decoded, wherever it lies, with some frames before
                it. It is the slice round(start * rate) to round(stop * rate) of the whole, to 1e-4. Other parts of the
                file are not looked at: they may be damaged.
            max_seconds: longest recording, or stretch, to decode to memory; an hour by default, None for any. A file
                of a few bytes can announce a recording of any length. Above 48 kHz it is less, in proportion.
            errors: what to do with a damaged file. "strict" raises; "conceal" decodes what is whole, fills in what is
                damaged, leaves out what is missing at the end, and tells with a `DamageWarning`, whose `stretches` are
                those times in seconds. A damaged header is replaced by its copy at the end of the file.

        Returns:
            (samples, sample_rate): float32 (n,) in [-1, 1] with the original's length, and its rate in Hz.

        Raises:
            NotANacFileError, NewerVersionError, DamagedFileError, TruncatedFileError: the data cannot be decoded.
            WrongPresetError: it needs another preset, or a revision of this one that is not here.
            StretchError: the recording has no such stretch.
            TooLongError: it is longer than `max_seconds`.

        Example:
            >>> samples, sample_rate = codec.decode(data, start=60, stop=62.5)
        """
        return coding.decode(self.preset, data, native=native, modules=modules, progress=progress, start=start,
                             stop=stop, max_seconds=max_seconds, errors=errors)

    def strip(self, data: bytes, *, modules: int) -> bytes:
        """A .nac file without its last modules; decoding it gives what `decode(data, modules=...)` gives.

        Nothing is decoded: bytes are left out. (`neuralcodec strip` does it without loading a preset.)

        Args:
            data: bytes of a .nac file.
            modules: how many modules to keep.

        Returns:
            bytes of a .nac file.

        Raises:
            ModulesError: the file has not so many modules.
            NotANacFileError, NewerVersionError, DamagedFileError, TruncatedFileError: the data cannot be read.

        Example:
            >>> small = codec.strip(codec.encode(samples, 16000), modules=1)
        """
        return edit.strip(data, modules)

    def stream_encoder(self, *, frames_per_packet: int = 1, modules: int | None = None,
                       fec: bool = False) -> StreamEncoder:
        """Codes live speech into packets, each of which decodes by itself; see docs/streaming.md.

        Args:
            frames_per_packet: 1, 2 or 3 frames of 20 ms. Longer packets cost fewer bits, and delay speech longer.
            modules: how many modules of the cascade code; all by default.
            fec: whether each packet also carries the side information and the first module of the one before it, so
                that a single loss is hardly heard; it costs about as many bits again as these.

        Returns:
            StreamEncoder: `push(samples)` and `flush()` return lists of packets (bytes); `reset()`, `header`, `delay`.

        Raises:
            StreamError: another number of frames.
            ModulesError: the preset has not so many modules.

        Example:
            >>> encoder, decoder = codec.stream_encoder(), codec.stream_decoder()
            >>> for packet in encoder.push(samples):
            ...     play(decoder.push(packet))
        """
        from neuralcodec.coding.stream import StreamEncoder

        return StreamEncoder(self.preset, frames_per_packet, modules, fec)

    def stream_decoder(self, header: bytes | None = None) -> StreamDecoder:
        """Decodes the packets of a `stream_encoder`, and fills the gaps of lost ones.

        Args:
            header: `header` of the encoder, where it came along: then another preset is noticed.

        Returns:
            StreamDecoder: `push(packet)` returns samples, float32 (n,) at 16 kHz; `push(None)` stands for a packet that
            was lost; `flush()`, `reset()`.

        Raises:
            WrongPresetError: the stream needs another preset, or other weights of this one.
            NotAStreamError, NewerVersionError, DamagedFileError: the header is none that can be read.
        """
        from neuralcodec.coding.stream import StreamDecoder

        return StreamDecoder(self.preset, header)

    def finetune(self, data: StrPath | Sequence[StrPath] | Sequence[NDArray[Any]], *, epochs: int = 3,
                 minutes: float | None = None,
                 validation_data: StrPath | Sequence[StrPath] | Sequence[NDArray[Any]] | None = None,
                 freeze: str | Sequence[str] = (), learning_rate: float = 2e-4, batch_size: int = 12,
                 callbacks: Sequence[Any] = (), distribution: Any = None, name: str | None = None, seed: int = 1,
                 verbose: bool = True, speech: dict[str, Any] | None = None) -> FinetuneHistory:
        """Goes on training the preset with one's own speech; from then on this codec has the tuned weights.

        The bitrate stays: files of the held-back speech cost what they cost before, within 3 %. (A speaker's may cost
        more or less than the nominal rate, and go on doing so.) Before and after, the preset is measured on the same
        speech, from real files. If it did not get better, by PESQ where the package `pesq` is installed, else by mel
        distance, the codec stays as it is. Ctrl-C ends the training early and keeps the best weights so far; a second
        one leaves.

        Args:
            data: folder of recordings (searched recursively), list of files, or list of arrays (n,) at 16 kHz, floats
                in [-1, 1] or int16; at least 30 s of speech, better some minutes.
            epochs: of as many random clips of 0.6 s as would fill the speech six times, at least 50 steps.
            minutes: train so long instead; measuring and writing come on top.
            validation_data: what the preset is measured on, as `data`; never trained on. By default a tenth of the
                speech is held back.
            freeze: parts that keep their weights: "lpc", "module_0", "module_1", ..., and "noise" where the preset adds
                it. Modules after the first learn only where the first does not. Nested modules learn together; their
                parts are "lpc", "encoder", "steps", "bins", "decoder", "noise", "entropy_0", ....
            learning_rate: at its highest, after a short warm-up; from there it falls along a cosine.
            batch_size: clips a step.
            callbacks: Keras callbacks. Logs have loss, mel, weighted, disturbance, intelligibility, similarity, noise,
                kbps, rate_weight, and valid_kbps, valid_si_sdr, valid_pesq of the held-back speech, at the bitrate that
                it had before: the best epoch is the best at that. Of nested modules there are kbps_1, ... of each
                prefix, and quality is the mean over the prefixes.
            distribution: `keras.distribution.DataParallel` (JAX) or `tf.distribute.MirroredStrategy` (TensorFlow), to
                share each batch among several devices.
            name: of the tuned preset; by default the old one's with `-tuned` behind it. It stands in every file.
            seed: of the random clips.
            verbose: whether to print progress and figures to standard error.
            speech: what the model card is to say of the speech, and the licence that the tuned preset is to have, such
                as {"languages": ["de"], "hours": 1.5, "licence": "CC-BY-4.0"}, see `neuralcodec.zoo.speech`. What is
                not given is not claimed.

        Returns:
            FinetuneHistory: `history`, a list per figure with a value per epoch, as in Keras; `before`, `after` and
            `gain`, the figures of the held-back speech; what was `skipped`; `prefixes`, the figures of each number of
            modules where they are nested.

        Raises:
            TrainingDataError: too little speech, silence, or nothing that can be read.
            NotBetterError: the tuned preset is not better than the old one; its `history` tells by how much.
            ConfigError: `freeze`, `distribution`, `speech` or another setting cannot be used.
            MissingDependencyError: Keras is not installed: `pip install 'neuralcodec[train]'`.

        Example:
            >>> history = codec.finetune("my_recordings/", epochs=3)
            >>> history.before["pesq"], history.after["pesq"]
            (3.71, 3.82)
            >>> codec.save_pretrained("cq-24k-mine")
        """
        from neuralcodec.training.quiet import import_keras

        import_keras()
        from neuralcodec.training.finetune import finetune

        self.preset, history = finetune(
            self.preset, data, epochs=epochs, minutes=minutes, validation_data=validation_data, freeze=freeze,
            learning_rate=learning_rate, batch_size=batch_size, callbacks=callbacks, distribution=distribution,
            name=name, seed=seed, verbose=verbose, speech=speech)
        return history

    def export(self, format: Literal["onnx", "litert"], directory: StrPath, *,
               progress: Progress | None = None) -> None:
        """Writes the preset's networks as step graphs for other runtimes: a browser, a phone (see `docs/export.md`).

        A graph takes a frame of 20 ms and states in, and gives a frame and the new states out. LPC, entropy coder and
        container stay with who runs them; what these need of the preset is written, too.

        Args:
            format: "onnx" for ONNX Runtime, "litert" for LiteRT (TensorFlow Lite).
            directory: the folder to write; it is there completely or not at all.
            progress: called as progress(done, total), in graphs.

        Raises:
            ConfigError: there is no such format.
            MissingDependencyError: a package is missing: `pip install 'neuralcodec[export]'` for ONNX,
                `pip install 'neuralcodec[train]'` for LiteRT.
            OutputExistsError: the folder is there, with something in it.
            OutputError: it cannot be written.

        Example:
            >>> codec.export("onnx", "cq-24k-onnx")
        """
        from neuralcodec.export.folder import export

        export(self.preset, format, directory, progress)

    def save_pretrained(self, directory: StrPath, *, overwrite: bool = False) -> None:
        """Writes the preset to a folder that `from_pretrained` reads.

        Args:
            directory: the folder; it is there completely or not at all.
            overwrite: whether an existing preset may be replaced.

        Raises:
            OutputExistsError: the folder is there and `overwrite` is False, or it holds more than a preset.
        """
        copy_preset(self.preset, directory, overwrite)

    def push_to_hub(self, repo_id: str, *, private: bool = False, revision: str | None = None,
                    commit_message: str | None = None, create_pr: bool = False,
                    token: str | bool | None = None) -> str:
        """Uploads the preset to the Hugging Face Hub, with a model card written from its metadata.

        On the main branch it is tagged with the number of its revision, so that `user/name@1` finds it again.

        Args:
            repo_id: `user/name`, or `name` for the account that is logged in; created if it is not there.
            private: whether a new repository is for its owner only.
            revision: branch, created if it is not there; by default the main branch.
            commit_message: by default one that names the preset.
            create_pr: open a pull request against the main branch instead.
            token: access token; by default that of `hf auth login`.

        Returns:
            str, the address of the commit or pull request.

        Raises:
            PresetError: the preset has changed on disk since it was loaded.
            PresetNotFoundError: there is no such repository, and none can be created.
            HubError: the Hub cannot be reached, or refuses.

        Example:
            >>> codec.push_to_hub("user/my-codec")
            >>> Codec.from_pretrained("user/my-codec")
        """
        from neuralcodec.zoo.hub import upload_preset

        return upload_preset(self.preset, repo_id, private=private, revision=revision, commit_message=commit_message,
                             create_pr=create_pr, token=token)
