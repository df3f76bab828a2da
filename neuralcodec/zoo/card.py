"""Model cards: README.md of a preset, in the form the Hugging Face Hub understands, written from its metadata.

A card says what the metadata says and nothing else: no speech, language or licence that its owner did not name.
"""

import math

from neuralcodec.zoo.figures import (
    METRIC_LABELS,
    count_modules,
    judges,
    markdown_table,
    measured_figures,
    measured_off_speech,
    prefix_figures,
)
from neuralcodec.zoo.metadata import NO_LICENCE, base_model, base_repository, is_text, limits, lineage, revision_of
from neuralcodec.zoo.speech import training_speech

TASK = "audio-to-audio"
TAGS = ["speech", "audio-codec", "speech-compression", "keras"]

_LANGUAGES = {"de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "ja": "Japanese",
              "zh": "Mandarin"}

_CARD = """\
---
{hub}
---
# {name}

{description}. Nominal bitrate: {kbps:g} kbps, 16 kHz mono speech.{revision}{origin}

```python
from neuralcodec import Codec

codec = Codec.from_pretrained("{address}")
codec.compress("speech.wav", "speech.nac")
codec.decompress("speech.nac", "decoded.wav")
```
{figures}
## Training

{training}

## Limits

{limits}

## Licence

{licence} Code: Apache-2.0.
"""

_FIGURES = """
## Figures

{table}

Means over {clips} recordings that were not trained on, ± half the 95 % bootstrap interval; every figure from real \
files (peers: real packets), written, read back and decoded.
"""

_PREFIXES = """
What its first modules cost and reach alone, on {clips} such recordings; the last row is all of them. A file is cut to \
its first modules by `neuralcodec strip`, without this preset.

{table}
"""


def model_card(metadata, address=None):
    """Text of a model card.

    Args:
        metadata: of the preset, see `neuralcodec.zoo.metadata`; name, description and kbps are enough.
        address: what `from_pretrained` finds the preset by, its name by default.

    Returns:
        str: what the Hub reads, between lines of `---`, and Markdown for people.

    Example:
        >>> model_card(codec.preset.metadata, "user/my-codec")
    """
    name, base, revision = metadata["name"], base_model(metadata), revision_of(metadata)
    return _CARD.format(
        hub=_for_the_hub(metadata), name=name, description=metadata["description"].rstrip("."), kbps=metadata["kbps"],
        revision=f" Revision {revision}." if revision > 1 else "",
        origin=f" Fine-tuned from `{base}`." if base else "", address=address or name, figures=_figures(metadata),
        training="\n\n".join(_training(metadata)),
        limits="\n".join(f"- {sentence}" for sentence in _limits(metadata)), licence=_licence(metadata))


def _for_the_hub(metadata):
    """YAML of what the Hub lists and searches by."""
    from huggingface_hub import ModelCardData

    results, licence = _evaluation_results(metadata), _chosen_licence(metadata)
    return ModelCardData(
        library_name="neuralcodec",
        license=licence and licence.lower(),
        language=training_speech(metadata).get("languages") or None,
        pipeline_tag=TASK,
        tags=TAGS,
        base_model=base_repository(metadata),
        **({"model_name": metadata["name"], "eval_results": results} if results else {}),
    ).to_yaml()


def _evaluation_results(metadata):
    """The preset's own means, without its peers': list of EvalResult."""
    from huggingface_hub import EvalResult

    figures = measured_figures(metadata).get(metadata["name"], {})
    data = f"{figures.get('clips')} recordings not trained on"
    return [EvalResult(task_type=TASK, dataset_type="speech", dataset_name=data, metric_type=metric,
                       metric_name=METRIC_LABELS.get(metric, metric), metric_value=value[0])
            for metric, value in figures.items() if metric != "clips" and math.isfinite(value[0])]


def _figures(metadata):
    figures = measured_figures(metadata)
    if not figures:
        return ""
    text = _FIGURES.format(table=markdown_table(figures), clips=next(iter(figures.values()))["clips"])
    further = [f"- {judge['metric']}, {judge['note']}: "
               + ", ".join(f"{codec} {value:.2f}" for codec, value in judge["values"].items()) + "."
               for judge in judges(metadata)]
    return text + ("\n" + "\n".join(further) + "\n" if further else "") + _prefixes(metadata)


