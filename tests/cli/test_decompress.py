"""`neuralcodec decompress`: parts of a recording."""

import numpy as np
import pytest
import soundfile


@pytest.fixture
def coded(tmp_path, codec, clip):
    """A file of five seconds."""
    path = tmp_path / "a.nac"
    path.write_bytes(codec.encode(clip[0][:80000], 16000))
    return path


def test_a_stretch(cli, installed, coded, codec):
    assert cli("decompress", "a.nac", "--start", 2.5, "--duration", 0.75) == (0, b"", "")
    samples, _ = soundfile.read("a.wav")
    expected, _ = codec.decode(coded.read_bytes(), start=2.5, stop=3.25)
    np.testing.assert_allclose(samples, expected, atol=1 / 32768)
    assert cli("decompress", "a.nac", "--start", 4, "-o", "b.wav")[0] == 0
    assert soundfile.info("b.wav").frames == 16000
    assert cli("decompress", "a.nac", "--duration", 1, "-o", "c.wav")[0] == 0
    assert soundfile.info("c.wav").frames == 16000
    assert cli("decompress", "a.nac", "--start", 4, "-o", "b.wav", "--skip-existing")[0] == 0  # it is complete
    assert cli("decompress", "a.nac", "--start", 3, "-o", "b.wav", "--skip-existing")[0] == 1


def test_a_stretch_of_a_damaged_file_into_a_pipe(cli, installed, coded):
    data = bytearray(coded.read_bytes())
    data[-10] ^= 1
    coded.write_bytes(data)
    code, wav, _ = cli("decompress", "a.nac", "--start", 1, "--duration", 1, "-o", "-")
    assert code == 0 and len(wav) == 44 + 2 * 16000
    assert cli("decompress", "a.nac", "--start", 1, "-o", "-")[:2] == (1, b"")


@pytest.mark.parametrize("arguments, code, words", [
    (["--start", "6"], 1, "The recording ends at 5.000 s, before the start at 6 s"),
    (["--start", "-1"], 2, "--start"),
    (["--duration", "x"], 2, "--duration"),
    (["--max-seconds", "3"], 1, "5.0 s at 16000 Hz, and at most 3.0 s are allowed; raise --max-seconds"),
])
def test_what_there_is_not(cli, installed, coded, tmp_path, arguments, code, words):
    found, out, err = cli("decompress", "a.nac", *arguments)
    assert (found, out) == (code, b"") and words in err and not (tmp_path / "a.wav").exists()


def test_a_damaged_file(cli, installed, coded):
    data = coded.read_bytes()
    coded.write_bytes(data[:20] + b"!" + data[21:len(data) // 2] + b"!!" + data[len(data) // 2 + 2:])
    assert cli("decompress", "a.nac")[0] == 1
    code, out, err = cli("decompress", "a.nac", "--conceal")
    assert (code, out) == (0, b"") and soundfile.info("a.wav").frames == 80000
    assert err.startswith("Note: 'a.nac' is damaged: its header is damaged and was taken from its copy; 2.0 to 3.0 s")


def test_verify(cli, coded, tmp_path):
    data = coded.read_bytes()
    assert cli("verify", "a.nac") == (0, b"a.nac: ok\n", "")
    (tmp_path / "b.nac").write_bytes(data[:len(data) // 2])
    (tmp_path / "c.wav").write_bytes(b"RIFF....")
    code, out, err = cli("verify", "b.nac", "a.nac", "c.wav", "none.nac")
    lines = out.decode().splitlines()
    assert (code, err) == (1, "") and lines[:2] == ["b.nac: The file ends at 2.0 s of its 5.0 s.", "a.nac: ok"]
    assert "not a .nac file" in lines[2] and "no file" in lines[3]
