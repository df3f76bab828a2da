"""The page: well-formed, alone in the world, and true to the measurement."""

import base64
import io
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile

from neuralcodec.evaluation import page

PNG = b"\x89PNG light"
VOID = {"meta", "source", "img", "br"}


class Page(HTMLParser):
    """Checks that elements nest, and keeps them: (tag, attributes) in `elements`, visible text in `text`."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self._open = [], [], []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] != ["style"]:
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html(report):
    images = {name: PNG for name in ("rate-pesq.png", "rate-si_sdr.png", page.SPECTROGRAMS)}
    return page.render(report, images, {name: b"\x89PNG dark" for name in images})


@pytest.fixture(scope="module")
def parsed(html):
    return Page(html)


def test_nothing_is_loaded_from_outside(parsed):
    targets = [attributes[key] for _, attributes in parsed.elements for key in ("src", "srcset", "href", "action")
               if key in attributes]
    assert targets and all(target.startswith(("data:", "#")) for target in targets)
    assert not {"script", "link", "iframe", "base"} & {tag for tag, _ in parsed.elements}
    policy, = (meta["content"] for meta in parsed.all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'")


def test_contents_lead_to_sections(parsed):
    places = [attributes["id"] for attributes in parsed.all("section")]
    assert [attributes["href"] for attributes in parsed.all("a")] == [f"#{place}" for place in places]
    assert places == ["rate-and-quality", "listen", "spectrograms", "groups", "worst-recordings", "versions"]


def test_names_are_text_and_not_markup(parsed, html):
    assert "x<i>y-9k" in parsed.text and "reading/bob/<b>.wav" in parsed.text
    assert "<i>" not in html and "<b>" not in html


def test_players_hold_the_sound(parsed, report):
    players = {attributes["aria-label"]: attributes["src"] for attributes in parsed.all("audio")}
    assert list(players) == [f"{voice} voice, {name}" for voice in ("Female", "Male")
                             for name in ("original", "Opus 9", "AMR-WB 8.85")]  # the presets' rates are far away
    voice = report.voices[0]
    for name, samples in (("original", voice.reference), ("Opus 9", voice.takes["Opus 9"].samples)):
        kind, data = players[f"Female voice, {name}"].split(",")
        assert kind == "data:audio/flac;base64"
        heard, rate = soundfile.read(io.BytesIO(base64.b64decode(data)))
        assert rate == 16000
        np.testing.assert_allclose(heard, np.clip(samples, -1, 1), atol=2 / 32768)


def test_pictures_come_in_light_and_dark(parsed):
    assert {image["src"] for image in parsed.all("img")} == {f"data:image/png;base64,{base64.b64encode(PNG).decode()}"}
    assert all(image["alt"] for image in parsed.all("img"))
    assert {source["media"] for source in parsed.all("source")} == {"(prefers-color-scheme: dark)"}


def test_tables_hold_the_figures(parsed, report):
    mean, low, high = report.figures["Opus 9"]["si_sdr"]
    assert f"{mean:.2f} ± {(high - low) / 2:.2f}" in parsed.text
    assert "lines at 200 Hz (dB)" in parsed.text
    assert page._mean("lines_200", report.figures["Opus 9"]) in parsed.text
    assert "female (2)" in parsed.text and "child (1)" in parsed.text
    # of a single recording, the child's, there is no interval
    child, = (row["si_sdr"] for row in report.rows if row["clip"].startswith("phones") and row["codec"] == "Opus 9")
    assert f"{child:.2f}" in parsed.text
    worst = min((row for row in report.rows if row["codec"] == "cq-24k"), key=lambda row: row["pesq"])
    start = parsed.text.index("cq-24k, by PESQ-WB")
    assert worst["clip"] == next(text for text in parsed.text[start:] if text.endswith(".wav"))


def test_without_labels_and_peers(coarse, labelled_folder, monkeypatch):
    from neuralcodec.evaluation import report as reporting

    monkeypatch.setattr(reporting, "find_labels", lambda data: None)
    monkeypatch.setattr(reporting, "METRICS", ("si_sdr",))
    files = sorted(labelled_folder.rglob("*.wav"))[:1]
    alone = reporting.measure(files[0], files, [coarse("cq-24k", 6)])
    parsed = Page(page.render(alone, {page.SPECTROGRAMS: PNG}, {page.SPECTROGRAMS: PNG}))
    assert "groups" not in [attributes["id"] for attributes in parsed.all("section")]
    assert [attributes["aria-label"] for attributes in parsed.all("audio")] == ["Recording 1, original"]
    assert any("No codec was measured" in text for text in parsed.text)
