"""What a recording says about itself, kept in bounds."""

from neuralcodec.audio.tags import MAX_VALUE_BYTES, shown, tidy


def test_known_keys_in_order_and_nothing_empty():
    given = {"date": "1999", "album": "x", "title": " Öl\0 ", "artist": "", "comment": None}
    assert list(tidy(given).items()) == [("title", "Öl"), ("date", "1999")]


def test_long_values_are_cut_between_characters():
    value = tidy({"comment": "ü" * 3000})["comment"]
    assert value == "ü" * (MAX_VALUE_BYTES // 2)
    assert tidy({"title": "a\ud800b"}) == {"title": "a?b"}  # no half a character


def test_what_is_shown_cannot_command_a_terminal():
    assert shown("a\x1b[31mb\r\nc\u202e") == "a [31mb  c "
