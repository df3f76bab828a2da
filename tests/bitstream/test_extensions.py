"""Optional fields of a header: bounded, and safe to read from strangers."""

import dataclasses
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.extensions import MAX_TAG_BYTES, read_extensions, read_tags, write_extensions
from neuralcodec.bitstream.header import Header, read_header, to_crc, write_header
from neuralcodec.bitstream.varint import to_varint
from neuralcodec.errors import DamagedFileError, NewerVersionError

HEADER = Header("cq-24k", b"8 bytes!", 44100, 100_000, 36_281, 2, -3)
SIZES = [3000, 2999, 300]
TAGS = {"title": "Öl = Wasser\nzwei", "artist": "", "date": "1999"}


def file_with(area, version=2):
    """A header with any optional fields and a correct CRC."""
    plain = write_header(HEADER, SIZES)
    index = b"".join(map(to_varint, SIZES))
    body = plain[5:-4].removesuffix(index) + to_varint(len(area)) + area + index
    start = b"NAC" + bytes([version]) + to_varint(len(body)) + body
    return io.BytesIO(start + to_crc(start))


def read(file):
    """Header and index, as from a pipe: the blocks are not there."""
    file.seekable = lambda: False
    header, sizes = read_header(file)
    return header, sizes.tolist()


def field(kind, content):
    return bytes([kind]) + to_varint(len(content)) + content


@given(st.dictionaries(st.from_regex("[a-z]{1,20}", fullmatch=True),
                       st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=100)),
       st.integers(0, 60))
def test_round_trip(tags, gain):
    header = dataclasses.replace(HEADER, tags=tags, gain=gain)
    assert read(io.BytesIO(write_header(header, SIZES))) == (header, SIZES)
    assert read_extensions(write_extensions(tags)) == (tags, False, 0)
    assert read_extensions(write_extensions(tags, has_copy=True, gain=gain)) == (tags, True, gain)


def test_bytes_are_the_documented_ones():
    header = dataclasses.replace(HEADER, tags={"title": "a", "date": "1999"})
    assert write_header(header, SIZES) == file_with(b"\1\x11title=a\0date=1999").getvalue()


def test_files_without_tags_stay_version_1():
    assert write_header(HEADER, SIZES)[3] == 1 and write_header(dataclasses.replace(HEADER, tags=TAGS), SIZES)[3] == 2
    assert read(file_with(b"")) == (HEADER, SIZES)  # though nobody writes it so


def test_fields_that_are_not_known():
    """Odd ones are passed over, even ones are not."""
    tags = write_extensions(TAGS)
    for area in (field(3, b"later") + tags, tags + field(255, b""), tags):
        assert read(file_with(area))[0].tags == TAGS
    for kind in (0, 6, 254):
        with pytest.raises(NewerVersionError, match="update neuralcodec"):
            read(file_with(tags + field(kind, b"x")))


@pytest.mark.parametrize("area", [
    b"\1", b"\1\5abc", field(1, b"title"), field(1, b"=a"), field(1, b"Title=a"), field(1, b"title=\xff"),
    field(1, b"title=a\0title=b"), field(1, b"title=a\0"), field(1, b"") + field(1, b""), field(1, b"\0"),
    field(2, b"x"), field(2, b"") * 2, field(4, b""), field(4, b"\0"), field(4, b"\x3d"), field(4, b"\1\1"),
    field(1, b"title=" + bytes([97]) * MAX_TAG_BYTES), b"\1\xff\xff\xff\xff\xff\xff\xff",
])
def test_fields_that_are_not_valid(area):
    with pytest.raises(DamagedFileError):
        read(file_with(area))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(area):
    try:
        header, sizes = read(file_with(area))
    except (DamagedFileError, NewerVersionError):
        return
    assert sizes == SIZES and all(isinstance(value, str) for value in header.tags.values())


@pytest.mark.parametrize("tags", [{"": "a"}, {"a b": "c"}, {"title": "a\0b"}, {"title": "a" * 5000},
                                  {"title": "\0date=1"}])
def test_tags_that_cannot_be_written(tags):
    with pytest.raises(ValueError):
        write_header(dataclasses.replace(HEADER, tags=tags), SIZES)
    with pytest.raises(ValueError):
        read_tags(b"title")
