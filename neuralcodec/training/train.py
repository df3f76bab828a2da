"""The whole way from a configuration and a folder of speech to a preset: what `neuralcodec train` does."""
import sys
import time
from pathlib import Path

import keras

from neuralcodec.audio.recordings import audio_files
from neuralcodec.training.calibration import export, in_folder
from neuralcodec.training.checkpoint import Progress
from neuralcodec.training.clips import readable
from neuralcodec.training.config import TrainingConfig
from neuralcodec.training.loop import train
from neuralcodec.training.validation import Validation, hold_back


def run(config, data, output, resume=False):
    """Trains, calibrates and writes a preset.

    Args:
        config: path of a training configuration.
        data: folder of recordings, searched recursively; one in 40 is held back for validation.
        output: folder for checkpoint and log; the preset goes to output / name.
        resume: go on from the checkpoint in `output`.

    Returns:
        Preset.

    Raises:
        ConfigError: the configuration cannot be used, or there is nothing to resume.
        TrainingDataError: no or too little speech.
    """
    config, output = TrainingConfig.read(config), Path(output)
    files = [path for path in audio_files(data) if not in_folder(path, config.leave_out)]
    training, held_back = hold_back(files)
    recordings = [samples.astype("float32") / 32768 for _, samples in readable(held_back, {})]
    validate = Validation(recordings) if recordings else None
    cascade = train(config, training, output, resume, [Report()], validate)
    details = {"training": {"config": config.to_dict(), "files": len(training), "backend": keras.backend.backend(),
                            "rate_weight": Progress.read(output).rate_weight}}
    return export(cascade, config, training, output / config.name, details, overwrite=True)


class Report(keras.callbacks.Callback):
    """One line an epoch on standard error: steps, time left, losses and rate; a running counter on a terminal."""

    def on_train_begin(self, logs=None):
        self.started, self.steps = time.monotonic(), 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if sys.stderr.isatty() and self.steps % 10 == 0:
            print(f"\r{self._position()}", end="", file=sys.stderr, flush=True)

    def on_epoch_end(self, epoch, logs=None):
        figures = ", ".join(f"{name} {float(value):.4g}" for name, value in logs.items())
        print(f"\r{self._position()}: {figures}", file=sys.stderr, flush=True)

    def _position(self):
        total = self.params["steps"] * self.params["epochs"]
        left = (time.monotonic() - self.started) / max(self.steps, 1) * max(total - self.steps, 0)
        return f"step {self.steps} of {total}, {left / 60:.0f} min left in this phase"
