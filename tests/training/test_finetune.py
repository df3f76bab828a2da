"""Fine-tuning: one short run, interrupted in its last epoch, and everything that is refused before it starts."""
import gc
import json
import signal

import keras
import numpy as np
import pytest
from nested_cascades import SMALL

from neuralcodec import Codec
from neuralcodec.architecture.nested import NestedConfig, NestedModule
from neuralcodec.bitstream.nested_payload import refined
from neuralcodec.errors import ConfigError, NotBetterError
from neuralcodec.model.nested import NestedCascade
from neuralcodec.training import finetune
from neuralcodec.training.calibration import symbols_of
from neuralcodec.training.comparison import code_and_score, means
from neuralcodec.training.finetune import Trained
from neuralcodec.training.nested_trainer import LEAST_WEIGHT
from neuralcodec.training.table_fitting import nominal_tables
from neuralcodec.training.tunable import tunable
from neuralcodec.training.user_speech import read_user_speech
from neuralcodec.zoo.figures import measured_figures
from neuralcodec.zoo.folder import CARD, FILES, METADATA, save_preset
from neuralcodec.zoo.metadata import base_model
from neuralcodec.zoo.presets import load_preset

STEPS = 40  # of an epoch, in calls of 10


class PressCtrlC(keras.callbacks.Callback):
    """Interrupts the second epoch."""

    def __init__(self):
        super().__init__()
        self.calls, self.seen = 0, []

    def on_train_batch_end(self, batch, logs=None):
        self.calls += 1
        if self.calls == 5:
            signal.raise_signal(signal.SIGINT)

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(dict(logs))


@pytest.fixture(scope="module")
def base(make_preset, tmp_path_factory):
    """Its steps are so coarse that a short training gains a full point of PESQ: no rounding on any machine hides it."""
    return make_preset(tmp_path_factory.mktemp("presets") / "base", name="base", log_step=0.0)


def content(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def content_before(base):
    return content(base)


@pytest.fixture(scope="module")
def tuned(base, content_before, own_speech):
    """(codec, history, callback) of a run of two epochs at most, of which the second is cut off."""
    codec, callback = Codec.from_pretrained(base), PressCtrlC()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetune, "PASSES_PER_EPOCH", 0)
        patch.setattr(finetune, "MIN_EPOCH_STEPS", STEPS)
        patch.setattr(finetune, "RATE_BATCHES", 1)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            history = codec.finetune(own_speech, epochs=3, batch_size=2, learning_rate=2e-3, freeze="module_0",
                                     callbacks=[callback], speech={"languages": ["en"], "licence": "CC0-1.0"})
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        finally:
            signal.signal(signal.SIGINT, before)
    return codec, history, callback


def test_it_gets_better_at_the_same_rate(tuned):
    _, history, _ = tuned
    assert history.after["pesq"] > history.before["pesq"]
    assert history.after["kbps"] == pytest.approx(history.before["kbps"], rel=0.03)
    mean, low, high = history.gain["pesq"]
    assert mean == pytest.approx(history.after["pesq"] - history.before["pesq"]) and low <= mean <= high
    assert history.pieces == 1 and "before" in str(history) and "after" in str(history)


def test_the_figures_are_those_of_real_files(tuned, own_speech, base):
    codec, history, _ = tuned
    held_back = read_user_speech(own_speech).held_back
    assert means(code_and_score(codec.preset, held_back)) == pytest.approx(history.after)
    assert means(code_and_score(load_preset(base), held_back)) == pytest.approx(history.before)


def test_history_and_callbacks_have_every_epoch(tuned):
    _, history, callback = tuned
    names = {"loss", "mel", "weighted", "disturbance", "intelligibility", "similarity", "noise", "kbps", "rate_weight",
             "valid_kbps", "valid_pesq", "valid_si_sdr"}
    assert set(history.history) == names and set(callback.seen[0]) == names
    assert all(len(values) == 2 and np.isfinite(values).all() for values in history.history.values())


def test_ctrl_c_stops_at_once_and_keeps_what_was_reached(tuned):
    codec, _, callback = tuned
    assert callback.calls == 6  # of three epochs: the call after the one in which it was pressed is the last
    assert codec.preset.metadata["training"]["config"]["phases"][0]["steps"] == 60


