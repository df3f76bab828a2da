"""`neuralcodec compress` and `decompress`: where files go, what is said, what is left after an error."""

import dataclasses
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

import neuralcodec
from neuralcodec import codec_info
from neuralcodec.assets import demo_clip
from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.cli.main import main


@pytest.fixture
def speech(tmp_path, clip):
    """Writes a second of speech."""
    def write(name, sample_rate=16000, channels=1):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = np.repeat(clip[0][16000:16000 + sample_rate, None], channels, axis=1)
        soundfile.write(path, samples, sample_rate)

    return write


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


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


def test_an_output_is_replaced_by_force_only(cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    assert cli("compress", "a.wav", "-p", tiny_folder)[0] == 0
    before = (tmp_path / "a.nac").read_bytes(), (tmp_path / "a.wav").read_bytes()
    for command in (["compress", "a.wav"], ["decompress", "a.nac"]):
        code, out, err = cli(*command, "-p", tiny_folder)
        assert (code, out) == (1, b"") and err.startswith("Error: ") and "already exists" in err
        assert err.count("\n") == 1
    assert ((tmp_path / "a.nac").read_bytes(), (tmp_path / "a.wav").read_bytes()) == before
    assert cli("decompress", "a.nac", "-p", tiny_folder, "--force") == (0, b"", "")
    assert (tmp_path / "a.wav").read_bytes() != before[1]


def test_several_files_and_folders(cli, installed, speech, tmp_path):
    for name in ("one.wav", "in/two.flac", "in/deep/three.wav"):
        speech(name)
    (tmp_path / "in" / "notes.txt").touch()
    assert cli("compress", "one.wav", "in", "-p", "tiny", "--output-dir", "out")[0] == 0
    assert files(tmp_path / "out") == ["one.nac", "two.nac"]
    assert cli("compress", "in", "-p", "tiny", "--output-dir", "all", "--recursive")[0] == 0
    assert files(tmp_path / "all") == ["deep/three.nac", "two.nac"]
    assert cli("decompress", "all", "-r") == (0, b"", "")
    assert files(tmp_path / "all") == ["deep/three.nac", "deep/three.wav", "two.nac", "two.wav"]


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


def test_standard_streams_that_are_closed(cli, tiny_folder, speech, monkeypatch):
    speech("a.wav")
    monkeypatch.setattr("sys.stdin", None)
    for command in (["compress", "-", "-o", "b.nac", "-p", tiny_folder], ["info", "-"]):
        code, _, err = cli(*command)
        assert code == 1 and "Standard input is closed" in err


def test_a_batch_goes_on_after_a_bad_file(cli, tiny_folder, speech, tmp_path):
    speech("good.wav")
    (tmp_path / "bad.wav").write_bytes(b"noise")
    code, _, err = cli("compress", "bad.wav", "missing.wav", "good.wav", "-p", tiny_folder)
    assert code == 1
    lines = err.splitlines()
    assert lines[0] == "Error: 2 of 3 files failed:" and lines[3:] == ["1 done, 0 skipped, 2 failed."]
    assert "bad.wav" in lines[1] and "not an audio file" in lines[1] and "no file 'missing.wav'" in lines[2]
    assert files(tmp_path) == ["bad.wav", "good.nac", "good.wav"]


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


def test_standard_input_and_output(start_cli, tiny_folder, tmp_path):
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": tmp_path}
    data, err = start_cli("compress", "-", "-p", tiny_folder, **options).communicate(demo_clip().read_bytes())
    assert data.startswith(b"NAC") and err == b""
    wav, err = start_cli("decompress", "-", "-p", tiny_folder, **options).communicate(data)
    assert soundfile.info(io.BytesIO(wav)).frames == soundfile.info(demo_clip()).frames and err == b""
    assert files(tmp_path) == []


def test_a_reader_that_goes_away(start_cli, tiny_folder, codec, clip, tmp_path):
    (tmp_path / "a.nac").write_bytes(codec.encode(np.tile(clip[0], 4), 16000))
    process = start_cli("decompress", tmp_path / "a.nac", "-o", "-", "-p", tiny_folder, stdout=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1


def write_long_file(path, second, seconds):
    """Repeats the block of a file of a second, which is quicker than coding it again and again."""
    reader = ContainerReader(io.BytesIO(second))
    block, = reader
    length = (50 * seconds - 2) * 320
    writer = ContainerWriter(dataclasses.replace(reader.header, num_samples=length, num_samples_16k=length))
    for _ in range(seconds):
        writer.add_block(block)
    with open(path, "wb") as file:
        writer.finish(file)


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_an_interrupted_run_leaves_nothing(start_cli, tiny_folder, codec, clip, tmp_path, command, number, code):
    if command == "compress":
        soundfile.write(tmp_path / "a.wav", np.zeros(40 * 60 * 16000, np.int16), 16000)
    else:
        write_long_file(tmp_path / "a.nac", codec.encode(clip[0][:48 * 320], 16000), seconds=1200)
    before = files(tmp_path)
    process = start_cli(command, before[0], "-p", tiny_folder, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while files(tmp_path) == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(files(tmp_path)) == 2, process.stderr.read()  # the output has been begun
    os.kill(process.pid, number)
    assert process.stderr.read().strip() == b""
    assert process.wait() == code
    assert files(tmp_path) == before


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


def test_a_batch_goes_on_where_it_stopped(cli, tiny_folder, speech, tmp_path):
    for name in ("in/a.wav", "in/b.wav", "in/c.wav", "in/d.wav"):
        speech(name)
    assert cli("compress", "in", "-p", tiny_folder)[0] == 0
    whole = {name: (tmp_path / "in" / f"{name}.nac").read_bytes() for name in "abcd"}
    (tmp_path / "in" / "b.nac").write_bytes(whole["b"][:-10])
    (tmp_path / "in" / "c.nac").write_bytes(b"")
    (tmp_path / "in" / "d.nac").unlink()
    before = (tmp_path / "in" / "a.nac").stat().st_mtime_ns
    code, _, err = cli("compress", "in", "-p", tiny_folder, "--skip-existing")
    assert (code, err) == (0, "3 done, 1 skipped, 0 failed.\n")
    assert {name: (tmp_path / "in" / f"{name}.nac").read_bytes() for name in "abcd"} == whole
    assert (tmp_path / "in" / "a.nac").stat().st_mtime_ns == before
    assert cli("decompress", "in", "-p", tiny_folder, "--output-dir", "out")[0] == 0
    (tmp_path / "out" / "a.wav").unlink()
    code, _, err = cli("decompress", "in", "-p", tiny_folder, "--output-dir", "out", "--skip-existing")
    assert (code, err) == (0, "1 done, 3 skipped, 0 failed.\n")


def test_what_is_not_a_finished_output_is_not_replaced(cli, tiny_folder, other_folder, speech, tmp_path):
    """A file of another preset, one that is none, and an original that has the name of an output."""
    speech("a.wav")
    speech("b.wav")
    (tmp_path / "b.nac").write_text("notes")
    assert cli("compress", "a.wav", "-p", other_folder)[0] == 0
    before = (tmp_path / "a.nac").read_bytes()
    code, _, err = cli("compress", "a.wav", "b.wav", "-p", tiny_folder, "--skip-existing")
    assert code == 1 and err.count("already exists") == 2
    assert (tmp_path / "a.nac").read_bytes() == before and (tmp_path / "b.nac").read_text() == "notes"
    original = (tmp_path / "a.wav").read_bytes()[:10000]
    (tmp_path / "a.wav").write_bytes(original)
    code, _, err = cli("decompress", "a.nac", "-p", other_folder, "--skip-existing")
    assert code == 1 and "already exists" in err and (tmp_path / "a.wav").read_bytes() == original


def test_names_that_collide(cli, tiny_folder, speech, tmp_path):
    for name in ("x/a.wav", "x/a.flac", "y/a.wav"):
        speech(name)
    assert cli("compress", "x", "-p", tiny_folder)[0] == 0
    assert files(tmp_path / "x") == ["a.flac", "a.flac.nac", "a.wav", "a.wav.nac"]
    assert cli("compress", "x/a.wav", "y/a.wav", "-p", tiny_folder, "--output-dir", "out")[0] == 0
    assert files(tmp_path / "out") == ["x/a.nac", "y/a.nac"]


def test_linked_folders_and_hidden_files(cli, tiny_folder, speech, tmp_path):
    speech("elsewhere/a.wav")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "._b.wav").write_bytes(b"\0\5\x16\7" * 20)
    assert cli("compress", "in", "-r", "-p", tiny_folder, "--output-dir", "out") == (0, b"", "")
    assert files(tmp_path / "out") == ["link/a.nac"]
    assert "hidden files are not taken" in " ".join(cli("compress", "--help")[1].decode().split())


def test_names_that_are_not_utf_8(start_cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    os.rename(tmp_path / "a.wav", folder + b"/\xff.wav")
    for arguments in (["compress"], ["decompress", "-f"]):
        process = start_cli(*arguments, os.fsdecode(folder), "-p", tiny_folder)
        assert process.communicate()[1] == b"" and process.returncode == 0
    assert sorted(os.listdir(folder)) == [b"\xff.nac", b"\xff.wav"]
    process = start_cli("compress", os.fsdecode(folder), "-p", tiny_folder)
    assert b"caf\\udce9/\\udcff.nac' already exists" in process.communicate()[1]


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


def test_permissions_stay_when_an_output_is_replaced(cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    for name in ("a.nac", "b.wav"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o600)
    assert cli("compress", "a.wav", "--force", "-p", tiny_folder)[0] == 0
    assert cli("decompress", "a.nac", "-o", "b.wav", "--force", "-p", tiny_folder)[0] == 0
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a.nac", "b.wav")] == [0o600, 0o600]


def test_devices_as_outputs(cli, start_cli, tiny_folder, speech, tmp_path):
    speech("a.wav")
    assert cli("compress", "a.wav", "-o", os.devnull, "-p", tiny_folder) == (0, b"", "")
    assert cli("compress", "a.wav", "-p", tiny_folder)[0] == 0
    assert cli("decompress", "a.nac", "-o", os.devnull, "-p", tiny_folder) == (0, b"", "")
    for arguments in (["compress", "a.wav"], ["decompress", "a.nac"]):
        outputs = [start_cli(*arguments, "-o", place, "-p", tiny_folder, cwd=tmp_path,
                             stdout=subprocess.PIPE).communicate()[0] for place in ("-", "/dev/stdout")]
        assert outputs[0] == outputs[1] != b""
    with open(tmp_path / "redirected", "wb") as file:
        process = start_cli("compress", "a.wav", "-o", "/dev/stdout", "-p", tiny_folder, cwd=tmp_path, stdout=file)
        assert process.wait() == 0
    assert (tmp_path / "redirected").read_bytes() == (tmp_path / "a.nac").read_bytes()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no such device")
def test_full_outputs_are_one_sentence(start_cli, tiny_folder, speech, codec, clip, tmp_path):
    speech("a.wav")
    (tmp_path / "b.nac").write_bytes(codec.encode(clip[0][:32000], 16000))
    for arguments in (["compress", "a.wav"], ["decompress", "b.nac"]):
        for place, name in (("-", "Standard output"), ("/dev/full", "'/dev/full'")):
            with open("/dev/full", "wb") as full:
                process = start_cli(*arguments, "-o", place, "-p", tiny_folder, cwd=tmp_path, stdout=full)
                assert process.stderr.read().decode() == f"Error: {name} cannot be written: No space left on device.\n"
                assert process.wait() == 1


def test_standard_output_that_is_closed(tiny_folder, speech, codec, tmp_path):
    """Neither is it missed, nor does another file take its place."""
    speech("a.wav")
    (tmp_path / "b.nac").write_bytes(codec.encode(np.zeros(1000), 16000))
    run = ["sh", "-c", '"$0" -m neuralcodec "$@" >&- 2>err', sys.executable]
    options = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(Path(neuralcodec.__file__).parents[1])}}
    for arguments in (["compress", "a.wav", "-o", "-"], ["decompress", "b.nac", "-o", "-"]):
        assert subprocess.run([*run, *arguments, "-p", tiny_folder], **options).returncode == 1
        assert (tmp_path / "err").read_text() == "Error: Standard output is closed; name a file instead of '-'.\n"
    assert subprocess.run([*run, "decompress", "b.nac", "-o", "c.wav", "-p", tiny_folder], **options).returncode == 0
    run[2] = '"$0" -m neuralcodec "$@" >&- 2>&- <&-'
    assert subprocess.run([*run, "decompress", "b.nac", "-o", "d.wav", "-p", tiny_folder], **options).returncode == 0
    assert soundfile.info(tmp_path / "c.wav").frames == soundfile.info(tmp_path / "d.wav").frames == 1000


def test_two_runs_at_once(start_cli, tiny_folder, speech, tmp_path):
    """One succeeds, the other says why not."""
    speech("a.wav")
    both = [start_cli("compress", "a.wav", "-p", tiny_folder, cwd=tmp_path) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    assert b"written by another program meanwhile" in b"".join(said) or b"already exists" in b"".join(said)
    assert files(tmp_path) == ["a.nac", "a.wav"]


def test_what_a_killed_run_left_is_swept_by_the_next(start_cli, tiny_folder, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(10 * 60 * 16000, np.int16), 16000)
    process = start_cli("compress", "a.wav", "-p", tiny_folder, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while len(files(tmp_path)) == 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert len(files(tmp_path)) == 2
    soundfile.write(tmp_path / "a.wav", np.zeros(1000, np.int16), 16000)
    assert start_cli("compress", "a.wav", "-p", tiny_folder, cwd=tmp_path).wait() == 0
    assert files(tmp_path) == ["a.nac", "a.wav"]
