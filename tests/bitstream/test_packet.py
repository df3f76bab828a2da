"""Packets come back exactly, each without any other; what is no packet is told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nested_payloads import make_nested_frames

from neuralcodec.bitstream.packet import read_packet, write_packet
from neuralcodec.bitstream.payloads import encode_block, ideal_bits
from neuralcodec.errors import NewerVersionError, PacketError


@pytest.fixture(scope="module", params=["time domain", "long-term prediction", "nested"])
def kind(request, tables, predicted_tables, nested_tables, random_frames):
    """(tables of three modules, makes so many frames) for each kind of cascade."""
    if request.param == "nested":
        return nested_tables(160), lambda count, rng: make_nested_frames(160, count, 3.0, rng)
    tables = predicted_tables if request.param == "long-term prediction" else tables
    return tables, lambda count, rng: random_frames(rng, count, 3, tables=tables)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 3), st.integers(0, 3), st.integers(-512, 512),
       st.none() | st.integers(-639, 959))
@settings(max_examples=25, deadline=None)
def test_round_trip(kind, seed, count, modules, protected, step_index, left):
    (tables, make), rng = kind, np.random.default_rng(seed)
    frames, before = make(count, rng).first(modules), make(protected, rng) if protected else None
    packet = read_packet(write_packet(frames, tables, step_index, before, left), tables, step_index)
    assert packet.frames == frames and packet.left == left and packet.protected == protected
    if protected:
        assert packet.before() == before.first(1)


def test_a_packet_costs_what_the_tables_say_and_no_lengths(kind):
    tables, make = kind
    for count in (1, 2, 3):
        frames = make(count, np.random.default_rng(count))
        size, ideal = len(write_packet(frames, tables)), ideal_bits(frames, tables).sum() / 8
        assert ideal - 1 < size - 1 < ideal + 1.5
        assert size < sum(map(len, encode_block(frames, tables))) + 2


def test_protection_does_not_change_what_comes_before_it(kind):
    tables, make = kind
    frames, before = (make(2, np.random.default_rng(seed)) for seed in (1, 2))
    bare, protecting = write_packet(frames, tables), write_packet(frames, tables, before=before)
    assert protecting[1: len(bare) - 8] == bare[1:-8]  # the last bytes depend on what follows
    assert len(protecting) > len(bare) + ideal_bits(before.first(1), tables).sum() / 8 - 2


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_packet_or_a_sentence(kind, data):
    tables, _ = kind
    try:
        packet = read_packet(data, tables)
        if packet.protected:
            packet.before()
    except (PacketError, NewerVersionError):
        return
    assert 1 <= len(packet.frames) <= 3


@pytest.mark.parametrize("data, error, message", [
    (b"", PacketError, "0 bytes"),
    (bytes(40000), PacketError, "40000 bytes"),
    (b"\x80", NewerVersionError, "update"),
    (b"\x03", NewerVersionError, "update"),
    (b"\x0c", PacketError, "4 modules"),
    (b"\x40\x00", PacketError, "impossible place"),
    (b"\x40\xff\x7f", PacketError, "impossible place"),
    ("text", PacketError, "not str"),
])
def test_what_is_no_packet_is_told(tables, data, error, message):
    with pytest.raises(error, match=message):
        read_packet(data, tables)
