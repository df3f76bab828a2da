"""The presets that come with the package keep what they promise."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import correlate, firwin, stft

from neuralcodec import Codec, list_presets
from neuralcodec.assets import demo_clip
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.payloads import ideal_bits
from neuralcodec.runtime.nested_encoder import make_encoder
from neuralcodec.runtime.noise_substitution import NoiseSubstitution
from neuralcodec.zoo.bundled import bundled_directory
from neuralcodec.zoo.card import model_card
from neuralcodec.zoo.figures import judges
from neuralcodec.zoo.folder import CARD, CONFIG, METADATA, TABLES, WEIGHTS
from neuralcodec.zoo.metadata import is_nested, limits, lineage
from neuralcodec.zoo.speech import training_speech

RESULTS = Path(__file__).parents[2] / "docs" / "results.md"


def test_presets_are_whole_and_small():
    assert "cq-24k" in list_presets()
    for name in list_presets():
        preset = Codec.from_pretrained(name).preset
        assert preset.name == name and preset.directory == bundled_directory() / name
        assert preset.metadata["parameters"] <= 1_000_000
        assert preset.metadata["delay_ms"] == preset.config.delay / 16 <= 60
        assert preset.metadata["license"] == "CC-BY-4.0"
        assert (preset.directory / WEIGHTS).stat().st_size <= 4e6
        assert len(preset.config.modules) >= 2


def test_an_impulse_comes_out_within_the_stated_delay(impulse_delay):
    for name in list_presets():
        preset = Codec.from_pretrained(name).preset
        delays = [impulse_delay(preset, place) for place in range(3200, 3520, 80)]
        assert max(delays) == preset.metadata["delay_ms"] * 16 <= 960


def test_decoded_speech_is_not_shifted(clip):
    samples = clip[0][:64000]  # at 16 kHz
    for name in list_presets():
        codec = Codec.from_pretrained(name)
        decoded, _ = codec.decode(codec.encode(samples, 16000))
        assert correlate(decoded, samples, method="fft").argmax() == len(samples) - 1, name  # a lag of 0


def high_bands(samples):
    """dB per 20 ms and 500 Hz above 4 kHz, (K, 8)."""
    _, _, spectrum = stft(samples, 16000, nperseg=320, noverlap=0)
    return 10 * np.log10(np.mean(np.square(np.abs(spectrum[80:160])).reshape(8, 10, -1), axis=1).T + 1e-12)


def test_with_noise_the_high_bands_are_as_loud_as_in_the_original(clip, monkeypatch):
    samples = clip[0][:64000]
    for name in list_presets():
        codec = Codec.from_pretrained(name)
        data = codec.encode(samples, 16000)
        with_noise, _ = codec.decode(data)
        with monkeypatch.context() as patch:
            patch.setattr(NoiseSubstitution, "levels", lambda self, t, _: np.zeros((len(t), 16 - self.first_band)))
            without, _ = codec.decode(data)
        louder, less = (np.mean(high_bands(decoded) - high_bands(samples)) for decoded in (with_noise, without))
        assert -0.6 < louder < 0.6 and less < louder - 0.1, name


def test_no_noise_where_there_was_no_sound(clip):
    samples = clip[0][:64000]
    telephone = np.convolve(samples, firwin(801, 3400, fs=16000), "same").astype("float32")
    original = np.mean(10 ** (high_bands(samples) / 10))
    for name in list_presets():
        codec = Codec.from_pretrained(name)
        decoded, _ = codec.decode(codec.encode(telephone, 16000))
        assert np.mean(10 ** (high_bands(decoded)[:, 1:] / 10)) < 1e-3 * original, name


def test_folders_hold_what_the_wheel_carries():
    for name in list_presets():
        folder = bundled_directory() / name
        assert sorted(path.name for path in folder.iterdir()) == sorted([CARD, CONFIG, METADATA, TABLES, WEIGHTS])
        assert json.loads((folder / CONFIG).read_text())["modules"]


def test_cards_say_what_was_measured():
    for name in list_presets():
        metadata = json.loads((bundled_directory() / name / METADATA).read_text())
        assert {"pesq", "stoi", "estoi", "si_sdr", "kbps"} <= set(metadata["evaluation"][name])
        assert set(metadata["off_speech"]) == {"white noise", "struck chords"}
        assert (bundled_directory() / name / CARD).read_text() == model_card(metadata)


def test_cards_say_where_a_preset_comes_from_and_what_it_cannot_do():
    notice, results = (bundled_directory() / "LICENSE").read_text(), RESULTS.read_text(encoding="utf-8")
    for name in list_presets():
        metadata = json.loads((bundled_directory() / name / METADATA).read_text())
        card = (bundled_directory() / name / CARD).read_text()
        for run in lineage(metadata):
            assert f"| `{run['run']}` | {run['start']} |" in card
        if not is_nested(metadata):
            assert lineage(metadata)[-1]["run"] == name
        assert lineage(metadata)[0]["start"].startswith("scratch")
        assert "ViSQOL" in card and "DistillMOS" in card and all(f"- {limit}\n" in card for limit in limits(metadata))
        if not is_nested(metadata):
            assert any("second module carries hardly any bits" in limit for limit in limits(metadata))
        config = json.loads((bundled_directory() / name / CONFIG).read_text())
        assert ("above 2.5 kHz" in card) == (config["modules"][0].get("coded_below") == 2500)
        naturalness = next(judge for judge in judges(metadata) if judge["metric"] == "DistillMOS")["values"]
        for codec, value in naturalness.items():
            assert re.search(rf"^\| {codec} \| 24 \| .* \| {value:.2f} ± ", results, re.MULTILINE), codec
        for corpus in training_speech(metadata)["corpora"]:
            assert f"- {corpus['name']}, {corpus['attribution']}" in card and corpus["name"].split()[0] in notice
        assert "Weights: CC-BY-4.0." in card and "language:\n- en\n- zh\n" in card


def test_the_rate_that_training_estimates_is_that_of_the_files():
    """On speech of average rate; headers and a coder's rounding are in the files alone."""
    from neuralcodec.model.cascade import Cascade
    from neuralcodec.model.nested import NestedCascade
    from neuralcodec.training.table_fitting import nominal_tables

    samples, rate = soundfile.read(demo_clip())
    for name in list_presets():
        preset = Codec.from_pretrained(name).preset
        cascade = (NestedCascade if is_nested(preset.metadata) else Cascade)(preset.config)
        cascade.load_weights(preset.directory / WEIGHTS)
        encoder = make_encoder(preset.config, preset.weights)
        frames = Frames.concatenate([encoder.push(samples), encoder.finish()])
        estimate = ideal_bits(frames, nominal_tables(cascade)).sum() / 8
        assert len(Codec(preset).encode(samples, rate)) == pytest.approx(estimate, rel=0.03)
