"""Tags of a recording go into its file, and back."""

import io

import numpy as np
import pytest
import soundfile

from neuralcodec import codec_info
from neuralcodec.coding.edit import strip

TAGS = {"title": "Öl", "artist": "Someone", "comment": "two\nlines", "date": "1999"}


@pytest.fixture
def tagged(tmp_path, clip):
    with soundfile.SoundFile(tmp_path / "a.flac", "w", 16000, 1) as file:
        for key, value in TAGS.items():
            setattr(file, key, value)
        file.write(clip[0][:16000])
    return tmp_path / "a.flac"


def test_tags_go_there_and_back(tmp_path, codec, tagged):
    codec.compress(tagged, tmp_path / "a.nac")
    assert codec_info(tmp_path / "a.nac")["tags"] == TAGS and codec_info(tmp_path / "a.nac")["intact"]
    for name in ("a.wav", "b.flac"):
        codec.decompress(tmp_path / "a.nac", tmp_path / name)
        with soundfile.SoundFile(tmp_path / name) as file:
            assert {key: getattr(file, key) for key in TAGS} == TAGS
    codec.decompress(tmp_path / "a.nac", tmp_path / "a.au")
    codec.decompress(tmp_path / "a.nac", tmp_path / "bare.wav", tags=False)
    assert soundfile.SoundFile(tmp_path / "bare.wav").title == ""


def test_without_tags_files_are_as_ever(tmp_path, codec, tagged, clip):
    codec.compress(tagged, tmp_path / "a.nac", tags=False)
    samples, _ = soundfile.read(tagged, dtype="int16")
    assert (tmp_path / "a.nac").read_bytes() == codec.encode(samples, 16000)
    assert (tmp_path / "a.nac").read_bytes()[:4] == b"NAC\2" and codec_info(tmp_path / "a.nac")["tags"] == {}


def test_long_tags_are_cut(tmp_path, codec):
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 16000, 1) as file:
        file.comment, file.title = "ü" * 800, "\x1b[31mred"
        file.write(np.zeros(1000))
    codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    tags = codec_info(tmp_path / "a.nac")["tags"]
    assert len(tags["comment"].encode()) == 1000 and codec_info(tmp_path / "a.nac")["intact"]


def test_tags_survive_a_cut_of_modules(tmp_path, codec, tagged):
    codec.compress(tagged, tmp_path / "a.nac")
    small = strip((tmp_path / "a.nac").read_bytes(), modules=1)
    assert codec_info(io.BytesIO(small))["tags"] == TAGS
