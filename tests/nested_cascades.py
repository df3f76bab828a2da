"""Small nested Keras cascades with weights that do something everywhere, and as the runtime reads these."""

import keras
import numpy as np
import pytest

from neuralcodec.architecture.nested import NestedConfig, NestedModule
from neuralcodec.model.nested import NestedCascade
from neuralcodec.zoo.weights import read_weights

SMALL = {"encoder_width": 16, "decoder_width": 24, "control_width": 12, "step_width": 8}

NESTED = {
    "one module, no LPC": NestedConfig("none", 160, (NestedModule(8000, 8),), **SMALL),
    "two modules of one band, fixed LPC": NestedConfig("fixed", 160, (NestedModule(8000, 8), NestedModule(8000, 8)),
                                                       noise_above=0, **SMALL),
    "short hop": NestedConfig("trained", 80, (NestedModule(3000, 8), NestedModule(8000, 8)), **SMALL),
    "three modules": NestedConfig("trained", 160, (NestedModule(2500, 8), NestedModule(5000, 8), NestedModule(8000, 8)),
                                  **SMALL),
}


def make_nested(config):
    """A cascade whose corrections, steps and reconstruction points are far from where training starts."""
    keras.utils.set_random_seed(len(config.modules))
    cascade, rng = NestedCascade(config), np.random.default_rng(1)
    for variable in cascade.weights:
        spread = {"offset": 0.5, "log_step": 0.2, "bias": 0.05, "mean": 0.01, "log_level": 0.2}
        spread = spread.get(variable.name.rstrip("_0123"), 0.0)
        if variable.path.endswith(("leave/kernel", "gain/kernel", "slope", "shift")):
            spread = 0.1
        variable.assign(variable + spread * rng.standard_normal(variable.shape).astype("float32"))
    cascade.step_sizes.log_step.assign(cascade.step_sizes.log_step - 1.0)  # symbols of every size
    cascade.lsf_quantizer.std.assign(np.linspace(0.05, 0.15, 16, dtype="float32"))
    return cascade


@pytest.fixture(scope="session")
def nested_folder(tmp_path_factory):
    """Folder of a preset of three nested modules with random weights, which says what its prefixes cost."""
    from neuralcodec.training.table_fitting import nominal_tables
    from neuralcodec.zoo.folder import save_preset

    folder, cascade = tmp_path_factory.mktemp("nested"), make_nested(NESTED["three modules"])
    cascade.save_weights(folder / "model.weights.h5")
    rows = [{"clips": 3, "kbps": [kbps, kbps - 1, kbps + 1]} for kbps in (10.0, 20.0, 30.0)]
    save_preset(folder / "three", name="three", description="Random weights.", kbps=24.0, config=cascade.config,
                weights_file=folder / "model.weights.h5", tables=nominal_tables(cascade), card="# three\n",
                details={"prefixes": rows})
    return folder / "three"


class Nested:
    """A Keras cascade, its configuration and its weights as the runtime reads them from a file in `folder`."""

    def __init__(self, cascade, folder):
        self.config, self.cascade, self.path = cascade.config, cascade, folder / "model.weights.h5"
        cascade.save_weights(self.path)
        self.weights = read_weights(self.path)


@pytest.fixture(scope="session", params=NESTED)
def nested(request, tmp_path_factory):
    """Every nested configuration in turn."""
    return Nested(make_nested(NESTED[request.param]), tmp_path_factory.mktemp("weights"))
