"""Which codecs and recordings are heard."""

from neuralcodec.evaluation.listening import choose_clips, family, nearest


def test_families():
    names = ("AMR-WB 23.85", "Opus 9", "cq-24k", "cmrl-9k", "someone/cq-16k", "mine")
    assert [family(name) for name in names] == ["AMR-WB", "Opus", "cq", "cmrl", "someone/cq", "mine"]


def test_the_nearest_of_every_family_that_comes_near():
    figures = {name: {"kbps": (kbps, kbps, kbps)} for name, kbps in
               (("cq-9k", 9.2), ("cq-24k", 23.8), ("Opus 9", 8.3), ("Opus 12", 10.9), ("AMR-WB 6.60", 6.6))}
    assert nearest(figures, 9) == ["cq-9k", "Opus 9"]
    assert nearest(figures, 24) == ["cq-24k"]


def test_one_female_and_one_male_voice_of_about_six_seconds():
    rows = [{"clip": clip, "seconds": seconds} for clip, seconds in (("a", 20), ("b", 5), ("c", 6), ("d", 1))]
    assert choose_clips(rows, {"female": {"a", "b"}, "male": {"d"}, "corpus": {"c"}}) == [
        ("Female voice", "b"), ("Male voice", "d")]
    assert choose_clips(rows, {}) == [("Recording 1", "c"), ("Recording 2", "b")]
    assert choose_clips(rows[:1], {"corpus": {"a"}}) == [("Recording 1", "a")]
