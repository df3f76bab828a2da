"""Fine-tune a preset in about two minutes, on the recording that comes with the package. It is compared by that
recording, too, which only shows how it goes: give it some minutes of your own speech, of which a tenth is held back to
compare by.
"""

import soundfile

from neuralcodec import Codec
from neuralcodec.assets import demo_clip

speech, _ = soundfile.read(demo_clip(), dtype="float32")
recordings = [speech] * 4  # a folder or a list of files will do as well, without validation_data

codec = Codec.from_pretrained("cq-9k")
history = codec.finetune(recordings, validation_data=[speech], epochs=4, batch_size=8, name="cq-9k-mine")
print(f"Better: {history}")
print(f"Now you have {codec}")
