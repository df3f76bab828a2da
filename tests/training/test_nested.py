"""Training of a nested cascade: from a configuration to the presets of its prefixes; rates; resuming."""

import copy
import json
import shutil

import numpy as np
import pytest

from neuralcodec.coding.file import decode, encode
from neuralcodec.errors import ConfigError, OutputExistsError
from neuralcodec.training.checkpoint import CHECKPOINT, Progress
from neuralcodec.training.nested_config import NestedTrainingConfig, find_config
from neuralcodec.training.prefixes import first_modules
from neuralcodec.training.train import train_presets
from neuralcodec.zoo.figures import measured_figures, prefix_figures, prefix_rates

TOY = {
    "name": "toy", "batch_size": 2, "clip_frames": 20, "epoch_steps": 2,
    "model": {"lpc": "trained", "hop": 160, "encoder_width": 8, "decoder_width": 8, "control_width": 8, "step_width": 8,
              "modules": [{"coded_below": 4000, "context_width": 8}, {"coded_below": 8000, "context_width": 8}]},
    "phases": [
        {"name": "module 0", "steps": 4, "prefixes": [1], "kbps": [12], "rate_weight": [0.05], "warmup": 0},
        {"name": "joint", "steps": 4, "prefixes": [0.5, 0.5], "kbps": [12, 24], "warmup": 0, "adversarial": 0.03}],
    "presets": [{"name": "toy-one", "description": "A toy", "modules": 1, "kbps": 14},
                {"name": "toy-two", "description": "A toy", "modules": 2, "kbps": 30, "revision": 2}],
}


@pytest.fixture(scope="module")
def configuration(tmp_path_factory):
    path = tmp_path_factory.mktemp("configs") / "toy.json"
    path.write_text(json.dumps(TOY))
    return path


@pytest.fixture(scope="module")
def toy(configuration, speech_folder, tmp_path_factory):
    """(folder of a run, its presets)"""
    folder = tmp_path_factory.mktemp("nested") / "run"
    return folder, train_presets(configuration, speech_folder, folder, verbose=False)


def test_a_run_leaves_a_preset_for_each_prefix(toy, speech_folder):
    folder, presets = toy
    assert [preset.name for preset in presets] == ["toy-one", "toy-two"]
    assert [len(preset.config.modules) for preset in presets] == [1, 2]
    assert all((folder / preset.name / "metadata.json").is_file() for preset in presets)
    speech = 0.1 * np.random.default_rng(1).standard_normal(16000)
    for preset in presets:
        decoded, rate = decode(preset, encode(preset, speech, 16000))
        assert decoded.shape == speech.shape and rate == 16000 and np.isfinite(decoded).all()


def test_each_preset_tells_what_it_reaches_on_held_back_speech(toy):
    for preset in toy[1]:
        figures = measured_figures(preset.metadata)[preset.name]
        assert figures["clips"] == 2 and np.isfinite(figures["pesq"]).all() and figures["kbps"][0] > 0


def test_each_preset_tells_what_its_prefixes_cost_and_reach(toy):
    one, two = (preset.metadata for preset in toy[1])
    assert prefix_figures(one) == [] and prefix_rates(one) == [14]
    first, both = prefix_figures(two)
    assert both == measured_figures(two)["toy-two"] and set(first) == set(both) and first["clips"] == 2
    assert prefix_rates(two) == pytest.approx([30 * first["kbps"][0] / both["kbps"][0], 30])
    assert "toy-two (1 module)" not in two["evaluation"]
    assert (two["revision"], "revision" in one) == (2, False)


def test_the_log_has_the_rates_of_all_prefixes(toy):
    folder, _ = toy
    header, *rows = (line.split(",") for line in (folder / "log.csv").read_text().splitlines())
    assert len(rows) == 4 and [row[0] for row in rows] == ["module 0"] * 2 + ["joint"] * 2
    rates = [(row[header.index("kbps_1")], row[header.index("kbps_2")]) for row in rows]
    assert rates[0][1] == "" and 0 < float(rates[-1][0]) < float(rates[-1][1])


def test_a_finished_run_is_not_begun_again(toy, configuration, speech_folder):
    folder, _ = toy
    with pytest.raises(OutputExistsError, match="holds a run already"):
        train_presets(configuration, speech_folder, folder, verbose=False)
    with pytest.raises(OutputExistsError, match="is a file"):
        train_presets(configuration, speech_folder, configuration, verbose=False)


def test_a_run_goes_on_where_it_stopped(toy, configuration, speech_folder, tmp_path):
    folder, presets = toy
    shutil.copytree(folder, tmp_path / "run")
    progress = Progress.read(folder)
    assert progress.phase == 2 and len(progress.rate_weight) == 2
    again = train_presets(configuration, speech_folder, tmp_path / "run", resume=True, verbose=False)
    assert [preset.hash for preset in again] == [preset.hash for preset in presets]


