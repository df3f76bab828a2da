"""Model cards: README.md of a preset, in the form the Hugging Face Hub understands, written from its data."""

import math

ATTRIBUTION = (
    "LibriSpeech (c) 2014 Vassil Panayotov, CC BY 4.0",
    "speechocean762 (c) 2021 Junbo Zhang et al., CC BY 4.0",
    "AISHELL-1 (c) Beijing Shell Shell Technology, Apache-2.0",
    "speech-to-intent-benchmark and wake-word-benchmark (c) Picovoice, Apache-2.0",
    "dataset voice Kerstin, CC0 1.0",
)

_HEAD = """---
library_name: neuralcodec
license: cc-by-4.0
language: [en, de, zh]
pipeline_tag: audio-to-audio
tags: [speech, audio-codec, speech-compression, keras]
{index}---
# {name}

{description}. Nominal bitrate: {kbps:g} kbps, 16 kHz mono speech.

```python
from neuralcodec import Codec

codec = Codec.from_pretrained("{name}")
codec.compress("speech.wav", "speech.nac")
codec.decompress("speech.nac", "decoded.wav")
```
"""

_INDEX = """model-index:
- name: "{name}"
  results:
  - task:
      type: audio-to-audio
      name: Speech coding
    dataset:
      type: speech
      name: {clips} recordings of speakers that were not trained on
    metrics:
{metrics}"""

_INDEXED = (  # metric, as readers know it, decimals
    ("pesq", "PESQ-WB (MOS-LQO)", 3),
    ("stoi", "STOI", 4),
    ("estoi", "ESTOI", 4),
    ("si_sdr", "SI-SDR (dB)", 2),
    ("kbps", "Bitrate of the files (kbps)", 2),
)

_TAIL = """
## Training data

3.6 hours of read and spoken commands, 16 kHz, English (native and not, adults and children), German and Mandarin:
{attribution}

## Limits

- Made for one voice at 16 kHz: anything above 8 kHz is gone, and channels are mixed to one.
- Trained on English, German and Mandarin only. Other languages, singing and several voices at once are untested.
- Music and noise go through without failing, but they are not what it was trained on.{off_speech}
- Decoded speech is a reconstruction: do not use it as evidence of what a recording held, nor to hide that it was altered.

## Licence

Weights: CC BY 4.0. Code: Apache-2.0.
"""


def model_card(name, description, kbps, table="", figures=None, off_speech=None):
    """Text of a model card.

    Args:
        name, description, kbps: of the preset.
        table: measured figures as Markdown, if there are any.
        figures: the preset's own, as `neuralcodec.evaluation.evaluate.summary` gives them for a codec.
        off_speech: what it does to sound that is not speech, see `neuralcodec.evaluation.off_speech`.
    """
    tables = f"\n## Figures\n\n{table}\n" if table else ""
    sources = "\n".join(f"- {line}" for line in ATTRIBUTION)
    head = _HEAD.format(name=name, description=description, kbps=kbps, index=model_index(name, figures or {}))
    return head + tables + _TAIL.format(attribution=sources, off_speech=_off_speech(off_speech or {}))


def model_index(name, figures):
    """Evaluation results as YAML lines for the head of a card, as the Hugging Face Hub reads them.

    Args:
        name: of the preset.
        figures: dict with `clips`, their number, and metric -> (mean, low, high).

    Returns:
        str of whole lines; empty if none of the figures that go there was measured.

    Example:
        >>> print(model_index("cq-9k", {"clips": 63, "pesq": (3.8, 3.7, 3.9)}))
        model-index:
        - name: "cq-9k"
        ...
    """
    metrics = [f"    - type: {metric}\n      name: {label}\n      value: {figures[metric][0]:.{decimals}f}\n"
               for metric, label, decimals in _INDEXED if metric in figures and math.isfinite(figures[metric][0])]
    return _INDEX.format(name=name, clips=figures["clips"], metrics="".join(metrics)) if metrics else ""


def _off_speech(measured):
    sounds = [f"{sound}: {figures['kbps']:.1f} kbps, SI-SDR {figures['si_sdr']:.1f} dB"
              for sound, figures in measured.items()]
    return f" Measured on synthetic signals: {'; '.join(sounds)}." if sounds else ""
