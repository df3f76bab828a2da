"""Entropy tables of a nested cascade: the integers of a preset that turn its symbols into bits, and their file."""

from dataclasses import dataclass

import numpy as np

from neuralcodec.architecture.layout import CONTEXT_SIZES, nested_context_layout
from neuralcodec.architecture.nested import NESTED_HOPS
from neuralcodec.bitstream.entropy_tables import (
    EntropyTables,
    check,
    check_network,
    minus_one,
    read_arrays,
)
from neuralcodec.bitstream.integer_network import IntegerNetwork
from neuralcodec.bitstream.scale_tables import NUM_MODULE_SCALES
from neuralcodec.bitstream.symbols import MODULE_VALUES

FRESH, ZERO, HALF = 0, 1, 2  # families of rows; three of HALF
MIN_ALPHABET = 4  # 0, +1, -1 and the escape
FAMILIES = HALF + CONTEXT_SIZES - 1
SCALE_INDICES = NUM_MODULE_SCALES
SLOPE_BITS = 12  # of slopes and shifts
_MODULE_ARRAYS = {"pmf_rows": "rows", "slope": "slope", "shift": "shift"}  # by name in the file


@dataclass(frozen=True, eq=False, repr=False)
class NestedModuleTables:
    """How one nested module's symbols are coded.

    Args:
        network: context network: 2 N + 34 inputs and N outputs in the first module, which sends N coefficients; in a
            later one 4 M + 34 inputs and N + M outputs, where the module below sends M.
        pmf_rows: uint32 (5 * 64, A), the frequencies of each family's symbols at each scale index.
        slope, shift: int16 (4, M) and int32 (4, M), in 1/4096: how the scale index of a coefficient follows from the
            one it was sent with first, by |symbol below|.

    Raises:
        PresetError: arrays of a wrong type or shape.
    """

    network: IntegerNetwork
    pmf_rows: np.ndarray
    slope: np.ndarray
    shift: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "frequencies_minus_one", minus_one(self.pmf_rows, MODULE_VALUES))
        rows, alphabet = self.pmf_rows.shape
        check(rows == FAMILIES * SCALE_INDICES and alphabet >= MIN_ALPHABET, "PMF rows of a wrong shape")
        check(self.slope.dtype == np.int16 and self.shift.dtype == np.int32, "slopes or shifts of a wrong type")
        check(self.slope.ndim == 2 and len(self.slope) == CONTEXT_SIZES and self.shift.shape == self.slope.shape,
               "slopes or shifts of a wrong shape")

    @property
    def before(self):
        """Coefficients that the module below sends."""
        return self.slope.shape[1]

    @property
    def coded(self):
        """Coefficients that this module sends."""
        return self.network.num_outputs - self.before


@dataclass(frozen=True, eq=False, repr=False)
class NestedTables(EntropyTables):
    """Everything that decides how symbols of a nested cascade become bits; integers only.

    Args:
        hop: samples per code frame.

    The others are those of `EntropyTables`; `modules` holds NestedModuleTables.
    """

    hop: int = 160

    def _check_modules(self):
        check(self.hop in NESTED_HOPS, "an impossible hop")
        before = 0
        for module in self.modules:
            check(module.before == before and max(before, 1) <= module.coded <= self.hop, "modules that do not fit")
            check_network(module.network, nested_context_layout(before, module.coded, module.network.num_hidden))
            before = module.coded

    @staticmethod
    def _pop_module(name, networks, arrays):
        return NestedModuleTables(networks[name], *(arrays.pop(f"{name}.{array}") for array in _MODULE_ARRAYS.values()))

    @staticmethod
    def _pop_others(arrays):
        return {"hop": arrays.pop("hop").item()}

    def _other_arrays(self):
        arrays = {f"module{i}.{name}": getattr(module, attribute) for i, module in enumerate(self.modules)
                  for attribute, name in _MODULE_ARRAYS.items()}
        return {**arrays, "hop": np.array(self.hop, np.int32)}


def load_tables(path):
    """Reads the tables of a preset, whatever its cascade. The file may come from a stranger.

    Args:
        path: of a file that `save` wrote.

    Returns:
        EntropyTables or NestedTables.

    Raises:
        PresetError: no such file, or not one that `save` writes.
    """
    arrays = read_arrays(path)
    return (NestedTables if "hop" in arrays else EntropyTables).from_arrays(arrays, path)
