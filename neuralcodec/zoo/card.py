"""Model cards: README.md of a preset, in the form the Hugging Face Hub understands, written from its data."""

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
---
# {name}

{description}. Nominal bitrate: {kbps:g} kbps, 16 kHz mono speech.

```python
from neuralcodec import Codec

codec = Codec.from_pretrained("{name}")
codec.compress("speech.wav", "speech.nac")
codec.decompress("speech.nac", "decoded.wav")
```
"""

_TAIL = """
## Training data

3.6 hours of read and spoken commands, 16 kHz, English (native and not, adults and children), German and Mandarin:
{attribution}

## Limits

Made for 16 kHz speech. Music and noise go through without failing, but they are not what it was trained on; anything
above 8 kHz is gone. Do not use it to hide that audio was altered: decoded speech is a reconstruction.

## Licence

Weights: CC BY 4.0. Code: Apache-2.0.
"""


def model_card(name, description, kbps, table=""):
    """Text of a model card.

    Args:
        name, description, kbps: of the preset.
        table: measured figures as Markdown, if there are any.
    """
    figures = f"\n## Figures\n\n{table}\n" if table else ""
    sources = "\n".join(f"- {line}" for line in ATTRIBUTION)
    return _HEAD.format(name=name, description=description, kbps=kbps) + figures + _TAIL.format(attribution=sources)
