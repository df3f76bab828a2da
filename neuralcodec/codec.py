"""The public codec: a preset, and what one does with it."""

import io
import os
import warnings

import numpy as np

from neuralcodec.audio import SAMPLE_RATE, AudioSink, AudioSource, resample
from neuralcodec.audio.paths import open_nac, open_output, refuse_same
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.coding.file import check_preset, read_nac, write_nac
from neuralcodec.errors import AudioError, ConversionWarning
from neuralcodec.zoo.folder import copy_preset
from neuralcodec.zoo.presets import load_preset


class Codec:
    """A speech codec with the weights of one preset.

    Files are read and written piece by piece, so that an hour needs no more memory than a minute. An output is there
    completely or not at all, and one that exists is only replaced with `overwrite=True`. A `ConversionWarning` tells
    when a recording has to be mixed to mono or resampled to 16 kHz.

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

    def __init__(self, preset):
        self.preset = preset

    @classmethod
    def from_pretrained(cls, name_or_path, *, revision=None, cache_dir=None, token=None, local_files_only=False,
                        force_download=False):
        """Loads a preset.

        Args:
            name_or_path: name of a preset that comes with the package (see `neuralcodec.list_presets`), else a folder
                that `save_pretrained` wrote, else a repository on the Hugging Face Hub that `push_to_hub` wrote, such
                as `user/my-codec` or `hf://user/my-codec`. What follows is for the Hub.
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
            >>> Codec.from_pretrained("user/my-codec", revision="v1.0")
        """
        return cls(load_preset(name_or_path, revision=revision, cache_dir=cache_dir, token=token,
                               local_files_only=local_files_only, force_download=force_download))

    @property
    def name(self):
        """Name of the preset."""
        return self.preset.name

    @property
    def kbps(self):
        """Nominal bitrate: what files of read speech cost on average. The rate of a single file varies."""
        return self.preset.metadata["kbps"]

    @property
    def sample_rate(self):
        """Sample rate at which speech is coded, in Hz."""
        return SAMPLE_RATE

    def __repr__(self):
        return f"Codec({self.name!r}, {self.kbps:g} kbps)"

    def compress(self, source, target, *, kbps=None, overwrite=False, progress=None):
        """Codes an audio file.

        Args:
            source: path of an audio file of any sample rate and channel count (mixed to mono), a binary file object,
                or `-` for standard input.
            target: path of the .nac file, a binary file object, or `-` for standard output.
            kbps: bitrate that the file is to have, 0.75 to 1.25 times the preset's; by default it varies from file to
                file around the preset's. It takes several passes, and is met within 2 % from 5 s of speech on.
            overwrite: whether an existing file may be replaced.
            progress: called as progress(done, total), in samples at 16 kHz.

        Raises:
            AudioError: the source is missing, empty or not audio, or holds NaN or infinite samples.
            BitrateError: the preset is not made for that bitrate.
            OutputExistsError: the target is there and `overwrite` is False.
        """
        refuse_same(source, target)
        with AudioSource(source) as audio, open_output(target, overwrite) as file:
            name = f"'{source}'" if isinstance(source, (str, os.PathLike)) else "The stream"
            _convert_visibly(audio, name)
            write_nac(self.preset, audio, file, kbps, progress)

    def decompress(self, source, target, *, native=False, overwrite=False, progress=None):
        """Decodes a .nac file to an audio file of the original's sample rate and length, 16-bit, mono.

        Args:
            source: path of the .nac file, a binary file object, or `-` for standard input.
            target: path of the audio file, whose extension chooses the format (.wav, .flac, .aiff, .au, .caf, .w64),
                or `-` for a WAV to standard output.
            native: keep the codec's 16 kHz instead of the original's sample rate.
            overwrite: whether an existing file may be replaced.
            progress: called as progress(done, total), in samples at 16 kHz.

        Raises:
            NotANacFileError, NewerVersionError, DamagedFileError, TruncatedFileError: the file cannot be decoded.
            WrongPresetError: it needs another preset, or other weights of this one.
            AudioError: the target's extension or sample rate cannot be written.
            OutputExistsError: the target is there and `overwrite` is False.
        """
        with open_nac(source) as file:
            reader = ContainerReader(file)
            header = reader.header
            check_preset(self.preset, header)
            rate, num_samples = header.sample_rate, header.num_samples
            if native:
                rate, num_samples = SAMPLE_RATE, header.num_samples_16k
            if str(target) == "-":  # what went into a pipe cannot be taken back: first see that the file is whole
                for _ in reader:
                    pass
            with AudioSink(target, rate, num_samples, overwrite) as sink:
                for samples in read_nac(self.preset, reader, progress):
                    sink.write(samples)

    def encode(self, samples, sample_rate, *, kbps=None, progress=None):
        """Codes samples in memory.

        Args:
            samples: (n,) or (n, channels): floats in [-1, 1], or int16, int32 or uint8.
            sample_rate: in Hz.
            kbps: as for `compress`.
            progress: called as progress(done, total), in samples at 16 kHz.

        Returns:
            bytes, the content of a .nac file.

        Raises:
            AudioError: samples of a wrong kind, NaN or infinite.
            BitrateError: the preset is not made for that bitrate.

        Example:
            >>> data = codec.encode(samples, 44100)
            >>> decoded, sample_rate = codec.decode(data)
        """
        file = io.BytesIO()
        try:
            samples = np.asarray(samples)
        except ValueError as error:  # rows of different lengths
            raise AudioError("The samples cannot be coded: give an array (n,) or (n, channels).") from error
        with AudioSource(samples, sample_rate) as audio:
            _convert_visibly(audio, "The recording")
            write_nac(self.preset, audio, file, kbps, progress)
        return file.getvalue()

    def decode(self, data, *, native=False, progress=None):
        """Decodes what `encode` or `compress` wrote.

        Args:
            data: bytes of a .nac file.
            native: keep the codec's 16 kHz instead of the original's sample rate.
            progress: called as progress(done, total), in samples at 16 kHz.

        Returns:
            (samples, sample_rate): float32 (n,) in [-1, 1] with the original's length, and its rate in Hz.

        Raises:
            NotANacFileError, NewerVersionError, DamagedFileError, TruncatedFileError: the data cannot be decoded.
            WrongPresetError: it needs another preset, or other weights of this one.
        """
        reader = ContainerReader(io.BytesIO(data))
        header = reader.header
        check_preset(self.preset, header)
        samples = np.concatenate([np.zeros(0, np.float32), *read_nac(self.preset, reader, progress)])
        samples = np.clip(samples, -1.0, 1.0)
        if native:
            return samples, SAMPLE_RATE
        samples = resample(samples, SAMPLE_RATE, header.sample_rate)
        samples = np.pad(samples[:header.num_samples], (0, max(0, header.num_samples - len(samples))))
        return np.clip(samples, -1.0, 1.0), header.sample_rate

    def finetune(self, data, *, epochs=3, minutes=None, validation_data=None, freeze=(), learning_rate=2e-4,
                 batch_size=12, callbacks=(), distribution=None, name=None, seed=1, verbose=True):
        """Goes on training the preset with one's own speech; from then on this codec has the tuned weights.

        The bitrate stays: files of the held-back speech cost what they cost before, within 3 %. (A speaker's may cost
        more or less than the nominal rate, and go on doing so.) The same speech judges the preset before and after,
        from real files: by PESQ where the package `pesq` is installed, else by mel distance. If it did not get better,
        the codec stays as it is. Ctrl-C ends the training early and keeps the best weights so far; a second one leaves.

        Args:
            data: folder of recordings (searched recursively), list of files, or list of arrays (n,) at 16 kHz, floats
                in [-1, 1] or int16; at least 30 s of speech, better some minutes.
            epochs: of as many random clips of 0.6 s as would fill the speech six times, at least 50 steps.
            minutes: train so long instead; measuring and writing come on top.
            validation_data: what judges, as `data`; never trained on. By default a tenth of the speech is held back.
            freeze: parts that keep their weights: "lpc", "module_0", "module_1", ..., and "noise" where the preset adds
                it. Modules after the first learn only where the first does not.
            learning_rate: at its highest, after a short warm-up; from there it falls along a cosine.
            batch_size: clips a step.
            callbacks: Keras callbacks. Logs have loss, mel, weighted, disturbance, intelligibility, noise, kbps,
                rate_weight, and valid_kbps, valid_si_sdr, valid_pesq of the held-back speech, at the bitrate that it
                had before: the best epoch is the best at that.
            distribution: `keras.distribution.DataParallel` (JAX) or `tf.distribute.MirroredStrategy` (TensorFlow), to
                share each batch among several devices.
            name: of the tuned preset; by default the old one's with `-tuned` behind it. It stands in every file.
            seed: of the random clips.
            verbose: whether to print progress and figures to standard error.

        Returns:
            FinetuneHistory: `history`, a list per figure with a value per epoch, as in Keras; `before`, `after` and
            `gain`, the figures of the held-back speech; what was `skipped`.

        Raises:
            TrainingDataError: too little speech, silence, or nothing that can be read.
            NotBetterError: the tuned preset is not better than the old one; its `history` tells by how much.
            ConfigError: `freeze`, `distribution` or another setting cannot be used.

        Example:
            >>> history = codec.finetune("my_recordings/", epochs=3)
            >>> history.before["pesq"], history.after["pesq"]
            (3.71, 3.82)
            >>> codec.save_pretrained("cq-24k-mine")
        """
        from neuralcodec.training.finetune import finetune

        self.preset, history = finetune(
            self.preset, data, epochs=epochs, minutes=minutes, validation_data=validation_data, freeze=freeze,
            learning_rate=learning_rate, batch_size=batch_size, callbacks=callbacks, distribution=distribution,
            name=name, seed=seed, verbose=verbose)
        return history

    def save_pretrained(self, directory, *, overwrite=False):
        """Writes the preset to a folder that `from_pretrained` reads.

        Args:
            directory: the folder; it is there completely or not at all.
            overwrite: whether an existing preset may be replaced.

        Raises:
            OutputExistsError: the folder is there and `overwrite` is False, or it holds more than a preset.
        """
        copy_preset(self.preset, directory, overwrite)

    def push_to_hub(self, repo_id, *, private=False, revision=None, commit_message=None, create_pr=False, token=None):
        """Uploads the preset to the Hugging Face Hub, with a model card written from its metadata.

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


def _convert_visibly(audio, name):
    """Warns of what a recording loses on its way to 16 kHz mono, beyond what coding costs."""
    changes = []
    if audio.channels > 1:
        changes.append(f"has {audio.channels} channels (mixed to one)")
    if audio.sample_rate != SAMPLE_RATE:
        changes.append(f"is resampled from {audio.sample_rate} to {SAMPLE_RATE} Hz")
    if audio.truncated:
        changes.append(f"ends after {audio.num_samples / audio.sample_rate:.3f} s, before its header says")
    if changes:
        warnings.warn(f"{name} {' and '.join(changes)}.", ConversionWarning, stacklevel=3)
