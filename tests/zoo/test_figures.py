"""Measured figures: as text and tables."""

from neuralcodec.zoo.figures import format_figure, markdown_table

FIGURES = {"tiny": {"clips": 3, "kbps": (24.0, 23.5, 24.5), "pesq": (4.1, 4.0, 4.2)},
           "Opus 24": {"clips": 3, "kbps": (23.0, 22.0, 24.0), "pesq": (float("nan"),) * 3}}


def test_markdown_has_a_row_per_codec():
    lines = markdown_table(FIGURES).splitlines()
    assert lines[0] == "| codec | clips | kbps | pesq |" and lines[1] == "|---|---|---|---|"
    assert lines[2:] == ["| tiny | 3 | 24.00 ± 0.50 | 4.100 ± 0.100 |", "| Opus 24 | 3 | 23.00 ± 1.00 | - |"]


def test_one_clip_has_no_interval():
    table = markdown_table({"tiny": {"clips": 1, "kbps": (24.0, 24.0, 24.0), "pesq": (float("nan"),) * 3}})
    assert table.splitlines()[2] == "| tiny | 1 | 24.00 | - |"


def test_a_figure_has_the_decimals_that_it_is_good_for():
    assert format_figure("si_sdr", (8.123, 8.0, 8.5)) == "8.12 ± 0.25"
    assert format_figure("pesq", (4.1234, 4.1, 4.2)) == "4.123 ± 0.050" and format_figure("clips", 63) == "63"
