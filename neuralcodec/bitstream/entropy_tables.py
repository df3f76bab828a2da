"""Entropy tables: the integers of a preset that turn symbols into bits, and their file."""

import hashlib
import io
import math
import re
import zipfile
from dataclasses import dataclass

import numpy as np

from neuralcodec.architecture.config import MAX_MODULES, MAX_SIZE
from neuralcodec.architecture.layout import (
    MODULE_LIMIT,
    ltp_context_layout,
    module_context_layout,
    side_context_layouts,
)
from neuralcodec.bitstream.features import MAGNITUDE_FACTOR
from neuralcodec.bitstream.integer_network import FEATURE_LIMIT, IntegerNetwork
from neuralcodec.bitstream.ltp import LongTermPredictor
from neuralcodec.bitstream.range_coder import FREQUENCY_TOTAL
from neuralcodec.bitstream.symbols import MEAN_FRACTIONS, MODULE_VALUES, SIDE_VALUES
from neuralcodec.errors import PresetError
from neuralcodec.files.strangers import read_member

_MAX_BYTES = 32 << 20  # of all arrays
_MAX_ARRAYS = 100
_ZIP_ENTRY = b"PK\x01\x02"  # stands before each entry of a zip file's directory
# What NumPy writes before an array of integers in C order, in version 1.0 of its format; after 8 bytes, its length.
_ARRAY_HEADER = re.compile(rb"\x93NUMPY\x01\x00..\{'descr': '([<>|][iu][1248])', 'fortran_order': False, "
                           rb"'shape': \(((?:[0-9]{1,9}, ?)*(?:[0-9]{1,9})?)\), \} *\n", re.DOTALL)
_NETWORK_ARRAYS = ("w1", "b1", "w2", "b2")


def nominal_magnitude_feature():
    """Feature of a symbol's magnitude: 24 * log2(1 + |q|), rounded, at most 255.

    Presets store this table, so that decoders need no logarithm.

    Returns:
        uint8 (128,), one entry per magnitude.
    """
    feature = np.rint(MAGNITUDE_FACTOR * np.log2(1.0 + np.arange(MODULE_LIMIT + 1)))
    return np.minimum(feature, FEATURE_LIMIT).astype(np.uint8)


@dataclass(frozen=True, eq=False, repr=False)
class ModuleTables:
    """How one module's symbols are coded.

    Args:
        network: context network, 676 (first module) or 756 inputs, 320 outputs: the scale index of each symbol. With a
            predictor 4 N + 37 + 320 / hop inputs, 3 N outputs, for the N symbols of a code frame that are sent.
        pmf_rows: uint32 (S, A), the frequencies of the symbols, a row for each of S scales. With a predictor (8 S, A),
            row = 8 * scale index + mean fraction.
        predictor: LongTermPredictor, or None for none. The first module may have one.
    """

    network: IntegerNetwork
    pmf_rows: np.ndarray
    predictor: LongTermPredictor | None = None

    def __post_init__(self):
        object.__setattr__(self, "frequencies_minus_one", minus_one(self.pmf_rows, MODULE_VALUES))

    def layout(self, first):
        """The ContextLayout that the network has to have; how many hidden units is its own business."""
        hidden = self.network.num_hidden
        if self.predictor:
            return ltp_context_layout(self.predictor.hop, self.predictor.coded, hidden)
        return module_context_layout(first, hidden)


