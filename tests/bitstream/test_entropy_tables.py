import dataclasses
import io
import traceback
import tracemalloc
import zipfile

import numpy as np
import pytest

from neuralcodec.architecture.layout import ContextLayout
from neuralcodec.bitstream.entropy_tables import (
    EntropyTables,
    nominal_magnitude_feature,
)
from neuralcodec.errors import PresetError


def test_magnitude_feature():
    feature = nominal_magnitude_feature()
    assert feature[[0, 1, 3, 127]].tolist() == [0, 24, 48, 168]


def test_what_the_coder_takes_are_frequencies_minus_one(tables):
    module = tables.modules[1]
    pairs = [(tables.side_frequencies_minus_one, tables.side_pmf_rows), (module.frequencies_minus_one, module.pmf_rows)]
    for frequencies_minus_one, pmf_rows in pairs:
        assert frequencies_minus_one.dtype == np.float32 and frequencies_minus_one.flags.c_contiguous
        np.testing.assert_array_equal(frequencies_minus_one.astype(np.int64) + 1, pmf_rows)


@pytest.mark.parametrize("num_modules", [1, 3])
def test_save_and_load(tmp_path, random_tables, num_modules):
    tables = random_tables(seed=5, num_modules=num_modules)
    tables.save(tmp_path / "tables")
    loaded = EntropyTables.load(tmp_path / "tables")
    assert loaded.digest() == tables.digest()
    assert len(loaded.modules) == num_modules
    assert loaded.scales_per_octave_q8 == tables.scales_per_octave_q8
    np.testing.assert_array_equal(loaded.modules[-1].network.w1, tables.modules[-1].network.w1)


def test_same_tables_same_bytes(tmp_path, tables):
    tables.save(tmp_path / "a.npz")
    EntropyTables.load(tmp_path / "a.npz").save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def change(array, place, value):
    array = array.copy()
    array.flat[place] = value
    return array


def test_tables_with_prediction_come_back(tmp_path, predicted_tables):
    predicted_tables.save(tmp_path / "tables.npz")
    loaded = EntropyTables.load(tmp_path / "tables.npz")
    assert loaded.digest() == predicted_tables.digest()
    np.testing.assert_array_equal(loaded.modules[0].predictor.analysis, predicted_tables.modules[0].predictor.analysis)
    assert loaded.modules[0].predictor.hop == 80 and loaded.modules[1].predictor is None


def test_digest_sees_the_predictor(predicted_tables):
    module = predicted_tables.modules[0]
    others = [dataclasses.replace(module.predictor, **{name: change(getattr(module.predictor, name), 5, 1)})
              for name in ("synthesis", "analysis")]
    others = [dataclasses.replace(predicted_tables, modules=[dataclasses.replace(module, predictor=other)])
              for other in [module.predictor, *others]]
    assert len({t.digest() for t in others}) == 3


