"""Weights: what Keras saves is read under readable names, and nothing else is."""

import h5py
import numpy as np
import pytest

from neuralcodec.errors import PresetError
from neuralcodec.model.cascade import Cascade
from neuralcodec.zoo.weights import (
    MAX_BYTES,
    MAX_OBJECTS,
    check_weights,
    read_weights,
    weights_digest,
    write_half,
)

BIAS = "chain/residual_module/encoder/leave/vars/1"


def test_every_configuration_has_the_expected_weights(reference):
    check_weights(reference.weights, reference.config)
    assert sum(w.size for w in reference.weights.values()) == reference.cascade.count_params()
    assert all(w.dtype == np.float32 for w in reference.weights.values())


def test_names_lead_to_the_right_variables(reference):
    cascade, weights = reference.cascade, reference.weights
    quantizer, last = cascade.lsf_quantizer, len(cascade.chain) - 1
    module = cascade.chain[last]
    expected = {
        "lsf_quantizer/log_step": quantizer.log_step,
        "lsf_quantizer/mean": quantizer.mean,
        "lsf_quantizer/std": quantizer.std,
        "lsf_quantizer/quantizer/offset": quantizer.quantizer.offset,
        "side_context/second/hidden/bias": cascade.side_context.second.hidden.bias,
        f"module_{last}/basis": module.basis,
        f"module_{last}/log_step": module.log_step,
        f"module_{last}/quantizer/offset": module.quantizer.offset,
        f"module_{last}/step_out/kernel": module.step_out.kernel,
        f"module_{last}/context/network/out/kernel": module.context.network.out.kernel,
        f"module_{last}/encoder/enter/kernel": module.encoder.enter.dense.kernel,
        f"module_{last}/decoder/leave/bias": module.decoder.leave.bias,
    }
    for i, block in enumerate(module.decoder.blocks):
        expected[f"module_{last}/decoder/block_{i}/conv/kernel"] = block.conv.dense.kernel
        expected[f"module_{last}/decoder/block_{i}/expand/bias"] = block.expand.bias
    for name, variable in expected.items():
        np.testing.assert_array_equal(weights[name], variable.numpy(), err_msg=name)


def test_half_precision_is_read_as_float32(pair, tmp_path):
    path = edited(pair, tmp_path, lambda file: replace(file, np.float16([0.5] * 320)))
    np.testing.assert_array_equal(read_weights(path)["module_0/encoder/leave/bias"], np.full(320, 0.5, np.float32))


def test_a_file_of_half_the_size_is_read_by_keras_too(pair, tmp_path):
    half = tmp_path / "half.weights.h5"
    write_half(pair.path, half)
    assert half.stat().st_size < 0.6 * pair.path.stat().st_size
    weights = read_weights(half)
    for name, array in pair.weights.items():
        np.testing.assert_array_equal(weights[name], array.astype(np.float16), err_msg=name)
    cascade = Cascade(pair.config)
    cascade.load_weights(half)
    np.testing.assert_array_equal(cascade.chain[1].basis.numpy(), weights["module_1/basis"])
    np.testing.assert_array_equal(cascade.lsf_quantizer.mean.numpy(), weights["lsf_quantizer/mean"])


@pytest.mark.parametrize("change", [
    lambda weights: weights.pop("module_0/basis"),
    lambda weights: weights.update(extra=np.zeros(1, np.float32)),
    lambda weights: weights.update({"module_1/log_step": np.zeros(81, np.float32)}),
    lambda weights: weights.update({"module_1/log_step": np.full(80, np.nan, np.float32)}),
    lambda weights: weights.update({"module_1/log_step": np.full(80, 88, np.float32)}),
    lambda weights: weights.update({"module_0/basis": np.full_like(weights["module_0/basis"], 1e30)}),
    lambda weights: weights.update({"lsf_quantizer/std": np.zeros(16, np.float32)}),
])
def test_wrong_weights_are_refused(pair, change):
    weights = dict(pair.weights)
    change(weights)
    with pytest.raises(PresetError):
        check_weights(weights, pair.config)


def edited(reference, folder, edit):
    """A copy of the weights file with something changed by `edit(file)`."""
    path = folder / "edited.h5"
    path.write_bytes(reference.path.read_bytes())
    with h5py.File(path, "r+") as file:
        edit(file)
    return path


def replace(file, data=None, **options):
    del file[BIAS]
    file.create_dataset(BIAS, data=data, **options)


def replace_by_link(file, link):
    del file[BIAS]
    file[BIAS] = link


def add_virtual(file):
    layout = h5py.VirtualLayout((320,), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "data", (320,))
    del file[BIAS]
    file.create_virtual_dataset(BIAS, layout)


def loop(file):
    file["chain/again"] = file["chain"]


HOSTILE = {
    "integers": lambda file: replace(file, np.zeros(320, np.int32)),
    "doubles": lambda file: replace(file, np.zeros(320, np.float64)),
    "objects": lambda file: replace(file, ["text"] * 320, dtype=h5py.string_dtype()),
    "no data": lambda file: replace(file, h5py.Empty("f4")),
    "compressed": lambda file: replace(file, np.zeros(320, np.float32), compression="gzip"),
    "huge but empty": lambda file: replace(file, shape=(1 << 40,), dtype="f4"),
    "stored elsewhere": lambda file: replace(file, shape=(320,), dtype="f4", external=[("elsewhere", 0, 1280)]),
    "virtual": add_virtual,
    "soft link": lambda file: replace_by_link(file, h5py.SoftLink("/chain/residual_module/vars/1")),
    "external link": lambda file: replace_by_link(file, h5py.ExternalLink("elsewhere.h5", "/data")),
    "loop": loop,
    "many groups": lambda file: [file.create_group(f"group_{i}") for i in range(MAX_OBJECTS)],
    "same name twice": lambda file: file.create_dataset(
        "chain/residual_module/encoder/leave/dense/vars/1", data=np.zeros(320, np.float32)),
    "no variable": lambda file: file.create_dataset("chain/data", data=np.zeros(320, np.float32)),
    "third variable": lambda file: file.create_dataset(BIAS[:-1] + "2", data=np.zeros(320, np.float32)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused(pair, tmp_path, kind):
    with pytest.raises(PresetError):
        read_weights(edited(pair, tmp_path, HOSTILE[kind]))


def test_damaged_and_missing_files_are_refused(pair, tmp_path):
    path = tmp_path / "damaged.h5"
    for data in (b"", b"not HDF5" * 100, pair.path.read_bytes()[:20000], bytes(MAX_BYTES + 1)):
        path.write_bytes(data)
        with pytest.raises(PresetError):
            read_weights(path)
    with pytest.raises(PresetError):
        read_weights(tmp_path / "missing.h5")
    with pytest.raises(PresetError):
        read_weights(tmp_path)


def test_digest_depends_on_names_shapes_and_values_only(pair):
    weights = pair.weights
    digest = weights_digest(weights)
    assert len(digest) == 32
    assert digest == weights_digest(dict(sorted(weights.items(), reverse=True)))
    name = "module_0/log_step"
    others = [
        {**weights, name: weights[name] + np.float32(1e-3)},
        {**weights, name: weights[name][None]},
        {name.replace("module_0", "module_9"): array for name, array in weights.items()},
    ]
    assert len({digest, *map(weights_digest, others)}) == 4
