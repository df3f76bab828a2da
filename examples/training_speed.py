"""How fast does a configuration train here? On noise, from scratch, with the losses of its last phase.

    KERAS_BACKEND=jax python examples/training_speed.py --config cascade [--batch 64] [--frames 50] [--hours 3.5]

Prints a line. Compare only what was measured one after another on a machine that does nothing else.
"""
import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from neuralcodec.training.loop import train_cascade
from neuralcodec.training.nested_config import NestedTrainingConfig, find_config
from neuralcodec.training.nested_loop import train_nested


class Clock(keras.callbacks.Callback):
    """Times each epoch: seconds, and seconds of all processors together."""

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.monotonic(), time.process_time()
        self.epochs = [*getattr(self, "epochs", []), self.began]

    def on_train_batch_end(self, batch, logs=None):  # before the checkpoint
        self.epochs[-1] = time.monotonic() - self.began[0], time.process_time() - self.began[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="cascade", help="name of a configuration, or a path")
    parser.add_argument("--steps", type=int, default=200, help="that are timed, three times over")
    parser.add_argument("--batch", type=int, help="clips a step, instead of the configuration's")
    parser.add_argument("--frames", type=int, help="of 20 ms a clip, instead of the configuration's")
    parser.add_argument("--hours", type=float, default=0.2, help="of speech on the device")
    options = parser.parse_args()
    config = find_config(options.config)
    nested = isinstance(config, NestedTrainingConfig)
    phase = replace(config.phases[-1], steps=4 * options.steps)
    if nested:
        phase = replace(phase, rate_weight=(0.01,) * len(phase.kbps))
    config = replace(config, start="", phases=(phase,), epoch_steps=options.steps,
                     batch_size=options.batch or config.batch_size, clip_frames=options.frames or config.clip_frames)
    noise = np.random.default_rng(0).integers(-3000, 3000, int(options.hours * 3600 * 16000), dtype="int16")
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        (train_nested if nested else train_cascade)(config, noise, Path(folder) / "run", callbacks=[clock])
    (first, _), *others = clock.epochs
    seconds, processors = min(others)
    steps = clock.params["steps"]
    audio = config.batch_size * config.clip_frames * 0.02
    print(f"{options.config}, {keras.backend.backend()}: {steps / seconds:.1f} steps a second, "
          f"{steps * audio / seconds:.0f} seconds of audio a second, {processors / steps * 1e3:.0f} ms of processors "
          f"a step; {first - seconds:.0f} s to compile")


if __name__ == "__main__":
    main()