def test_predictors_that_do_not_fit_are_refused(tmp_path, tables, predicted_tables):
    first, second, _ = predicted_tables.modules
    for modules, message in [
        ([second, first], "size"),
        ([tables.modules[0], dataclasses.replace(tables.modules[1], predictor=first.predictor)], "later module"),
        ([dataclasses.replace(first, pmf_rows=first.pmf_rows[:-1])], "eights"),
        ([dataclasses.replace(first, predictor=None)], "size"),
    ]:
        with pytest.raises(PresetError, match=message):
            dataclasses.replace(predicted_tables, modules=modules)
    predicted_tables.save(tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as file:
        arrays = dict(file)
    del arrays["module0.analysis"]
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(PresetError, match="analysis"):
        EntropyTables.load(tmp_path / "bad.npz")


def test_digest_sees_every_part(tables):
    others = [
        dataclasses.replace(tables, side_a=dataclasses.replace(tables.side_a, b2=change(tables.side_a.b2, 17, 1))),
        dataclasses.replace(tables, side_pmf_rows=np.roll(tables.side_pmf_rows, 1, axis=0)),
        dataclasses.replace(tables, modules=tables.modules[:2]),
        dataclasses.replace(tables, modules=(*tables.modules[:2], (tables.modules[1].network,
                                                                  tables.modules[2].pmf_rows))),
        dataclasses.replace(tables, magnitude_feature=change(tables.magnitude_feature, 127, 1)),
        dataclasses.replace(tables, scales_per_octave_q8=1),
    ]
    assert len({t.digest() for t in [tables, *others]}) == 1 + len(others)


@pytest.mark.parametrize(
    "fault",
    [
        lambda t: {"side_pmf_rows": t.side_pmf_rows.astype(np.int64)},
        lambda t: {"side_pmf_rows": t.side_pmf_rows[:127]},
        lambda t: {"side_pmf_rows": t.side_pmf_rows[:0]},
        lambda t: {"side_pmf_rows": change(t.side_pmf_rows, 0, 1)},
        lambda t: {"side_pmf_rows": np.tile(np.array([1 << 24, 0], np.uint32), (8, 1))},
        lambda t: {"side_pmf_rows": np.full((8, 1), 1 << 24, np.uint32)},
        lambda t: {"side_pmf_rows": np.full((8, 64), 1 << 18, np.uint32)},
        lambda t: {"modules": []},
        lambda t: {"modules": t.modules[:1] + t.modules[1:] * 2},
        lambda t: {"modules": t.modules[1:]},
        lambda t: {"modules": t.modules[:1] * 2},
        lambda t: {"side_a": t.side_b},
        lambda t: {"magnitude_feature": t.magnitude_feature[:-1]},
        lambda t: {"magnitude_feature": t.magnitude_feature.astype(np.int64)},
        lambda t: {"magnitude_feature": change(t.magnitude_feature, 0, 1)},
        lambda t: {"scales_per_octave_q8": -1},
    ],
)
def test_impossible_tables_are_refused(tables, fault):
    with pytest.raises(PresetError):
        dataclasses.replace(tables, **fault(tables))


def test_networks_of_a_wrong_size_are_refused(tables, random_network):
    with pytest.raises(PresetError, match="size"):
        dataclasses.replace(tables, side_b=random_network(np.random.default_rng(0), ContextLayout(45, 96, 9), 0))


@pytest.fixture
def arrays(tmp_path, tables):
    """The arrays of a saved file by name."""
    tables.save(tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as file:
        return dict(file)


@pytest.mark.parametrize(
    "name, array",
    [
        ("side.rows", None),
        ("module1.w2", None),
        ("module0.w1", None),
        ("magnitude_feature", None),
        ("surprise", np.zeros(3, np.int32)),
        ("module7.w1", np.zeros((3, 3), np.int16)),
        ("w1", np.zeros((3, 3), np.int16)),
        ("levels_per_octave_q8", np.zeros(2, np.int32)),
        ("module0.w1", np.zeros((676, 96), np.float64)),
        ("module0.w1", np.zeros((676, 95), np.int16)),
        ("side.rows", np.zeros((), np.uint32)),
        ("side_a.b1", np.zeros((), np.int32)),
        ("side_a.b1", np.zeros((1, 64), np.int32)),
        ("side_a.b2", np.zeros((), np.int32)),
        ("side_a.w2", np.zeros((), np.int16)),
        ("side.rows", np.array({"an": "object"})),
    ],
)
def test_files_with_missing_foreign_or_wrong_arrays_are_refused(tmp_path, arrays, name, array):
    arrays.pop(name, None)
    if array is not None:
        arrays[name] = array
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(PresetError):
        EntropyTables.load(tmp_path / "bad.npz")


def npy_header(shape, dtype="<i2"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        npy_header((1 << 40, 1 << 10)),  # announces petabytes
        npy_header((3, 3)) + bytes(17),
        npy_header((-1, -9)) + bytes(18),
        npy_header((9,), "|O") + bytes(72),
        bytes(33 << 20),  # a zip bomb
        b"\x93NUMPY\x03\x00",
        b"",
    ],
)
def test_hostile_arrays_are_refused(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "bad.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("side_a.w1.npy", content)
    with pytest.raises(PresetError):
        EntropyTables.load(tmp_path / "bad.npz")


def bomb(file):
    """40 MB of zeros that say they are 100 bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("side_a.w1.npy", bytes(40 << 20))
    data = file.read_bytes()
    file.write_bytes(data.replace((40 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little")))


def many(file):
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(200):
            archive.writestr(f"{number}.npy", b"")


def twice(file):
    content = npy_header((9,)) + bytes(18)
    with zipfile.ZipFile(file, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("side_a.w1.npy", content)
        archive.writestr("side_a.w1.npy", content)


def packed_with_lzma(file):
    """Whose header may ask for a dictionary of 4 GB."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("side_a.w1.npy", npy_header((9,)) + bytes(18))


@pytest.mark.parametrize("write", [bomb, many, twice, packed_with_lzma])
def test_hostile_archives_are_refused(tmp_path, write):
    write(tmp_path / "bad.npz")
    tracemalloc.start()
    try:
        with pytest.raises(PresetError, match="cannot be read"):
            EntropyTables.load(tmp_path / "bad.npz")
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("header", ["{'descr': '<i2', 'fortran_order': True, 'shape': (3, 3), }",
                                    "{'descr': '<i2', 'fortran_order': False, 'shape': (3, (3), }",
                                    "{'descr': '<i2', 'fortran_order': False, 'shape': (9999999999,), }",
                                    "{" * 3000, " " * 60000])
def test_headers_of_arrays_are_not_evaluated(tmp_path, header):
    """NumPy evaluates them, and advises `allow_pickle` where it dares not."""
    data = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header.encode() + b"\n" + bytes(18)
    with zipfile.ZipFile(tmp_path / "bad.npz", "w") as archive:
        archive.writestr("side_a.w1.npy", data)
    with pytest.raises(PresetError, match="not a plain array of integers") as caught:
        EntropyTables.load(tmp_path / "bad.npz")
    assert "pickle" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"PK\x03\x04" + bytes(100)])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(PresetError, match="install the preset again"):
        EntropyTables.load(tmp_path / "bad.npz")


def test_missing_file(tmp_path):
    with pytest.raises(PresetError, match="cannot be read .No such file"):
        EntropyTables.load(tmp_path / "none.npz")
