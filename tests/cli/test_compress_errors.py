"""`neuralcodec compress` and `decompress`: one sentence for what cannot be done, and nothing left behind."""

import numpy as np
import pytest
import soundfile
from folders import files


@pytest.mark.parametrize("arguments, message", [
    ([], "Missing argument"),
    (["a.wav", "--bits", "3"], "No such option"),
    (["a.wav", "-o", "b.nac", "--output-dir", "c"], "exclude each other"),
    (["a.wav", "b.wav", "-o", "c.nac"], "single file"),
    ([".", "-o", "c.nac"], "single file"),
    (["-", "--output-dir", "c"], "use -o"),
    (["a.wav", "b.nac"], "use -o for the output: a.wav -o b.nac"),
    ([""], "The name is empty"),
    (["a.wav", "-o", ""], "The name is empty"),
    (["a.wav", "--output-dir", ""], "The name is empty"),
    (["a.wav", "-o", "new/"], "'new/' is a folder; use --output-dir"),
    (["a.wav", "--force", "--skip-existing"], "exclude each other"),
    (["a.wav", "--rate", "8000"], "add --raw"),
    (["a.raw", "--raw", "--encoding", "s17"], "There is no encoding 's17'; there are s8, u8"),
])
def test_wrong_usage(cli, tmp_path, arguments, message):
    code, out, err = cli("compress", *arguments)
    assert (code, out) == (2, b"") and message in err and "Traceback" not in err
    assert files(tmp_path) == []


@pytest.mark.parametrize("content, message", [
    (None, "There is no file 'a.wav'"), (b"", "'a.wav' is empty (0 bytes)"), (b"text", "not an audio file"),
])
def test_bad_recordings(cli, tiny_folder, tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    code, out, err = cli("compress", "a.wav", "-p", tiny_folder)
    assert (code, out) == (1, b"") and err.startswith("Error: ") and message in err and err.count("\n") == 1
    assert not (tmp_path / "a.nac").exists()


def test_samples_that_are_not_numbers(cli, tiny_folder, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0, np.nan, 0], np.float32), 16000, "FLOAT")
    code, out, err = cli("compress", "a.wav", "-p", tiny_folder)
    assert (code, out) == (1, b"") and err.startswith("Error: ") and "NaN or infinite" in err and err.count("\n") == 1
    assert files(tmp_path) == ["a.wav"]


def test_a_folder_without_recordings(cli, tiny_folder, tmp_path):
    (tmp_path / "in").mkdir()
    code, _, err = cli("compress", "in", "-p", tiny_folder)
    assert code == 1 and "holds no" in err and "--recursive" in err


def test_presets_that_are_not_there(cli, installed, speech, codec, tmp_path):
    speech("a.wav")
    code, _, err = cli("compress", "a.wav", "-p", "tinny")
    assert code == 1 and "did you mean 'tiny'?" in err
    code, _, err = cli("compress", "a.wav")
    assert code == 1 and "There is no preset 'cq-24k'" in err
    assert files(tmp_path) == ["a.wav"]


def test_a_file_whose_preset_is_not_installed(cli, tiny_folder, codec, tmp_path, monkeypatch):
    """A file may name a preset, never a folder."""
    (tmp_path / "a.nac").write_bytes(codec.encode(np.zeros(1000), 16000))
    monkeypatch.setattr("neuralcodec.zoo.bundled.bundled_directory", lambda: tmp_path)
    (tmp_path / "tiny").symlink_to(tiny_folder.parent)
    code, _, err = cli("decompress", "a.nac")
    assert code == 1 and "needs the preset 'tiny', which is not installed" in err
    assert cli("decompress", "a.nac", "-p", tiny_folder) == (0, b"", "")


def test_a_file_of_other_weights(cli, codec, other_folder, tmp_path):
    (tmp_path / "a.nac").write_bytes(codec.encode(np.zeros(1000), 16000))
    code, _, err = cli("decompress", "a.nac", "-p", other_folder)
    assert code == 1 and "needs other weights of the preset 'tiny'" in err
    assert files(tmp_path) == ["a.nac"]


@pytest.mark.parametrize("spoil", [lambda data: data[:-5], lambda data: data[:20], lambda data: b"NAC" + data,
                                   lambda data: data[:-5] + b"\0" + data[-4:], lambda data: b"RIFF" + data,
                                   lambda data: b"NAC\x03" + data[4:], lambda data: b"NAC\x01" + data[4:],
                                   lambda data: b"", lambda data: data + b"more"])
def test_damaged_files(cli, installed, codec, clip, tmp_path, spoil):
    (tmp_path / "a.nac").write_bytes(spoil(codec.encode(clip[0][:32000], 16000)))
    code, out, err = cli("decompress", "a.nac")
    assert (code, out) == (1, b"") and err.startswith("Error: ") and err.count("\n") == 1
    assert files(tmp_path) == ["a.nac"]
    assert cli("decompress", "a.nac", "-o", "-") == (1, b"", err)  # nor is half of it written to a pipe


def test_a_folder_that_cannot_be_made(cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    (tmp_path / "out").touch()
    code, _, err = cli("compress", "a.wav", "-p", tiny_folder, "--output-dir", "out/put")
    assert code == 1 and "cannot be made" in err
