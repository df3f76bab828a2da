"""What a preset learnt from and under which licence it is, as its owner says it; nobody else says it for them.

It is the key `speech` of a training configuration, from where it goes into metadata.json and the model card:

| key           |                                                                                      |
|---------------|--------------------------------------------------------------------------------------|
| `corpora`     | list of objects: `name`, and as far as wanted `attribution`, `licence`, `language`   |
| `hours`       | of speech                                                                            |
| `languages`   | list of ISO 639 codes                                                                |
| `description` | what kind of speech it is, in a few words                                            |
| `licence`     | of the trained weights, as an SPDX identifier; metadata.json has it as its `license` |

All of them may be left out.
"""

import re

from neuralcodec.errors import ConfigError, unknown_name
from neuralcodec.zoo.metadata import NO_LICENCE, is_number, is_text

_CORPUS = ("name", "attribution", "licence", "language")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def check_speech(speech):
    """Makes sure that an object is as the table above has it.

    Raises:
        ConfigError: it is not; the message names the key.
    """
    if not isinstance(speech, dict):
        raise ConfigError('"speech" must be an object that says what the preset learns from.')
    unknown = [key for key in speech if key not in _KEYS]
    if unknown:
        raise ConfigError(f'Unknown key of "speech" {unknown[0]!r}; {unknown_name(unknown[0], _KEYS)}')
    for key, (is_valid, wanted) in _KEYS.items():
        if key in speech and not is_valid(speech[key]):
            raise ConfigError(f'"{key}" in "speech" must be {wanted}; got {speech[key]!r}.')


def speech_entries(speech):
    """Entries of metadata.json for what a training configuration or a caller says of the speech.

    Example:
        >>> speech_entries({"hours": 2.0, "licence": "MIT"})
        {'license': 'MIT', 'speech': {'hours': 2.0}}
    """
    told = {key: value for key, value in speech.items() if key != "licence"}
    return {"license": speech.get("licence", NO_LICENCE), **({"speech": told} if told else {})}


def tuned_entries(preset, speech):
    """Entries of metadata.json for a preset that was fine-tuned.

    It goes on naming the corpora that are in its weights from before. The licence is its owner's to choose.

    Args:
        preset: the Preset that it was tuned from.
        speech: what its owner says of the speech that it was tuned on.
    """
    corpora = [*training_speech(preset.metadata).get("corpora", []), *speech.get("corpora", [])]
    return {**speech_entries({**speech, **({"corpora": corpora} if corpora else {})}),
            "base_model": preset.repository or preset.name, "base_license": preset.metadata["license"]}


def training_speech(metadata):
    """What a preset says that it learnt from.

    Returns:
        dict, see above; empty where it says nothing, or where a stranger wrote something else.
    """
    speech = metadata.get("speech", {})
    try:
        check_speech(speech)
    except ConfigError:
        return {}
    return speech


def _are_corpora(value):
    return isinstance(value, list) and all(
        isinstance(corpus, dict) and "name" in corpus and set(corpus) <= set(_CORPUS)
        and all(map(is_text, corpus.values())) and _is_language(corpus.get("language", "en")) for corpus in value)


def _is_language(value):
    return isinstance(value, str) and bool(_LANGUAGE.fullmatch(value))


_KEYS = {
    "corpora": (_are_corpora, f"a list of objects with the text {', '.join(_CORPUS)}, of which the first is needed"),
    "hours": (is_number, "a number"),
    "languages": (lambda value: isinstance(value, list) and all(map(_is_language, value)),
                  'a list of ISO 639 codes such as "en"'),
    "description": (is_text, "a line of text"),
    "licence": (is_text, 'an SPDX identifier such as "CC-BY-4.0"'),
}
