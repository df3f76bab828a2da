"""What a recording says about itself: title, artist, comment and date, bounded, as text that is safe to show."""

KEYS = ("title", "artist", "comment", "date")
MAX_VALUE_BYTES = 1000  # of UTF-8, so that all of them stay below 4 KiB


def tidy(tags):
    """Tags as they are kept: known keys, no empty values, none that is longer than it may be.

    Args:
        tags: dict of key -> str, in any order.

    Returns:
        dict of key -> str, in the order of `KEYS`.

    Example:
        >>> tidy({"artist": "  Someone\\0", "album": "Unknown here", "title": ""})
        {'artist': 'Someone'}
    """
    kept = ((key, _cut(tags.get(key) or "")) for key in KEYS)
    return {key: value for key, value in kept if value}


def _cut(value):
    data = value.replace("\0", " ").strip().encode("utf-8", "replace")
    return data[:MAX_VALUE_BYTES].decode("utf-8", "ignore").strip()


def shown(value):
    """A value on one line, without characters that would move a terminal's cursor or change its colours."""
    return "".join(character if character.isprintable() else " " for character in value)
