"""Before and after: what counts as better."""
import pytest

from neuralcodec.errors import NotBetterError
from neuralcodec.training.comparison import Change, FinetuneHistory, changes_of, check_better, gains


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


def test_every_prefix_counts():
    """It may get worse for one prefix where it gets better for the others, but no rate may be missed."""
    def nested(*pairs):
        changes = [Change({"kbps": 9.0, "pesq": 3.5}, {"kbps": kbps, "pesq": pesq}, {}) for kbps, pesq in pairs]
        return FinetuneHistory({}, **vars(changes[-1]), pieces=3, prefixes=dict(enumerate(changes, start=1)))

    check_better(nested((9.1, 3.7), (8.9, 3.4)))
    with pytest.raises(NotBetterError, match="not better .* pesq 3.550; before .* pesq 3.400 .3 held-back"):
        check_better(nested((9.0, 3.55), (9.0, 3.4)))
    with pytest.raises(NotBetterError, match="missed the bitrate"):
        check_better(nested((9.4, 3.7), (9.0, 3.7)))


def test_changes_are_those_of_each_prefix():
    rows = [[{"clip": "0", "codec": "a", "seconds": 1.0, "kbps": kbps, "pesq": 3.0}] for kbps in (9.0, 16.0)]
    better = [[{**row, "pesq": 3.5} for row in part] for part in rows]
    first, second = changes_of(rows, better)
    assert (first.before["kbps"], second.after) == (9.0, {"kbps": 16.0, "pesq": 3.5})
    assert second.gain["pesq"] == (0.5, 0.5, 0.5)


def test_gains_are_paired():
    before = [{"clip": str(i), "codec": "a", "seconds": 1.0, "kbps": 9.0, "pesq": 3.0 + i} for i in range(4)]
    after = [{**row, "codec": "b", "pesq": row["pesq"] + 0.1} for row in before]
    mean, low, high = gains(before, after)["pesq"]
    assert mean == pytest.approx(0.1) and low == pytest.approx(0.1) and high == pytest.approx(0.1)