def test_what_is_frozen_stays_as_it_is(tuned, base):
    old, new = Codec.from_pretrained(base).preset.weights, tuned[0].preset.weights
    changed = {name for name in old if not np.array_equal(old[name].astype(np.float16), new[name])}  # as files have it
    assert not any(name.startswith("module_0/") for name in changed)
    assert {"module_1/basis", "module_1/log_step", "lsf_quantizer/log_step"} <= changed


def test_tables_are_fitted_anew_and_files_decode(tuned, base, clip, tmp_path):
    codec, old = tuned[0], Codec.from_pretrained(base)
    assert codec.preset.tables.digest() != old.preset.tables.digest() and codec.preset.hash != old.preset.hash
    samples, sample_rate = clip
    codec.save_pretrained(tmp_path / "mine")
    again = Codec.from_pretrained(tmp_path / "mine")
    decoded, _ = again.decode(codec.encode(samples, sample_rate))
    assert decoded.shape == samples.shape and np.corrcoef(decoded, samples)[0, 1] > 0.9


def test_the_preset_names_its_base_and_its_figures(tuned, tmp_path):
    codec, history, _ = tuned
    codec.save_pretrained(tmp_path / "mine")
    metadata = json.loads((tmp_path / "mine" / METADATA).read_text())
    assert codec.name == metadata["name"] == "base-tuned" and base_model(metadata) == "base"
    assert metadata["license"] == "CC0-1.0" and metadata["speech"] == {"languages": ["en"]} and metadata["kbps"] == 24
    figures = measured_figures(metadata)
    assert figures["base-tuned"]["pesq"][0] == pytest.approx(history.after["pesq"], abs=1e-3)
    assert figures["base"]["pesq"][0] == pytest.approx(history.before["pesq"], abs=1e-3)
    card = (tmp_path / "mine" / CARD).read_text()
    assert "Fine-tuned from `base` on 1 recording: English." in card and "| base-tuned | 1 |" in card
    assert "base_model" not in card and "language:\n- en\n" in card and "Weights: CC0-1.0." in card


def test_what_was_skipped_is_listed(tuned):
    reasons = {path.name: reason for path, reason in tuned[1].skipped.items()}
    assert set(reasons) == {"broken.wav", "silence.wav", "notes.txt"}
    assert "not an audio file" in reasons["broken.wav"] and "silent" in reasons["silence.wav"]
    assert "not a recording" in reasons["notes.txt"]


def test_the_base_is_not_touched(tuned, base, content_before):
    assert content(base) == content_before


@pytest.fixture(scope="module")
def nested_base(tmp_path_factory):
    """Two nested modules as training begins with them: coarse steps, and entropy models that know nothing."""
    config = NestedConfig("trained", 160, (NestedModule(4000, 8), NestedModule(8000, 8)), **SMALL)
    keras.utils.set_random_seed(1)
    cascade, folder = NestedCascade(config), tmp_path_factory.mktemp("nested")
    cascade.lsf_quantizer.std.assign(np.full(16, 0.15, np.float32))
    cascade.save_weights(folder / "w.weights.h5")
    save_preset(folder / "base", name="base", description="Nested.", kbps=24.0, config=config, card="# base\n",
                weights_file=folder / "w.weights.h5", tables=nominal_tables(cascade))
    return folder / "base"


@pytest.fixture(scope="module")
def tuned_nested(nested_base, own_speech):
    """(codec, history) of one epoch."""
    codec = Codec.from_pretrained(nested_base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetune, "PASSES_PER_EPOCH", 0)
        patch.setattr(finetune, "MIN_EPOCH_STEPS", STEPS)
        patch.setattr(finetune, "RATE_BATCHES", 1)
        return codec, codec.finetune(own_speech, epochs=1, batch_size=2, learning_rate=5e-3, freeze="lpc",
                                     verbose=False)


def test_all_prefixes_of_a_nested_preset_are_tuned_at_once(tuned_nested, nested_base, own_speech):
    codec, history = tuned_nested
    assert list(history.prefixes) == [1, 2] and vars(history.prefixes[2]) == {
        "before": history.before, "after": history.after, "gain": history.gain}
    held_back = read_user_speech(own_speech).held_back
    for modules, change in history.prefixes.items():
        assert means(code_and_score(codec.preset, held_back, modules)) == pytest.approx(change.after)
        assert means(code_and_score(load_preset(nested_base), held_back, modules)) == pytest.approx(change.before)
        assert change.after["kbps"] == pytest.approx(change.before["kbps"], rel=0.03)
    assert np.mean([change.gain["pesq"][0] for change in history.prefixes.values()]) > 0
    assert {"kbps_1", "kbps_2", "rate_weight", "valid_kbps", "valid_pesq"} <= set(history.history)


