"""Formats that cannot be read: each is named, and so is the way."""

import io

import pytest

from neuralcodec.audio import AudioSource
from neuralcodec.errors import AudioError


@pytest.mark.parametrize("start, kind", [
    (b"\0\0\0\x20ftypM4A \0\0\2\0", "an M4A file"), (b"\0\0\0\x20ftypisom\0\0\2\0", "an MP4 file"),
    (b"\0\0\0\x20ftyp3gp4\0\0\2\0", "a 3GP file"), (b"\xff\xf1\x50\x80\x02\x1f\xfc", "an AAC file"),
    (b"\x1a\x45\xdf\xa3\x9f", "a WebM or Matroska file"), (b"#!AMR\n", "an AMR file"), (b"#!AMR-WB\n", "an AMR file"),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "a WMA file"), (b"wvpk", "a WavPack file"),
    (b"RIFF\0\0\0\0AVI LIST", "an AVI video"), (b"OggS\0\2" + bytes(20) + b"\1\x50Speex   ", "an Ogg Speex file"),
])
def test_what_cannot_be_read_is_named_with_the_way(start, kind):
    with pytest.raises(AudioError, match=f"^The stream is {kind}, which cannot be read as it is; .*ffmpeg.*compress -"):
        AudioSource(io.BytesIO(start + bytes(3000)))


def test_what_is_not_to_be_converted():
    with pytest.raises(AudioError, match="is a .nac file, which is compressed already; `neuralcodec decompress`"):
        AudioSource(io.BytesIO(b"NAC\1" + bytes(100)))
    with pytest.raises(AudioError, match="is a ZIP archive, not a recording; unpack it first"):
        AudioSource(io.BytesIO(b"PK\3\4" + bytes(100)))


def test_a_codec_in_a_known_container_that_is_not_known():
    wav = (b"RIFF\x44\x10\0\0WAVEfmt \x10\0\0\0\x23\x01\1\0\x80\x3e\0\0\x80\x3e\0\0\1\0\x08\0data\0\x10\0\0" +
           bytes(4096))
    with pytest.raises(AudioError, match="is damaged, or of a kind that cannot be decoded; convert it.*ffmpeg"):
        AudioSource(io.BytesIO(wav))
