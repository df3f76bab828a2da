"""Fine-tune a preset in about two minutes, on the recording that comes with the package. That is too little to learn
anything from but the recording itself, which judges, too: give it some minutes of your own speech.
"""

import soundfile

from neuralcodec import Codec
from neuralcodec.assets import demo_clip
from neuralcodec.errors import NotBetterError

speech, _ = soundfile.read(demo_clip(), dtype="float32")
recordings = [speech] * 4  # a folder or a list of files will do as well; then a tenth of it is held back to judge

codec = Codec.from_pretrained("cq-24k")
try:
    history = codec.finetune(recordings, validation_data=[speech], epochs=1, batch_size=4, name="cq-24k-mine")
    print(f"Better: {history}")
except NotBetterError as error:
    print(error)
print(f"Now you have {codec}")