def _prefixes(metadata):
    rows = {count_modules(number): figures for number, figures in enumerate(prefix_figures(metadata), start=1)}
    if len(rows) < 2:
        return ""
    return _PREFIXES.format(table=markdown_table(rows), clips=next(iter(rows.values()))["clips"])


def _training(metadata):
    """Yields paragraphs."""
    speech, base = training_speech(metadata), base_model(metadata)
    what = ", ".join(_told(speech))
    yield ((f"Fine-tuned from `{base}`" if base else "Trained") + _on_files(metadata)
           + (f": {what}." if what else ", on speech that its owner does not describe."))
    if speech.get("corpora"):
        yield "\n".join(["Corpora in its weights:", "", *map(_corpus, speech["corpora"])])
    if runs := lineage(metadata):
        head = "| run | starts from | steps, phase by phase | minutes |"
        yield "\n".join(["How it came to be, run by run:", "", head, "|---|---|---|---|", *map(_run, runs)])


def _on_files(metadata):
    """How many recordings it was trained on, where that is known."""
    training = metadata.get("training")
    files = training.get("files") if isinstance(training, dict) else None
    return f" on {files} recording{'' if files == 1 else 's'}" if isinstance(files, int) else ""


def _told(speech):
    """Yields what is told of the speech, in a few words each."""
    if "hours" in speech:
        yield f"{speech['hours']:g} hours"
    if speech.get("languages"):
        yield _listed(speech["languages"])
    if "description" in speech:
        yield speech["description"].rstrip(".")


def _listed(languages):
    """Language codes as words: "English, German and Mandarin"."""
    return " and ".join(", ".join(_LANGUAGES.get(code, code) for code in languages).rsplit(", ", 1))


def _corpus(corpus):
    language = f" ({_listed([corpus['language']])})" if "language" in corpus else ""
    return "- " + ", ".join(corpus[key] for key in ("name", "attribution", "licence") if key in corpus) + language


def _run(run):
    return f"| `{run['run']}` | {run['start']} | {run['steps']} | {run['minutes']:g} |"


def _limits(metadata):
    """Yields sentences."""
    base, languages = base_model(metadata), training_speech(metadata).get("languages")
    yield "Made for one voice at 16 kHz: anything above 8 kHz is gone, and channels are mixed to one."
    yield ((f"Trained on {_listed(languages)} only. Other languages, singing" if languages and not base else "Singing")
           + " and several voices at once are untested.")
    yield from limits(metadata)
    if base:
        yield f"The limits of `{base}` are its limits, too."
        yield ("Other voices than those it was tuned on take more bits than before (`--kbps` limits them) and, at the "
               "same bitrate, may sound a little worse.")
    yield f"Music and noise go through without failing, but they are not what it was trained on.{_off_speech(metadata)}"
    yield ("Decoded speech is a reconstruction: it is no evidence of what a recording held, nor a way to hide that it "
           "was altered.")


def _off_speech(metadata):
    sounds = [f"{sound}: {figures['kbps']:.1f} kbps, SI-SDR {figures['si_sdr']:.1f} dB"
              for sound, figures in measured_off_speech(metadata).items()]
    return f" Measured on synthetic signals: {'; '.join(sounds)}." if sounds else ""


def _chosen_licence(metadata):
    """SPDX identifier, None where the owner has chosen none."""
    licence = metadata.get("license", NO_LICENCE)
    return None if licence == NO_LICENCE else licence


def _licence(metadata):
    licence, base, before = _chosen_licence(metadata), base_model(metadata), metadata.get("base_license")
    sentences = [f"Weights: {licence}." if licence else "Weights: their owner has not chosen a licence yet."]
    if base and is_text(before) and before != NO_LICENCE:
        sentences.append(f"`{base}`, which they come from, is under {before}.")
    return " ".join(sentences)
