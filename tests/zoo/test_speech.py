"""What a preset learnt from, as its owner says it."""

from types import SimpleNamespace

import pytest

from neuralcodec.errors import ConfigError
from neuralcodec.zoo.speech import check_speech, speech_entries, training_speech, tuned_entries

CORPUS = {"name": "My podcast", "attribution": "© 2025 Me", "licence": "CC0-1.0", "language": "de"}
SPEECH = {"corpora": [CORPUS], "hours": 2.5, "languages": ["de", "pt-BR"], "description": "talk", "licence": "MIT"}


@pytest.mark.parametrize("speech", [{}, SPEECH, {"corpora": [{"name": "one"}]}, {"hours": 3}])
def test_what_can_be_said(speech):
    check_speech(speech)


@pytest.mark.parametrize("speech, message", [
    ([], "must be an object"),
    ({"hour": 2}, "Unknown key of \"speech\" 'hour'; did you mean 'hours'?"),
    ({3: 2}, "Unknown key of \"speech\" 3; known are corpora, description, hours"),
    ({"hours": "2"}, '"hours" in "speech" must be a number; got \'2\''),
    ({"hours": float("nan")}, "hours"),
    ({"hours": -1}, "hours"),
    ({"languages": "de"}, "list of ISO 639 codes"),
    ({"languages": ["German"]}, "list of ISO 639 codes"),
    ({"languages": [["de"]]}, "languages"),
    ({"corpora": CORPUS}, "list of objects"),
    ({"corpora": ["LibriSpeech"]}, "list of objects"),
    ({"corpora": [{"licence": "MIT"}]}, "of which the first is needed"),
    ({"corpora": [{"name": "one", "year": "2025"}]}, "corpora"),
    ({"corpora": [{"name": "one\ntwo"}]}, "corpora"),
    ({"corpora": [{"name": "one", "language": "German"}]}, "corpora"),
    ({"description": 3}, "a line of text"),
    ({"licence": "MIT\nlibrary_name: other"}, "SPDX identifier"),
])
def test_what_cannot_be_said(speech, message):
    with pytest.raises(ConfigError, match=message):
        check_speech(speech)
    assert training_speech({"speech": speech}) == {}


def test_metadata_has_the_licence_beside_the_speech():
    assert speech_entries({}) == {"license": "NOASSERTION"}
    entries = speech_entries(SPEECH)
    assert entries["license"] == "MIT" and "licence" not in entries["speech"]
    assert training_speech(entries) == {key: value for key, value in SPEECH.items() if key != "licence"}
    assert training_speech({}) == {}


def preset(**metadata):
    return SimpleNamespace(name="base", repository=None, metadata={"license": "CC-BY-4.0", **metadata})


def test_a_tuned_preset_keeps_the_corpora_of_its_base_and_nothing_else():
    base = preset(speech={"corpora": [{"name": "LibriSpeech"}], "hours": 3.5, "languages": ["en"]})
    assert tuned_entries(base, {}) == {"license": "NOASSERTION", "speech": {"corpora": [{"name": "LibriSpeech"}]},
                                       "base_model": "base", "base_license": "CC-BY-4.0"}
    base.repository = "user/base"
    entries = tuned_entries(base, SPEECH)
    assert entries["base_model"] == "user/base" and entries["license"] == "MIT"
    assert entries["speech"] == {**{key: value for key, value in SPEECH.items() if key != "licence"},
                                 "corpora": [{"name": "LibriSpeech"}, CORPUS]}
    assert "speech" not in tuned_entries(preset(), {})