def test_the_first_modules_decode_as_within_the_whole(toy):
    import keras

    from neuralcodec.model.nested import NestedCascade

    cascade = NestedCascade(NestedTrainingConfig.from_dict(TOY).model)
    cascade.load_weights(toy[0] / CHECKPOINT)
    x, prefix = 0.1 * keras.random.normal((1, 6400), seed=1), keras.ops.ones((1,), "int32")
    whole, part = cascade(x, prefix)["decoded"], first_modules(cascade, 1)(x, prefix)["decoded"]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(part), keras.ops.convert_to_numpy(whole), atol=1e-5)


@pytest.mark.parametrize("lpc", ["trained", "fixed"])
def test_a_run_of_fewer_modules_starts_from_a_checkpoint(toy, lpc, speech_folder, tmp_path):
    folder, presets = toy
    data = {**copy.deepcopy(TOY), "start": str(folder / CHECKPOINT), "presets": TOY["presets"][:1],
            "phases": [{**TOY["phases"][0], "steps": 1, "learning_rate": 1e-9, "final_learning_rate": 1e-9}]}
    data["model"]["lpc"], data["model"]["modules"] = lpc, TOY["model"]["modules"][:1]
    (tmp_path / "one.json").write_text(json.dumps(data))
    preset, = train_presets(tmp_path / "one.json", speech_folder, tmp_path / "run", verbose=False)
    assert set(preset.weights) == set(presets[0].weights)
    calibrated = ("log_step", "lsf_quantizer") if lpc == "fixed" else ("log_step",)
    for name, array in presets[0].weights.items():
        if not any(part in name for part in calibrated):
            np.testing.assert_allclose(preset.weights[name], array, rtol=2e-3, atol=1e-5, err_msg=name)  # float16
    assert len(np.unique(preset.weights["lsf_quantizer/log_step"])) == 1 or lpc == "trained"


@pytest.mark.parametrize("change", [{"decoder_width": 12}, {"modules": 3 * TOY["model"]["modules"][:1]}])
def test_a_run_starts_from_a_cascade_of_its_kind_only(toy, change, speech_folder, tmp_path):
    data = {**TOY, "model": {**TOY["model"], **change}, "start": str(toy[0] / CHECKPOINT)}
    (tmp_path / "other.json").write_text(json.dumps(data))
    with pytest.raises(ConfigError, match="cannot start from"):
        train_presets(tmp_path / "other.json", speech_folder, tmp_path / "run", verbose=False)
    (tmp_path / "other.json").write_text(json.dumps({**TOY, "start": "runs/none/checkpoint.weights.h5"}))
    with pytest.raises(ConfigError, match="which is not there"):
        train_presets(tmp_path / "other.json", speech_folder, tmp_path / "run", verbose=False)


@pytest.mark.parametrize("name, lpc", [("cascade", "trained"), ("cascade-cmrl", "fixed")])
def test_the_bundled_configurations_lead_to_presets_of_three_rates(name, lpc):
    config = find_config(name)
    assert config.model.lpc == lpc and len(config.model.modules) == 3
    assert [(preset.modules, preset.kbps) for preset in config.presets] == [(3, 24), (3, 20), (2, 16)]
    assert NestedTrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("place, value, message", [
    (("phases", 0, "kbps"), [12, 24], "a share and a bitrate for each"),
    (("phases", 1, "prefixes"), [1, 1, 1], "1 to 2 prefixes"),
    (("phases", 1, "prefixes"), [0, 0], "some share, bitrates"),
    (("phases", 0, "learning_rate"), 0, "a learning rate above 0"),
    (("phases", 0, "steps"), "4", "'steps' must be a whole number"),
    (("phases", 0, "pace"), 0.1, "'pace' must be an object"),
    (("phases", 0, "pace"), {"decodr": 0}, "did you mean 'decoder'"),
    (("speech",), {"corpora": 1}, "corpora"),
    (("phases", 1, "steps"), 0, "at least one step"),
    (("phases", 0, "rate_weight"), [], "rate_weight"),
    (("phases", 0, "speed"), 1, "'speed'"),
    (("presets", 0, "modules"), 3, "1 to 2 modules"),
    (("presets", 0, "name"), "a/b/c", "letters"),
    (("presets", 0, "kbps"), 0, "kbps and revision must be above 0"),
    (("presets", 0, "revision"), 0, "kbps and revision must be above 0"),
    (("presets", 0, "revision"), "2", "'revision' must be a whole number"),
    (("presets",), [], "presets"),
    (("model", "hop"), 320, "hop"),
    (("colour",), 1, "'colour'"),
])
def test_wrong_settings_are_refused(place, value, message):
    data = copy.deepcopy(TOY)
    target = data
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    with pytest.raises(ConfigError, match=message):
        NestedTrainingConfig.from_dict(data)
