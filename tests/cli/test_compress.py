"""`neuralcodec compress` and `decompress`: what files become, and what is said of them."""

import shutil

import numpy as np
import pytest
import soundfile
from folders import files

import neuralcodec
from neuralcodec import codec_info
from neuralcodec.cli.main import main


def test_there_and_back(cli, installed, speech, tmp_path):
    speech("a.wav", sample_rate=44100)
    code, out, err = cli("compress", "a.wav", "-p", "tiny")
    assert (code, out) == (0, b"") and "resampled from 44100 to 16000 Hz" in err
    assert cli("decompress", "a.nac", "-o", "b.flac") == (0, b"", "")
    assert cli("decompress", "a.nac", "-o", "native.wav", "--native") == (0, b"", "")
    assert files(tmp_path) == ["a.nac", "a.wav", "b.flac", "native.wav"]
    assert (soundfile.info("b.flac").frames, soundfile.info("b.flac").samplerate) == (44100, 44100)
    assert (soundfile.info("native.wav").frames, soundfile.info("native.wav").samplerate) == (16000, 16000)


def test_channels_are_mixed_with_a_note(cli, tiny_folder, speech):
    speech("a.wav", channels=2)
    assert cli("compress", "a.wav", "-p", tiny_folder) == (
        0, b"", "Note: 'a.wav' has 2 channels (mixed to one).\n")


def test_a_bitrate_can_be_asked_for(cli, clip, tmp_path):
    soundfile.write(tmp_path / "a.wav", clip[0][:96000], clip[1])
    assert cli("compress", "a.wav", "--kbps", 20) == (0, b"", "")
    assert codec_info(tmp_path / "a.nac")["kbps"] == pytest.approx(20, rel=0.02)
    code, _, err = cli("compress", "a.wav", "-o", "b.nac", "--kbps", 90)
    assert code == 1 and "not 90" in err and not (tmp_path / "b.nac").exists()


def test_a_name_with_a_dot_keeps_what_follows_it(cli, tiny_folder, speech, tmp_path):
    speech("v1.wav")
    (tmp_path / "v1.wav").rename(tmp_path / "v1.2")
    assert cli("compress", "v1.2", "-p", tiny_folder)[0] == 0
    assert files(tmp_path) == ["v1.2", "v1.2.nac"]


def test_a_recording_that_was_cut_off_is_coded_with_a_note(cli, tiny_folder, speech, tmp_path):
    speech("a.flac")
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[:len(whole) // 2])
    code, _, err = cli("compress", "a.flac", "-p", tiny_folder)
    assert code == 0 and "ends after 0." in err and "before its header says" in err


def test_revisions(cli, revised, codec, speech, tmp_path):
    speech("a.wav")
    assert cli("compress", "a.wav", "-p", "tiny@1", "-o", "old.nac")[0] == 0
    assert cli("compress", "a.wav", "-p", "tiny", "-o", "new.nac")[0] == 0
    old = neuralcodec.codec_info(tmp_path / "old.nac")
    assert old["preset"] == "tiny" and codec.preset.hash.hex().startswith(old["hash"])
    assert neuralcodec.codec_info(tmp_path / "new.nac")["hash"] != old["hash"]
    for arguments in ([], ["-p", "tiny"], ["-p", "tiny@1"]):  # each file with the revision that wrote it
        for name in ("old", "new"):
            assert cli("decompress", f"{name}.nac", "-o", f"{name}.wav", "--force", *arguments) == (0, b"", "")
        decoded, _ = soundfile.read(tmp_path / "old.wav", dtype="int16")
        expected, _ = codec.decode((tmp_path / "old.nac").read_bytes())
        assert np.abs(decoded / 32768 - expected).max() < 1e-4
    shutil.rmtree(revised / "tiny@1")
    code, _, err = cli("decompress", "old.nac", "-o", "again.wav")
    assert code == 1 and "needs other weights of the preset 'tiny'" in err and "tiny@2 (" in err
    assert not (tmp_path / "again.wav").exists()


def test_a_terminal_is_told_what_was_written(cli, tiny_folder, speech, standard_error, tmp_path):
    speech("a.wav")
    for arguments, line in ((["compress", "a.wav"], "Wrote a.nac: "),
                            (["decompress", "a.nac", "-o", "b.wav"], "Wrote b.wav: ")):
        terminal = standard_error(terminal=True)
        assert main([*arguments, "-p", str(tiny_folder)]) == 0
        said = terminal.getvalue().replace("\r", "").strip()
        assert said.startswith(line) and said.count("\n") == 0
        size = (tmp_path / line.split()[1].rstrip(":")).stat().st_size
        assert f"{size:,} bytes, " in said
        assert said.endswith(f"{size * 8 / 1000:.1f} kbps." if arguments[0] == "compress" else "1.0 s at 16000 Hz.")
        terminal = standard_error(terminal=True)
        assert main([*arguments, "-p", str(tiny_folder), "--force", "-q"]) == 0
        assert terminal.getvalue() == ""


def test_kinds_of_loss_are_told(cli, tiny_folder, clip, tmp_path):
    speech = clip[0][16000:32000]
    soundfile.write("cancel.wav", np.stack([speech, -speech], 1), 16000)
    soundfile.write("loud.wav", 13 * speech / np.abs(speech).max(), 16000, "FLOAT")
    code, _, err = cli("compress", "cancel.wav", "loud.wav", "-p", tiny_folder)
    assert code == 0
    assert err.splitlines() == [
        "Note: 'cancel.wav' has 2 channels (mixed to one).",
        "Note: 'cancel.wav' nearly vanishes in the mix of its channels, which cancel each other; choose one (--channel "
        "left, or channel='left').",
        "Note: 'loud.wav' has a peak of 13, where 1 is full scale, and is clipped there; --normalize scales it instead "
        "(in Python: normalize=True)."]
    options = ["--force", "-p", tiny_folder]
    assert cli("compress", "cancel.wav", "--channel", "left", *options) == (0, b"", "")
    assert cli("compress", "cancel.wav", "--channel", "2", *options) == (0, b"", "")
    assert cli("compress", "loud.wav", "--normalize", *options) == (0, b"", "")
    for channel, message in (("3", "has no channel 3: it has 2"), ("up", "'mix', 'left', 'right', or a number")):
        code, _, err = cli("compress", "cancel.wav", "--channel", channel, *options)
        assert code == 1 and message in err


def test_bare_samples(cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    (tmp_path / "a.raw").write_bytes(soundfile.read("a.wav", dtype="<i2")[0].tobytes())
    assert cli("compress", "a.wav", "-o", "wav.nac", "-p", tiny_folder)[0] == 0
    assert cli("compress", "a.raw", "--raw", "-o", "raw.nac", "-p", tiny_folder) == (0, b"", "")
    assert (tmp_path / "raw.nac").read_bytes() == (tmp_path / "wav.nac").read_bytes()
    form = ["--raw", "--rate", 8000, "--channels", 2, "--encoding", "s16be"]
    assert cli("compress", ".", *form, "-p", tiny_folder)[0] == 0
    assert codec_info("a.nac")["samples"] == 8000 and codec_info("a.nac")["sample_rate"] == 8000
    code, _, err = cli("compress", "a.raw", "-o", "b.nac", "-p", tiny_folder)
    assert code == 1 and "bare samples need --raw" in err
