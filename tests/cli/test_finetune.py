"""`neuralcodec finetune`"""

import pytest

from neuralcodec import Codec
from neuralcodec.errors import NotBetterError


@pytest.fixture
def tuned(monkeypatch, other_folder):
    """In place of the training: the codec takes another preset. A list of the arguments that it was given."""
    calls = []

    def finetune(codec, data, **options):
        calls.append((data, options))
        codec.preset = Codec.from_pretrained(other_folder).preset

    monkeypatch.setattr(Codec, "finetune", finetune)
    return calls


def test_the_tuned_preset_is_written(cli, tuned, tiny_folder, other_folder, tmp_path):
    code, out, err = cli("finetune", "--preset", tiny_folder, "--data", "speech", "--output", "presets/mine",
                         "--epochs", 2, "--freeze", "lpc", "--freeze", "module_0", "--validation-data", "judge")
    assert (code, out, err) == (0, b"", "Wrote presets/mine.\n")
    (data, options), = tuned
    assert str(data) == "speech" and str(options.pop("validation_data")) == "judge"
    assert options == {"epochs": 2, "minutes": None, "freeze": ("lpc", "module_0"), "name": "mine", "speech": {}}
    written = Codec.from_pretrained(tmp_path / "presets" / "mine")
    assert written.preset.hash == Codec.from_pretrained(other_folder).preset.hash


@pytest.mark.parametrize("folder, name", [("tiny", None), ("cq-24k", None), ("my codec", None), ("mine", "mine")])
def test_a_preset_takes_the_name_of_its_folder_where_it_can(cli, tuned, tiny_folder, folder, name):
    assert cli("finetune", "-p", tiny_folder, "--data", "speech", "-o", folder, "--minutes", 1.5)[0] == 0
    assert tuned[0][1]["name"] == name and tuned[0][1]["minutes"] == 1.5 and tuned[0][1]["epochs"] == 3


def test_language_and_licence_are_what_their_owner_says(cli, tuned, tiny_folder):
    arguments = ("finetune", "-p", tiny_folder, "--data", "speech", "-o", "mine")
    assert cli(*arguments, "--language", "de", "--language", "en", "--licence", "MIT")[0] == 0
    assert tuned[0][1]["speech"] == {"languages": ["de", "en"], "licence": "MIT"}


def test_the_result_is_published(cli, tuned, tiny_folder, monkeypatch):
    monkeypatch.setattr("neuralcodec.zoo.hub.check_upload", lambda repo: None)
    monkeypatch.setattr(Codec, "push_to_hub", lambda codec, repo: f"https://hub/{repo}")
    code, out, _ = cli("finetune", "-p", tiny_folder, "--data", "speech", "-o", "mine", "--push", "user/mine")
    assert (code, out) == (0, b"https://hub/user/mine\n")


def test_what_would_fail_in_the_end_is_found_out_before(cli, tuned, tiny_folder, run_on_hub, tmp_path):
    (tmp_path / "file").touch()
    for output in ("file/mine", "x" * 300):
        code, _, err = cli("finetune", "-p", tiny_folder, "--data", "speech", "-o", output)
        assert code == 1 and "cannot be written: " in err and tuned == []
    done = run_on_hub("-m", "neuralcodec", "finetune", "-p", tiny_folder, "--data", "speech", "-o", "mine",
                      "--push", "me/x")
    assert (done.returncode, done.stderr) == (
        1, "Error: Nobody is logged in to the Hub, which 'me/x' needs; log in with `hf auth login`.\n")


def test_an_output_that_exists_is_kept_unless_forced(cli, tuned, tiny_folder, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    arguments = ("finetune", "-p", tiny_folder, "--data", "speech", "-o", "mine")
    code, _, err = cli(*arguments)
    assert code == 1 and "already exists" in err and tuned == []  # before any work
    assert cli(*arguments, "--force")[0] == 0 and len(tuned) == 1


def test_nothing_is_written_if_it_is_not_better(cli, tiny_folder, tmp_path, monkeypatch):
    def finetune(codec, data, **options):
        raise NotBetterError("The tuned preset is not better than it was.")

    monkeypatch.setattr(Codec, "finetune", finetune)
    code, out, err = cli("finetune", "-p", tiny_folder, "--data", "speech", "-o", "mine")
    assert (code, out, err) == (1, b"", "Error: The tuned preset is not better than it was.\n")
    assert list(tmp_path.iterdir()) == []


def test_too_little_speech_ends_in_a_sentence(cli, tiny_folder, own_speech, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "silence.wav").write_bytes((own_speech / "silence.wav").read_bytes())
    code, _, err = cli("finetune", "-p", tiny_folder, "--data", "own", "-o", "mine")
    assert code == 1 and "Error: There is no speech in the recordings" in err
    assert "Skipped 1:\n  'own/silence.wav'" in err
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("arguments, message", [
    (["--minutes", 1, "--epochs", 2], "exclude each other"),
    (["--minutes", 0], "--minutes"),
    (["--epochs", 0], "--epochs"),
])
def test_wrong_usage(cli, tiny_folder, arguments, message):
    code, _, err = cli("finetune", "-p", tiny_folder, "--data", "speech", "-o", "mine", *arguments)
    assert code == 2 and message in err
