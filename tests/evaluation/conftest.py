"""A signal that behaves like speech where recordings would be too large to keep, and a report made of it."""

from types import SimpleNamespace

import numpy as np
import pytest
import soundfile


@pytest.fixture(scope="session")
def speech():
    """Three seconds of a synthetic voice: a gliding pulse train through three gliding formants, in syllables."""
    rng = np.random.default_rng(0)
    time = np.arange(48000) / 16000
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * time)
    phase = np.cumsum(pitch) / 16000
    harmonics = np.arange(1, 50)[:, None]
    level = np.zeros((49, 48000))
    for centre, width, swing in ((600, 120, 200), (1400, 160, 400), (2700, 250, 300)):
        formant = centre + swing * np.sin(2 * np.pi * 1.3 * time + centre)
        level += 1 / (1 + ((harmonics * pitch - formant) / width) ** 2)
    voice = (level * np.sin(2 * np.pi * harmonics * phase)).sum(0)
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * time) + 0.3, 0, None)
    samples = voice * syllables + 0.02 * rng.standard_normal(48000)
    return (0.5 * samples / np.abs(samples).max()).astype(np.float32)


class Coarse:
    """A codec that takes no time: so many bits a sample, and a header that every file shares."""

    def __init__(self, name, bits):
        self.name, self._bits = name, bits
        self.preset = SimpleNamespace(hash=bytes(range(32)))

    def compress(self, path_in, path_nac):
        samples, _ = soundfile.read(path_in, dtype="float32")
        scale = 2 ** (self._bits - 1) - 1
        np.save(path_nac.with_suffix(".npy"), np.rint(samples * scale) / scale)
        path_nac.write_bytes(bytes(len(samples) * self._bits // 8))

    def decompress(self, path_nac, path_wav):
        soundfile.write(path_wav, np.load(path_nac.with_suffix(".npy")), 16000)


@pytest.fixture(scope="session")
def coarse():
    """Makes such a codec: coarse("cq-24k", 6)."""
    return Coarse


@pytest.fixture(scope="session")
def labelled_folder(tmp_path_factory, speech):
    """Four short recordings of a man, a woman and a child, in folders that a speakers.tsv above them knows."""
    folder = tmp_path_factory.mktemp("speech")
    for number, place in enumerate(("reading/ann/1", "reading/ann/2", "reading/bob/<b>", "phones/kim/1")):
        path = folder / "valid" / f"{place}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, speech[4000 * number:4000 * number + 24000], 16000)
    (folder / "speakers.tsv").write_text("corpus\tspeaker\tgender\tage\nreading\tann\tf\t?\nreading\tbob\tm\t40\n"
                                         "elsewhere\tkim\tm\t50\nphones\tkim\tf\t9\n")
    return folder / "valid"


@pytest.fixture(scope="session")
def report(labelled_folder, coarse):
    """A report on that folder, by two presets and two peers, with metrics that are quick."""
    from neuralcodec.audio.recordings import audio_files
    from neuralcodec.evaluation import report as reporting
    from neuralcodec.evaluation.peers import amr_wb, opus

    codecs = [coarse("cq-24k", 6), coarse("x<i>y-9k", 3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "METRICS", ("pesq", "si_sdr"))
        return reporting.measure(labelled_folder, audio_files(labelled_folder), codecs, [opus(9), amr_wb(8.85)])