def test_a_tuned_nested_preset_is_nested_still(tuned_nested, clip):
    codec, (samples, rate) = tuned_nested[0], clip
    samples, model, weights = samples[:32000], codec.preset.config, codec.preset.weights
    data = codec.encode(samples, rate)
    np.testing.assert_array_equal(codec.decode(codec.strip(data, modules=1))[0], codec.decode(data, modules=1)[0])
    sent = symbols_of(samples, model, weights).modules
    lower, finer = sent[0].astype(int).reshape(-1, 160), refined(*(part.astype(int).reshape(-1, 160) for part in sent))
    assert np.array_equal(np.abs(finer[:, :80]) // 2, np.abs(lower[:, :80])) and np.abs(finer).max() > 3
    assert not lower[:, 80:].any()


def test_what_a_tuned_nested_preset_says_of_itself(tuned_nested, nested_base):
    codec, history = tuned_nested
    metadata, old = codec.preset.metadata, load_preset(nested_base).weights
    config, weights = metadata["training"]["config"], metadata["training"]["rate_weight"]
    assert (codec.name, base_model(metadata), metadata["kbps"]) == ("base-tuned", "base", 24.0)
    assert config["phases"][0]["steps"] == STEPS and len(config["phases"][0]["kbps"]) == len(weights) == 2
    assert min(weights) >= LEAST_WEIGHT and min(config["phases"][0]["kbps"]) > 0
    assert measured_figures(metadata)["base-tuned"]["pesq"][0] == pytest.approx(history.after["pesq"], abs=1e-3)
    changed = {name for name in old if not np.array_equal(old[name].astype(np.float16), codec.preset.weights[name])}
    assert not any(name.startswith(("lsf_quantizer", "side_context")) for name in changed)
    assert {name.split("/")[0] for name in changed} >= {"decoder", "encoder", "step_sizes", "embedded_quantizer"}
    assert tunable(codec.preset).config((), 1e-4, 2, None, 1).phases[0].rate_weight == tuple(weights)


@pytest.fixture
def broken_training(monkeypatch):
    """As if the training had made everything worse."""
    def train(base, config, *_):
        return Trained(base.CASCADE(base.preset.config).get_weights(), {"loss": [1.0]}, config.phases[0], 0.05)

    monkeypatch.setattr(finetune, "train_on_speech", train)


def test_something_worse_is_refused(broken_training, base, own_speech, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(finetune.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("neuralcodec.training.calibration.MAX_ROUNDS", 2)
    codec = Codec.from_pretrained(base)
    before = codec.preset
    with pytest.raises(NotBetterError, match="is not kept: before") as caught:
        codec.finetune(own_speech)
    assert codec.preset is before and caught.value.history.history["loss"] == [1.0]
    assert caught.value.history.after["pesq"] < caught.value.history.before["pesq"]
    err = capsys.readouterr().err
    said = ["Reading", "Skipped 3:", "Before: ", "Fitting the entropy tables", "After: "]
    assert [err.index(part) for part in said] == sorted(err.index(part) for part in said)
    caught = None
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_tuning_again_goes_on_with_the_weight_of_the_rate(tuned):
    codec, history, _ = tuned
    phase, = tunable(codec.preset).config((), 1e-4, 2, None, 1).phases
    assert phase.rate_weight == history.history["rate_weight"][-1]


@pytest.mark.parametrize("setting, message", [
    ({"freeze": "module_7"}, "'module_7' is none"),
    ({"freeze": ("lpc", "module_0", "module_1")}, "nothing is left to learn"),
    ({"epochs": 0}, "at least one epoch"),
    ({"minutes": 0}, "more than 0 minutes"),
    ({"batch_size": 0}, "batch_size"),
    ({"learning_rate": -1.0}, "learning_rate"),
    ({"name": "my codec"}, "cannot be called 'my codec'"),
    ({"distribution": "GPUs"}, "distribution"),
    ({"speech": {"language": "de"}}, "did you mean 'languages'"),
])
def test_settings_that_cannot_be_used(codec, own_speech, setting, message):
    with pytest.raises(ConfigError, match=message):
        codec.finetune(own_speech, verbose=False, **setting)