@dataclass(frozen=True, eq=False, repr=False)
class EntropyTables:
    """Everything that decides how symbols become bits; integers only.

    Args:
        side_a: network for side symbols 0, 2, ..., 16: 36 inputs, 18 outputs (9 means, 9 scale indices).
        side_b: network for side symbols 1, 3, ..., 17: 45 inputs, 18 outputs.
        side_pmf_rows: uint32 (8 S, A), row = 8 * scale index + mean fraction.
        modules: 1 to 4 `ModuleTables` (or tuples of their parts).
        magnitude_feature: uint8 (128,), the feature of each magnitude, 0 for 0.
        scales_per_octave_q8: round(256 * scales of the modules' table per factor of 2).

    Raises:
        PresetError: arrays of a wrong type, shape or content.

    Example:
        >>> tables = EntropyTables.load("presets/cq-24k/tables.npz")
    """

    side_a: IntegerNetwork
    side_b: IntegerNetwork
    side_pmf_rows: np.ndarray
    modules: tuple
    magnitude_feature: np.ndarray
    scales_per_octave_q8: int

    def __post_init__(self):
        modules = tuple(ModuleTables(*m) if isinstance(m, tuple) else m for m in self.modules)
        object.__setattr__(self, "modules", modules)
        object.__setattr__(self, "scales_per_octave_q8", int(self.scales_per_octave_q8))
        object.__setattr__(self, "side_frequencies_minus_one", minus_one(self.side_pmf_rows, SIDE_VALUES))
        check(len(self.side_pmf_rows) % MEAN_FRACTIONS == 0, "side PMF rows that do not come in eights")
        check(1 <= len(modules) <= MAX_MODULES, f"{len(modules)} modules instead of 1 to {MAX_MODULES}")
        for network, layout in zip((self.side_a, self.side_b), side_context_layouts(), strict=True):
            check_network(network, layout)
        self._check_modules()
        feature = self.magnitude_feature
        check(feature.dtype == np.uint8 and feature.shape == (MODULE_LIMIT + 1,), "a wrong magnitude feature")
        check(feature[0] == 0, "a magnitude feature that is not 0 for 0")
        check(0 <= self.scales_per_octave_q8 < 1 << 16, "an impossible number of scales per octave")

    def _check_modules(self):
        for number, module in enumerate(self.modules):
            check(not (number and module.predictor), "a predictor in a later module")
            check_network(module.network, module.layout(number == 0))
            in_eights = len(module.pmf_rows) % MEAN_FRACTIONS == 0
            check(in_eights or not module.predictor, "predicted PMF rows that do not come in eights")

    def save(self, path):
        """Writes the tables to an `.npz` file, the same bytes for the same tables.

        Args:
            path: file to write.
        """
        with open(path, "wb") as file:  # a file and not its name, to which NumPy would append ".npz"
            np.savez_compressed(file, **self._arrays())

    @classmethod
    def load(cls, path):
        """Reads tables written by `save`. The file may come from a stranger: nothing in it is executed or believed.

        Args:
            path: file to read.

        Returns:
            EntropyTables.

        Raises:
            PresetError: no such file, or not one that `save` writes.
        """
        return cls.from_arrays(read_arrays(path), path)

    @classmethod
    def from_arrays(cls, arrays, path):
        """Tables from the arrays of a file, as `read_arrays` returns them; `path` is for messages."""
        try:
            networks = {
                name: IntegerNetwork(*(arrays.pop(f"{name}.{array}") for array in _NETWORK_ARRAYS))
                for name in sorted({key.rpartition(".")[0] for key in arrays if key.endswith(_NETWORK_ARRAYS)})
            }
            num_modules = sum(name.startswith("module") for name in networks)
            tables = cls(
                side_a=networks["side_a"],
                side_b=networks["side_b"],
                side_pmf_rows=arrays.pop("side.rows"),
                modules=[cls._pop_module(f"module{i}", networks, arrays) for i in range(num_modules)],
                magnitude_feature=arrays.pop("magnitude_feature"),
                scales_per_octave_q8=arrays.pop("levels_per_octave_q8").item(),
                **cls._pop_others(arrays),
            )
        except (KeyError, ValueError) as error:  # an array is missing, or there are several numbers instead of one
            raise PresetError(f"The entropy tables {path} lack {error}; install the preset again.") from error
        check(not arrays and len(networks) == 2 + num_modules, "arrays that do not belong there")
        return tables

    @staticmethod
    def _pop_module(name, networks, arrays):
        """The ModuleTables of that name, taken from the arrays of a file."""
        predictor = None
        if f"{name}.synthesis" in arrays:
            predictor = LongTermPredictor(arrays.pop(f"{name}.synthesis"), arrays.pop(f"{name}.analysis"))
        return ModuleTables(networks[name], arrays.pop(f"{name}.rows"), predictor)

    @staticmethod
    def _pop_others(arrays):
        """What a kind of tables has besides, taken from the arrays of a file: dict of arguments."""
        return {}

    def digest(self):
        """Identifies the tables: SHA-256 over names, types, shapes and values, whatever the file's compression.

        Returns:
            bytes (32).
        """
        sha = hashlib.sha256()
        for name, array in sorted(self._arrays().items()):
            array = array.astype(array.dtype.newbyteorder("<"))
            sha.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            sha.update(array.tobytes())
        return sha.digest()

    def _arrays(self):
        """All arrays by the names under which the file holds them."""
        networks = {"side_a": self.side_a, "side_b": self.side_b}
        networks.update({f"module{i}": module.network for i, module in enumerate(self.modules)})
        arrays = {f"{name}.{array}": getattr(net, array) for name, net in networks.items() for array in _NETWORK_ARRAYS}
        arrays.update({f"module{i}.rows": module.pmf_rows for i, module in enumerate(self.modules)})
        arrays.update(self._other_arrays())
        arrays["side.rows"] = self.side_pmf_rows
        arrays["magnitude_feature"] = self.magnitude_feature
        arrays["levels_per_octave_q8"] = np.array(self.scales_per_octave_q8, np.int32)
        return arrays

    def _other_arrays(self):
        arrays = {}
        for i, module in enumerate(self.modules):
            if module.predictor:
                arrays[f"module{i}.synthesis"] = module.predictor.synthesis
                arrays[f"module{i}.analysis"] = module.predictor.analysis
        return arrays


