"""Plots: what they show, not how they look."""

import io

import numpy as np
import pytest
from matplotlib.image import imread

from neuralcodec.evaluation import plots

FIGURES = {name: {"clips": 3, "kbps": (kbps, kbps - 1, kbps + 1), "pesq": (value, value - 0.1, value + 0.1)}
           for name, kbps, value in (("cq-24k", 24.0, 4.4), ("cq-9k", 9.0, 3.7), ("Opus 24", 23.0, 4.4),
                                     ("Opus 9", 8.0, np.nan))}
FAMILIES = {"cq-24k": "cq", "cq-9k": "cq", "Opus 24": "Opus", "Opus 9": "Opus"}


@pytest.fixture
def drawn(monkeypatch):
    """Figures as they are turned into PNGs."""
    figures, png = [], plots._png
    monkeypatch.setattr(plots, "_png", lambda figure, *dpi: figures.append(figure) or png(figure, *dpi))
    return figures


def pixels(png):
    return imread(io.BytesIO(png))


def test_a_line_per_family_in_the_order_of_the_rates(drawn):
    image = pixels(plots.rate_plot(FIGURES, FAMILIES, "pesq"))
    axes, = drawn[0].axes
    lines = {container.get_label(): container.lines[0] for container in axes.containers}
    assert list(lines["cq"].get_xdata()) == [9, 24] and list(lines["cq"].get_ydata()) == [3.7, 4.4]
    assert list(lines["Opus"].get_xdata()) == [23]  # an undefined figure has no place
    assert axes.get_ylabel() == "PESQ-WB" and "kbps" in axes.get_xlabel()
    assert image.shape[1] > 900 and image[0, 0, :3].tolist() == [1, 1, 1]


def test_bars_are_the_intervals(drawn):
    plots.rate_plot({"cq-24k": FIGURES["cq-24k"]}, FAMILIES, "pesq")
    container, = drawn[0].axes[0].containers
    assert container.get_label() == "cq-24k"  # alone in its family
    ends = [segment for bars in container.lines[2] for segment in bars.get_segments()]
    np.testing.assert_allclose(ends, [[[23, 4.4], [25, 4.4]], [[24, 4.3], [24, 4.5]]])


@pytest.mark.filterwarnings("error")
def test_nothing_defined_is_an_empty_plot():
    assert pixels(plots.rate_plot({"Opus 9": FIGURES["Opus 9"]}, FAMILIES, "pesq")).ndim == 3


def test_dark_plots_are_dark():
    assert pixels(plots.rate_plot(FIGURES, FAMILIES, "pesq", dark=True))[0, 0, :3].max() < 0.2
    assert pixels(plots.spectrogram_plot([("a", np.zeros(100, np.float32))], dark=True))[0, 0, :3].max() < 0.2


def test_spectrograms_are_titled_and_share_a_scale(drawn):
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    plots.spectrogram_plot([("original", tone), ("cq-24k, 24 kbps", tone / 10), ("short", tone[:10])])
    panels = [axes for axes in drawn[0].axes if axes.images]
    assert [axes.get_title(loc="left") for axes in panels] == ["original", "cq-24k, 24 kbps", "short"]
    (low, high), = {axes.images[0].get_clim() for axes in panels}
    assert high == pytest.approx(-20, abs=0.01) and low < -80


def test_a_spectrogram_has_the_level_of_a_tone_at_its_frequency():
    power = plots.spectrogram(0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000))
    assert (power.argmax(axis=0) == 32).all()  # 31.25 Hz a bin
    np.testing.assert_allclose(power.max(axis=0), -20, atol=0.01)
