"""Payloads that are decoded in C, all rounds of all blocks in one call. The symbols are those that NumPy finds.

Arrays are those of the functions of the same names in `side_payload`, `module_payload`, `ltp_payload` and
`nested_payload`, which ask here first.
"""

import numpy as np

from neuralcodec import kernels
from neuralcodec.architecture.layout import MODULE_SYMBOLS, SIDE_SYMBOLS
from neuralcodec.bitstream.range_coder import SymbolDecoder, check_possible, check_whole

_DAMAGED = -1  # the range coder was given what no encoder writes


def can_decode(payloads):
    """Whether payloads can be decoded here: all of them bytes, and the loops are compiled."""
    return kernels.loops is not None and not any(isinstance(one, SymbolDecoder) for one in payloads)


def decode_side(payloads, frame_counts, tables):
    """Side symbols of several blocks, int64 (B, F, 18)."""
    side = np.zeros((len(payloads), max(frame_counts), SIDE_SYMBOLS), np.int64)
    _check(kernels.loops.decode_side(_joined(payloads, frame_counts), tables.side_a.arrays, tables.side_b.arrays,
                                     tables.side_pmf_rows, side), "The side information")
    return side


def decode_module(payloads, frame_counts, module, magnitude_feature, shared, shift):
    """Symbols of a module that sends a frame in one round, int8 (B, F, 320)."""
    symbols = np.zeros((*shared.shape[:2], MODULE_SYMBOLS), np.int8)
    _check(kernels.loops.decode_frames(_joined(payloads, frame_counts), module.network.arrays, _features(shared),
                                       magnitude_feature, module.pmf_rows, shift, symbols))
    return symbols


def decode_predicted(payloads, frame_counts, module, magnitude_feature, shared, shift):
    """Symbols of a module with long-term prediction, int8 (B, F, 320), with features (B, K, S) of its code frames."""
    symbols = np.zeros((len(payloads), max(frame_counts), MODULE_SYMBOLS), np.int8)
    _check(kernels.loops.decode_predicted(_joined(payloads, frame_counts), module.network.arrays,
                                          module.predictor.arrays, _features(shared), magnitude_feature,
                                          module.pmf_rows, shift, symbols))
    return symbols


def decode_first(payloads, frame_counts, module, magnitude_feature, side, shift, hop):
    """What the first nested module sends, int8 (B, K, hop); symbols int16 and scale indices uint8 (B, K, N)."""
    sent, symbols, indices = _nested_arrays(side, module.coded, hop)
    _check(kernels.loops.decode_first(_joined(payloads, frame_counts), MODULE_SYMBOLS // hop, module.network.arrays,
                                      _features(side), magnitude_feature, module.pmf_rows, shift, sent, symbols,
                                      indices))
    return sent, symbols, indices


def decode_refinement(payloads, frame_counts, lower, index, module, magnitude_feature, side, shift, hop):
    """The same of a later nested module."""
    sent, symbols, indices = _nested_arrays(side, module.coded, hop)
    _check(kernels.loops.decode_refinement(_joined(payloads, frame_counts), MODULE_SYMBOLS // hop,
                                           _refinement(module, magnitude_feature, shift), lower, index,
                                           _features(side), module.pmf_rows, sent, symbols, indices))
    return sent, symbols, indices


def refinement_rows(lower, index, module, magnitude_feature, side, shift):
    """Which row codes each symbol of a later nested module, int64 (K, N); scale indices uint8 (K, N)."""
    rows, indices = (np.empty((len(lower), module.coded), dtype) for dtype in (np.int64, np.uint8))
    lower, index = np.ascontiguousarray(lower, np.int16), np.ascontiguousarray(index, np.uint8)
    kernels.loops.refinement_rows(_refinement(module, magnitude_feature, shift), lower, index, _features(side), rows,
                                  indices)
    return rows, indices


def _joined(payloads, frame_counts):
    bounds = np.cumsum([0, *map(len, payloads)], dtype=np.int64)
    return b"".join(payloads), bounds, np.array(frame_counts, np.int64), max(frame_counts)


def _features(features):
    return np.ascontiguousarray(features, np.int16)


def _refinement(module, magnitude_feature, shift):
    return module.network.arrays, module.slope, module.shift, magnitude_feature, shift


def _nested_arrays(side, coded, hop):
    shape = side.shape[:2]
    return np.zeros((*shape, hop), np.int8), np.zeros((*shape, coded), np.int16), np.zeros((*shape, coded), np.uint8)


def _check(status, holder="A module"):
    check_whole(status != _DAMAGED)
    check_possible(status == 0, holder)
