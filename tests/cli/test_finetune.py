"""`neuralcodec finetune`"""

import pytest

from neuralcodec.codec import Codec
from neuralcodec.errors import NotBetterError
from neuralcodec.training.finetune import FinetuneHistory

HISTORY = FinetuneHistory({}, {"kbps": 9.0, "pesq": 3.6}, {"kbps": 9.1, "pesq": 3.7}, 5, {"a.wav": "a.wav is silent."})


@pytest.fixture
def calls(monkeypatch):
    """What reaches `Codec.finetune`, which does nothing."""
    made = []
    monkeypatch.setattr(Codec, "finetune", lambda self, data, **options: made.append((data, options)) or HISTORY)
    return made


def test_arguments_reach_the_codec_and_figures_are_said(cli, calls, tiny_folder, tmp_path):
    code, out, err = cli("finetune", "--preset", tiny_folder, "--data", "mine", "-o", tmp_path / "tuned", "--minutes",
                         "5", "--freeze", "lpc", "--freeze", "module_0")
    assert (code, out) == (0, b"")
    (data, options), = calls
    assert str(data) == "mine"
    assert options == {"epochs": 3, "minutes": 5.0, "validation_data": None, "freeze": ("lpc", "module_0"),
                       "name": "tuned"}
    assert "Skipped: a.wav is silent." in err
    assert "before 9.00 kbps, pesq 3.600; after 9.10 kbps, pesq 3.700" in err
    assert Codec.from_pretrained(tmp_path / "tuned").name == "tiny"


@pytest.mark.parametrize("options, message", [
    (["--minutes", "5", "--epochs", "2"], "not both"), (["--minutes", "0"], "--minutes"), (["--epochs", "0"], "--epochs"),
])
def test_wrong_usage(cli, calls, tiny_folder, tmp_path, options, message):
    code, _, err = cli("finetune", "--preset", tiny_folder, "--data", "mine", "-o", tmp_path / "tuned", *options)
    assert code == 2 and message in err and not calls


def test_a_folder_that_is_there_is_left_alone(cli, calls, tiny_folder, tmp_path):
    code, _, err = cli("finetune", "--preset", tiny_folder, "--data", "mine", "-o", tmp_path)
    assert code == 2 and "choose another folder" in err and not calls


def test_worse_writes_nothing(cli, tiny_folder, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise NotBetterError("The tuned preset is not better.")

    monkeypatch.setattr(Codec, "finetune", fail)
    code, _, err = cli("finetune", "--preset", tiny_folder, "--data", "mine", "-o", tmp_path / "tuned")
    assert code == 1 and err == "Error: The tuned preset is not better.\n"
    assert not (tmp_path / "tuned").exists()


def test_no_recordings_is_one_sentence(cli, tiny_folder, tmp_path):
    (tmp_path / "mine").mkdir()
    code, _, err = cli("finetune", "--preset", tiny_folder, "--data", tmp_path / "mine", "-o", tmp_path / "tuned")
    assert code == 1 and err.startswith("Error: No recordings") and len(err.splitlines()) == 1


def test_publishes_what_it_wrote(cli, calls, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(Codec, "push_to_hub", lambda self, repo: f"pushed {self.name} to {repo}")
    code, out, _ = cli("finetune", "--preset", tiny_folder, "--data", "mine", "-o", tmp_path / "tuned", "--push", "me/x")
    assert (code, out) == (0, b"pushed tiny to me/x\n")
