import numpy as np
import pytest

from neuralcodec.bitstream.frames import Packets


def test_blocks_join_to_the_whole(random_packets):
    packets = random_packets(0, 117, 2)
    blocks = packets.blocks()
    assert [len(block) for block in blocks] == [50, 50, 17]
    assert Packets.concatenate(blocks) == packets


def test_no_packets_no_blocks(random_packets):
    assert random_packets(0, 0, 1).blocks() == []


def test_slices(random_packets):
    packets = random_packets(0, 10, 2)
    part = packets[3:5]
    assert len(part) == 2
    np.testing.assert_array_equal(part.modules[1], packets.modules[1][3:5])


def test_side_is_lsf_then_gain():
    packets = Packets(np.full((2, 16), 3), np.full((2, 2), -4), [])
    assert packets.side.dtype == np.int8
    assert packets.side.tolist() == [[3] * 16 + [-4] * 2] * 2


def test_equal_are_equal_symbols(random_packets):
    packets = random_packets(0, 3, 2)
    assert packets == random_packets(0, 3, 2)
    for name in ("lsf", "gain"):
        other = random_packets(0, 3, 2)
        getattr(other, name)[2, 1] ^= 1
        assert packets != other
    assert packets != Packets(packets.lsf, packets.gain, packets.modules[:1])
    assert packets != packets[:2]


def zeros(lsf=(4, 16), gain=(4, 2), module=(4, 320)):
    return {"lsf": np.zeros(lsf, int), "gain": np.zeros(gain, int), "modules": [np.zeros(module, int)]}


@pytest.mark.parametrize(
    "fields",
    [
        zeros(lsf=(4, 15)),
        zeros(gain=(3, 2)),
        zeros(module=(4, 80)),
        zeros() | {"lsf": np.full((4, 16), 32)},
        zeros() | {"gain": np.full((4, 2), -32)},
        zeros() | {"modules": [np.full((4, 320), -128)]},
        zeros() | {"modules": [np.full((4, 320), 256)]},
        zeros() | {"lsf": np.zeros((4, 16))},
    ],
)
def test_wrong_symbols_are_refused(fields):
    with pytest.raises(ValueError):
        Packets(**fields)


def test_modules_of_different_number_do_not_join(random_packets):
    with pytest.raises(ValueError):
        Packets.concatenate([random_packets(0, 1, 1), random_packets(0, 1, 2)])
