import numpy as np
import pytest

from neuralcodec.bitstream.frames import Frames


def test_blocks_join_to_the_whole(random_frames):
    frames = random_frames(0, 117, 2)
    blocks = frames.blocks()
    assert [len(block) for block in blocks] == [50, 50, 17]
    assert Frames.concatenate(blocks) == frames


def test_no_frames_no_blocks(random_frames):
    assert random_frames(0, 0, 1).blocks() == []


def test_slices(random_frames):
    frames = random_frames(0, 10, 2)
    part = frames[3:5]
    assert len(part) == 2
    np.testing.assert_array_equal(part.modules[1], frames.modules[1][3:5])


def test_side_is_lsf_then_gain():
    frames = Frames(np.full((2, 16), 3), np.full((2, 2), -4), [])
    assert frames.side.dtype == np.int8
    assert frames.side.tolist() == [[3] * 16 + [-4] * 2] * 2


def test_equal_are_equal_symbols(random_frames):
    frames = random_frames(0, 3, 2)
    assert frames == random_frames(0, 3, 2)
    for name in ("lsf", "gain"):
        other = random_frames(0, 3, 2)
        getattr(other, name)[2, 1] ^= 1
        assert frames != other
    assert frames != Frames(frames.lsf, frames.gain, frames.modules[:1])
    assert frames != frames[:2]


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
        Frames(**fields)


def test_modules_of_different_number_do_not_join(random_frames):
    with pytest.raises(ValueError):
        Frames.concatenate([random_frames(0, 1, 1), random_frames(0, 1, 2)])
