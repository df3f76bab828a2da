"""AudioSink: rate, exact length, formats, and nothing half-written."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec.audio import OUTPUT_FORMATS, AudioSink, AudioSource
from neuralcodec.errors import AudioError, OutputExistsError


def noise(num_samples, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, num_samples).astype(np.float32)


def copy(source, path, **arguments):
    with AudioSink(path, source.sample_rate, source.num_samples, **arguments) as sink:
        for block in source.blocks(3000):
            sink.write(block)


@settings(max_examples=50, deadline=None)
@given(num_samples=st.integers(0, 30000), rate=st.sampled_from([8000, 11025, 16000, 44100, 48000]))
def test_rate_and_length_come_back(tmp_path_factory, num_samples, rate):
    path = tmp_path_factory.mktemp("sink") / "out.wav"
    copy(AudioSource(noise(num_samples), sample_rate=rate), path)
    written, sample_rate = soundfile.read(path, dtype="float32")
    assert (len(written), sample_rate) == (num_samples, rate)


@pytest.mark.parametrize("extension", sorted(OUTPUT_FORMATS))
def test_16_bit_audio_comes_back_bit_by_bit(tmp_path, extension):
    samples = np.random.default_rng(1).integers(-32768, 32768, 20000).astype(np.int16)
    samples[:2] = -32768, 32767
    path = tmp_path / f"out{extension}"
    copy(AudioSource(samples, sample_rate=16000), path)
    np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], samples)
    assert soundfile.info(path).subtype == "PCM_16"


@pytest.mark.parametrize("extension", sorted(OUTPUT_FORMATS))
def test_no_samples_come_back_as_none(tmp_path, extension):
    path = tmp_path / f"none{extension}"
    copy(AudioSource(np.zeros(0), sample_rate=44100), path)
    assert (AudioSource(path).num_samples, AudioSource(path).sample_rate) == (0, 44100)


def test_44100_hz_comes_back_aligned(tmp_path):
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)
    copy(AudioSource(tone, sample_rate=44100), tmp_path / "out.wav")
    written, _ = soundfile.read(tmp_path / "out.wav")
    np.testing.assert_allclose(written[500:-500], tone[500:-500], atol=1e-3)


def test_too_much_is_cut_and_too_little_padded(tmp_path):
    for given_samples in (100, 1000):
        with AudioSink(tmp_path / "out.wav", 16000, 500, overwrite=True) as sink:
            sink.write(np.full(given_samples, 0.5))
        expected = np.where(np.arange(500) < given_samples, 0.5, 0.0)
        np.testing.assert_array_equal(soundfile.read(tmp_path / "out.wav")[0], expected)


def test_beyond_full_scale_is_clipped(tmp_path):
    with AudioSink(tmp_path / "out.wav", 16000, 3) as sink:
        sink.write(np.array([1.5, -1.5, 1.0]))
    np.testing.assert_array_equal(soundfile.read(tmp_path / "out.wav", dtype="int16")[0], [32767, -32768, 32767])


@pytest.mark.parametrize("name", ["out.xyz", "out", "out.mp3"])
def test_an_unknown_extension_lists_the_known_ones(tmp_path, name):
    with pytest.raises(AudioError, match=r"must end in one of \.wav, \.flac"):
        AudioSink(tmp_path / name, 16000, 10)
    assert os.listdir(tmp_path) == []


def test_a_rate_the_format_cannot_hold(tmp_path):
    with pytest.raises(AudioError, match="cannot be written at 1000000 Hz"):
        with AudioSink(tmp_path / "a.flac", 1000000, 10):
            pass
    assert os.listdir(tmp_path) == []


def test_an_existing_output_is_refused_before_any_work(tmp_path):
    path = tmp_path / "out.wav"
    path.write_bytes(b"old")
    with pytest.raises(OutputExistsError):
        AudioSink(path, 16000, 10)
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("exception", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_after_an_error(tmp_path, exception):
    with pytest.raises(exception), AudioSink(tmp_path / "out.wav", 44100, 100000) as sink:
        sink.write(noise(5000))
        raise exception
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path):
    """A limit on the size of files stands in for the disk."""
    program = ("import resource, sys, numpy as np\n"
               "from neuralcodec.audio import AudioSink\n"
               "from neuralcodec.errors import OutputError\n"
               "resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))\n"
               "try:\n"
               "    with AudioSink(sys.argv[1], 16000, 100000) as sink:\n"
               "        sink.write(np.zeros(100000))\n"
               "except OutputError as error:\n"
               "    print(error)\n")
    done = subprocess.run([sys.executable, "-c", program, tmp_path / "out.wav"], capture_output=True, text=True)
    assert done.stdout == f"'{tmp_path / 'out.wav'}' cannot be written: File too large.\n", done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("num_samples", [0, 1, 12345])
def test_wav_to_a_pipe(num_samples):
    program = ("import sys\n"
               "from neuralcodec.audio import AudioSink, AudioSource\n"
               "source = AudioSource('-')\n"
               "with AudioSink('-', source.sample_rate, source.num_samples) as sink:\n"
               "    for block in source.blocks():\n"
               "        sink.write(block)\n")
    wav = io.BytesIO()
    soundfile.write(wav, noise(num_samples), 16000, format="WAV", subtype="PCM_16")
    done = subprocess.run([sys.executable, "-c", program], input=wav.getvalue(), capture_output=True, check=True)
    assert done.stdout == wav.getvalue()


def test_memory_does_not_grow_with_length(tmp_path):
    """The peak of three minutes at 48 kHz stays near that of ten seconds."""
    program = ("import sys, numpy as np\n"
               "from neuralcodec.audio import AudioSink, AudioSource\n"
               "with AudioSource(sys.argv[1]) as source, AudioSink(sys.argv[2], 48000, source.num_samples) as sink:\n"
               "    for block in source.blocks():\n"
               "        sink.write(block)\n"
               "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n")  # not that of the parent
    peaks = []
    for seconds in (10, 180):
        path = tmp_path / f"{seconds}.wav"
        with soundfile.SoundFile(path, "w", 48000, 1, "PCM_16") as file:
            for _ in range(seconds // 10):
                file.write(np.zeros(480000))
        out = tmp_path / f"out{seconds}.wav"
        done = subprocess.run([sys.executable, "-c", program, path, out], capture_output=True, check=True)
        peaks.append(int(done.stdout))
        assert soundfile.info(out).frames == 48000 * seconds
    assert peaks[1] < 1.2 * peaks[0]


TAGS = {"title": "Öl", "artist": "Someone", "comment": "two\nlines", "date": "1999"}


@pytest.mark.parametrize("extension, kept", [(".wav", TAGS), (".flac", TAGS), (".caf", TAGS), (".au", {}), (".w64", {}),
                                             (".aiff", {key: TAGS[key] for key in ("title", "artist", "comment")})])
def test_tags_come_back_where_the_format_has_room(tmp_path, extension, kept):
    path = tmp_path / f"out{extension}"
    with AudioSink(path, 16000, 100, tags=TAGS) as sink:
        sink.write(noise(100))
    assert AudioSource(path).tags == kept and AudioSource(path).num_samples == 100


def test_a_file_object_gets_a_wav():
    samples = np.random.default_rng(1).integers(-32768, 32768, 20001).astype(np.int16)
    for tags in ({}, TAGS):
        target = io.BytesIO()
        with AudioSink(target, 16000, len(samples), tags=tags) as sink:
            sink.write(samples / 32768)
        source = AudioSource(io.BytesIO(target.getvalue()))
        assert (source.num_samples, source.tags, source.remarks) == (len(samples), tags, [])
        np.testing.assert_array_equal(soundfile.read(io.BytesIO(target.getvalue()), dtype="int16")[0], samples)


def test_a_file_object_that_takes_a_part_of_each_write():
    class Stingy(io.RawIOBase):
        taken = b""

        def write(self, data):
            self.taken += bytes(data[:1000])
            return min(1000, len(data))

    target = Stingy()
    with AudioSink(target, 8000, 5000) as sink:
        sink.write(noise(10000))
    assert soundfile.info(io.BytesIO(target.taken)).frames == 5000


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_permissions_of_what_is_replaced_stay(tmp_path, mode):
    path = tmp_path / "out.wav"
    path.touch()
    path.chmod(mode)
    with AudioSink(path, 16000, 10, overwrite=True) as sink:
        sink.write(noise(10))
    assert path.stat().st_mode & 0o777 == mode and soundfile.info(path).frames == 10


def test_the_first_error_is_the_one_that_is_told(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="first"), AudioSink(tmp_path / "out.wav", 16000, 100000) as sink:
        sink.write(noise(20000))
        monkeypatch.setattr("neuralcodec.files.outputs._OutputFile.write", lambda *_: 1 / 0)
        raise ValueError("first")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("extension", [".aiff", ".au"])
def test_more_than_a_format_can_count(tmp_path, extension):
    with pytest.raises(AudioError, match="too long for its format; choose .wav or .flac"):
        AudioSink(tmp_path / f"out{extension}", 16000, 1 << 31)


def test_standard_output_is_that_of_the_package(tmp_path):
    program = "import sys; from neuralcodec.audio import AudioSink; AudioSink('-', 16000, 10).__enter__()"
    closed = subprocess.run(["sh", "-c", '"$0" "$@" >&-', sys.executable, "-c", program], stderr=subprocess.PIPE,
                            text=True)
    assert "NeuralCodecError: Standard output is closed; name a file" in closed.stderr
