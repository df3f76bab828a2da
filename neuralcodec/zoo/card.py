"""Model cards: README.md of a preset, in the form the Hugging Face Hub understands, written from its data."""

import math

from neuralcodec.zoo.figures import METRIC_LABELS, markdown_table, measured_figures, measured_off_speech
from neuralcodec.zoo.metadata import base_model

# Folder of the training speech, its languages, and whom it is from.
CORPORA = (
    ("librispeech-*", "en", "LibriSpeech (c) 2014 Vassil Panayotov, CC BY 4.0"),
    ("speechocean762", "en", "speechocean762 (c) 2021 Junbo Zhang et al., CC BY 4.0"),
    ("kerstin-de", "de", "dataset voice Kerstin, CC0 1.0"),
    ("aishell1-s0913", "zh", "AISHELL-1 (c) Beijing Shell Shell Technology, Apache-2.0"),
    ("picovoice-*", "en", "speech-to-intent-benchmark and wake-word-benchmark (c) Picovoice, Apache-2.0"),
)
LANGUAGES = {"en": "English", "de": "German", "zh": "Mandarin"}

TASK = "audio-to-audio"
TAGS = ["speech", "audio-codec", "speech-compression", "keras"]

_HEAD = """# {name}

{description}. Nominal bitrate: {kbps:g} kbps, 16 kHz mono speech.{origin}

```python
from neuralcodec import Codec

codec = Codec.from_pretrained("{address}")
codec.compress("speech.wav", "speech.nac")
codec.decompress("speech.nac", "decoded.wav")
```
"""

_FIGURES = """
## Figures

{table}

Means over {clips} recordings that were not trained on, ± half the 95 % bootstrap interval; every figure from real \
files (peers: real packets), written, read back and decoded.
"""

_TAIL = """
## Training data

About 3.5 hours of read speech and spoken commands, 16 kHz: {languages} (English from natives and others, adults and children):
{attribution}

## Limits

- Made for one voice at 16 kHz: anything above 8 kHz is gone, and channels are mixed to one.
- Trained on {languages} only. Other languages, singing and several voices at once are untested.{tuned}
- Music and noise go through without failing, but they are not what it was trained on.{off_speech}
- Decoded speech is a reconstruction: it is no evidence of what a recording held, nor a way to hide that it was altered.

## Licence

Weights: CC BY 4.0. Code: Apache-2.0.
"""

_TUNED = """
- The training data above is that of `{base}`; the recordings it was fine-tuned on come on top. Other voices than theirs take more bits than \
before (`--kbps` limits them) and, at the same bitrate, may sound a little worse."""


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
    name, base = metadata["name"], base_model(metadata)
    head = _HEAD.format(name=name, description=metadata["description"].rstrip("."), kbps=metadata["kbps"],
                        address=address or name, origin=f" Fine-tuned from `{base}`." if base else "")
    corpora = _corpora(metadata)
    sources = "\n".join(f"- {attribution}" for _, _, attribution in corpora)
    return f"---\n{_for_the_hub(metadata)}\n---\n" + head + _figures(metadata) + _TAIL.format(
        attribution=sources, off_speech=_off_speech(metadata), tuned=_TUNED.format(base=base) if base else "",
        languages=" and ".join(", ".join(LANGUAGES[code] for code in _languages(corpora)).rsplit(", ", 1)))


def _corpora(metadata):
    """The CORPORA that the preset was trained on: all but those that its configuration left out."""
    training = metadata.get("training")
    config = training.get("config") if isinstance(training, dict) else None
    left_out = config.get("leave_out") if isinstance(config, dict) else None
    left_out = left_out if isinstance(left_out, list) else []
    return [corpus for corpus in CORPORA if corpus[0] not in left_out]


def _languages(corpora):
    return list(dict.fromkeys(language for _, language, _ in corpora))


def _for_the_hub(metadata):
    """YAML of what the Hub lists and searches by."""
    from huggingface_hub import ModelCardData

    results = _evaluation_results(metadata)
    return ModelCardData(
        library_name="neuralcodec",
        license=metadata.get("license", "CC-BY-4.0").lower(),
        language=_languages(_corpora(metadata)),
        pipeline_tag=TASK,
        tags=TAGS,
        base_model=base_model(metadata),
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
    return _FIGURES.format(table=markdown_table(figures), clips=next(iter(figures.values()))["clips"])


def _off_speech(metadata):
    sounds = [f"{sound}: {figures['kbps']:.1f} kbps, SI-SDR {figures['si_sdr']:.1f} dB"
              for sound, figures in measured_off_speech(metadata).items()]
    return f" Measured on synthetic signals: {'; '.join(sounds)}." if sounds else ""
