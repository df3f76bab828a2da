"""Publish a preset on the Hugging Face Hub, and load it back. Log in first (`hf auth login`), then give a repository of
your own, which is created if it is not there: python examples/publish.py user/my-codec
"""

import sys

from neuralcodec import Codec

if len(sys.argv) != 2:
    sys.exit(__doc__)
repo_id = sys.argv[1]

codec = Codec.from_pretrained("cq-24k")  # a preset of your own will do as well: give its folder
print(f"Published as {codec.push_to_hub(repo_id)}")

again = Codec.from_pretrained(repo_id)
assert again.preset.hash == codec.preset.hash
print(f"Loaded {again} back; others get it with Codec.from_pretrained({repo_id!r})")
