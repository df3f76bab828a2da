"""Edits of bytes, as data: drawn by a plain loop from a random generator, or by hypothesis, which makes them smaller.

    document    tuple of bytes: the parts of what is attacked, such as a header's fields and each block
    edit        Edit: what is done to which part, at which place
"""

from typing import NamedTuple

KINDS = ("flip", "set", "fill", "insert", "delete", "repeat", "cut", "number", "swap")
BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF, 0x20, 0x0A)
NUMBERS = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 48, (1 << 63) - 1, (1 << 64) - 1)
WIDTHS = (1, 2, 4, 8)
RANGE = 1 << 16  # of the numbers in an edit


class Edit(NamedTuple):
    """One change. All but `kind` are from 0 to RANGE - 1, and mean a share of what there is to choose from."""

    kind: str
    part: int
    place: int
    size: int
    value: int


def random_edits(rng):
    """A few edits, mostly one.

    Args:
        rng: random.Random.
    """
    return [Edit(rng.choice(KINDS), *(rng.randrange(RANGE) for _ in range(4)))
            for _ in range(rng.choice((1, 1, 1, 2, 5)))]


def edited(document, edits):
    """A document after some edits."""
    parts = list(document)
    for edit in edits:
        number = edit.part * len(parts) // RANGE
        parts[number] = _edited(parts[number], edit)
    return tuple(parts)


def _edited(data, edit):
    at, size = edit.place * len(data) // RANGE, 1 + edit.size % 64
    before, behind = data[:at], data[at:]
    if edit.kind == "flip" and behind:
        return before + bytes([behind[0] ^ 1 << edit.value % 8]) + behind[1:]
    if edit.kind == "set" and behind:
        return before + bytes([edit.value % 256]) + behind[1:]
    if edit.kind == "fill":
        return before + bytes([BYTES[edit.value % len(BYTES)]]) * min(size, len(behind)) + behind[size:]
    if edit.kind == "insert":
        return before + bytes(edit.value * (i + 1) % 251 for i in range(size)) + behind
    if edit.kind == "delete":
        return before + behind[size:]
    if edit.kind == "repeat":
        return before + behind[:size] * (1 + edit.value % 8) + behind
    if edit.kind == "cut":
        return before
    if edit.kind == "number":
        width, order = WIDTHS[edit.size % len(WIDTHS)], ("little", "big")[edit.size // len(WIDTHS) % 2]
        number = NUMBERS[edit.value % len(NUMBERS)] & (1 << 8 * width) - 1
        return before + number.to_bytes(width, order) + behind[width:]
    if edit.kind == "swap" and len(behind) >= 2 * size:
        return before + behind[size:2 * size] + behind[:size] + behind[2 * size:]
    return data
