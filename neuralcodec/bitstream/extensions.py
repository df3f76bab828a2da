"""Optional fields of a .nac header: tags, that a copy of the header follows, a gain. See docs/format.md.

Each field has a type. Readers pass over odd types that they do not know, and refuse a file with an even one, so that
later versions can add both what may and what must be understood.
"""

import re

from neuralcodec.bitstream.varint import from_varint, to_varint
from neuralcodec.errors import NewerVersionError

MAX_TAG_BYTES = 4096  # of all tags together
MAX_GAIN = 60  # dB

_TAGS = 1
_COPY = 2  # even: who does not know of the copy would take it for foreign bytes
_GAIN = 4
_KEY = re.compile("[a-z]{1,20}")


def write_extensions(tags, has_copy=False, gain=0):
    """All optional fields, as they stand in a header.

    Args:
        tags: dict of key (1 to 20 lower-case letters) -> text without zero bytes, which says something about the
            recording.
        has_copy: whether a copy of the header follows the last block.
        gain: dB by which the recording was amplified before it was coded, 0 to 60.

    Returns:
        bytes; none without tags, copy and gain.

    Raises:
        ValueError: tags that are too long, or of other keys.
    """
    content = "\0".join(f"{key}={value}" for key, value in tags.items()).encode()
    if read_tags(content) != tags:
        raise ValueError("impossible tags")
    fields = bytes([_TAGS]) + to_varint(len(content)) + content if tags else b""
    return fields + (bytes([_COPY, 0]) if has_copy else b"") + (bytes([_GAIN, 1, gain]) if gain else b"")


def read_extensions(data):
    """What the optional fields say.

    Args:
        data: bytes of all of them.

    Returns:
        (tags, whether a copy of the header follows the last block, gain in dB); tags are a dict of key -> text.

    Raises:
        ValueError: they are not valid.
        NewerVersionError: one of them has to be understood, and is not known.
    """
    tags, gain, at, seen = {}, 0, 0, set()
    while at < len(data):
        kind = data[at]
        size, start = from_varint(data, at + 1)
        at = start + size
        if at > len(data) or kind in seen:
            raise ValueError("impossible optional fields")
        seen.add(kind)
        if kind == _TAGS:
            tags = read_tags(data[start:at])
        elif kind == _COPY:
            if size:
                raise ValueError("impossible optional fields")
        elif kind == _GAIN:
            gain = data[start] if size == 1 else 0
            check_gain(gain)
        elif kind % 2 == 0:
            raise NewerVersionError("The file has a field in its header that this program does not know and needs to "
                                    "understand; update neuralcodec.")
    return tags, _COPY in seen, gain


def check_gain(gain):
    """ValueError for a gain in dB that no file states."""
    if not 1 <= gain <= MAX_GAIN:
        raise ValueError("impossible gain")


def read_tags(content):
    """dict of key -> text from the content of a field of tags; ValueError where it is not valid."""
    if len(content) > MAX_TAG_BYTES:
        raise ValueError("too many tags")
    tags = {}
    for entry in content.decode().split("\0") if content else ():
        key, separator, value = entry.partition("=")
        if not separator or not _KEY.fullmatch(key) or key in tags:
            raise ValueError("impossible tags")
        tags[key] = value
    return tags