def minus_one(pmf_rows, num_values):
    """Checks PMF rows and turns them into what the coder takes: float32 (R, A), frequencies minus 1."""
    check(pmf_rows.dtype == np.uint32 and pmf_rows.ndim == 2 and len(pmf_rows) > 0, "frequencies of a wrong type")
    check(2 <= pmf_rows.shape[1] < num_values, "an alphabet of a wrong size")
    sums = pmf_rows.sum(axis=1, dtype=np.uint64)
    check(pmf_rows.min() >= 1 and bool(np.all(sums == FREQUENCY_TOTAL)), "wrong frequencies")
    return np.ascontiguousarray(pmf_rows - np.uint32(1), np.float32)


def check_network(network, layout):
    found, wanted = (network.num_inputs, network.num_outputs), (layout.inputs, layout.outputs)
    check(found == wanted, f"a network of size {found} instead of {wanted}")
    check(network.num_hidden <= MAX_SIZE, f"a network with more than {MAX_SIZE} hidden units")


def check(condition, fault):
    if not condition:
        raise PresetError(f"The entropy tables have {fault}; install the preset again.")


def read_arrays(path):
    """All arrays of an `.npz` file, by name.

    np.load allocates what an array's header announces before it looks how much is there, and evaluates that header;
    zipfile unpacks what there is before it looks how much was announced. This does neither.
    """
    data = read_member(path)
    try:
        if data.count(_ZIP_ENTRY) > _MAX_ARRAYS:
            raise ValueError("too many arrays")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > _MAX_BYTES:
                raise ValueError("too large")
            arrays = {member.filename.removesuffix(".npy"): _read_array(archive, member) for member in members}
            if len(arrays) < len(members):
                raise ValueError("an array twice")
            return arrays
    except Exception as error:  # zipfile and zlib raise a dozen types for damaged data
        raise PresetError(f"The entropy tables {path} cannot be read ({error}); install the preset again.") from error


def _read_array(archive, member):
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("another kind of compression")
    with archive.open(member) as file:
        data = file.read(member.file_size)
    header = _ARRAY_HEADER.match(data)
    if header is None or len(data) < member.file_size or 10 + int.from_bytes(data[8:10], "little") != header.end():
        raise ValueError(f"{member.filename} is not a plain array of integers")
    dtype, shape = np.dtype(header[1].decode()), tuple(int(length) for length in re.findall(rb"[0-9]+", header[2]))
    if math.prod(shape) * dtype.itemsize != len(data) - header.end():
        raise ValueError(f"{member.filename} has another size than it says")
    return np.frombuffer(data, dtype, offset=header.end()).reshape(shape).astype(dtype.newbyteorder("="))
