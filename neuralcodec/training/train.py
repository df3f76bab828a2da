"""The whole way from a configuration and a folder of speech to a preset: what `neuralcodec train` does."""
from pathlib import Path

import keras

from neuralcodec.audio.recordings import audio_files
from neuralcodec.training.calibration import in_folder, write_calibrated_preset
from neuralcodec.training.callbacks import TrainingReport
from neuralcodec.training.checkpoint import Progress
from neuralcodec.training.clips import readable
from neuralcodec.training.config import TrainingConfig
from neuralcodec.training.loop import train_cascade
from neuralcodec.training.validation import Validation, hold_back


def train_preset(config, data, output, resume=False):
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
    cascade = train_cascade(config, training, output, resume, [TrainingReport()], validate)
    details = {"training": {"config": config.to_dict(), "files": len(training), "backend": keras.backend.backend(),
                            "rate_weight": Progress.read(output).rate_weight}}
    return write_calibrated_preset(cascade, config, training, output / config.name, details, overwrite=True)
