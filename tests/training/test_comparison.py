"""Before and after: what counts as better."""
import pytest

from neuralcodec.errors import NotBetterError
from neuralcodec.training.comparison import FinetuneHistory, check_better, gains


def history(before, after):
    return FinetuneHistory({}, before, after, {}, 3)


@pytest.mark.parametrize("before, after", [
    ({"kbps": 9.0, "pesq": 3.5, "mel_distance": 1.0}, {"kbps": 9.2, "pesq": 3.6, "mel_distance": 1.1}),
    ({"kbps": 9.0, "mel_distance": 1.0}, {"kbps": 8.8, "mel_distance": 0.9}),
])
def test_better_at_the_same_rate_is_kept(before, after):
    check_better(history(before, after))


@pytest.mark.parametrize("before, after, message", [
    ({"kbps": 9.0, "pesq": 3.5}, {"kbps": 9.0, "pesq": 3.49}, "not better .* pesq 3.500; after 9.00 kbps, pesq 3.490"),
    ({"kbps": 9.0, "pesq": 3.5}, {"kbps": 9.0, "pesq": float("nan")}, "not better"),
    ({"kbps": 9.0, "mel_distance": 1.0}, {"kbps": 9.0, "mel_distance": 1.1}, "not better"),
    ({"kbps": 9.0, "pesq": 3.5}, {"kbps": 9.4, "pesq": 4.0}, "missed the bitrate"),
    ({"kbps": 9.0, "pesq": 3.5}, {"kbps": 8.6, "pesq": 4.0}, "missed the bitrate"),
])
def test_anything_else_is_refused(before, after, message):
    with pytest.raises(NotBetterError, match=message) as caught:
        check_better(history(before, after))
    assert caught.value.history.after is after


def test_gains_are_paired():
    before = [{"clip": str(i), "codec": "a", "seconds": 1.0, "kbps": 9.0, "pesq": 3.0 + i} for i in range(4)]
    after = [{**row, "codec": "b", "pesq": row["pesq"] + 0.1} for row in before]
    mean, low, high = gains(before, after)["pesq"]
    assert mean == pytest.approx(0.1) and low == pytest.approx(0.1) and high == pytest.approx(0.1)
