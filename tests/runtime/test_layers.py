"""Products that do not depend on how many rows come at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec.runtime.layers import FRAMES_AT_ONCE, ROWS_AT_ONCE, SteadyProduct


@pytest.mark.parametrize("inputs, width, kind", [(9, 1025, np.float32), (160, 80, np.float32), (576, 192, np.float32),
                                                 (48, 80, np.float64)])
@given(st.lists(st.integers(0, 3) | st.integers(0, 200), min_size=1, max_size=20), st.integers(0, 60))
@settings(max_examples=10, deadline=None)
def test_rows_are_the_same_however_they_come(inputs, width, kind, sizes, late):
    rng = np.random.default_rng(inputs)
    x, matrix = (rng.standard_normal(shape).astype(kind) for shape in ((sum(sizes), inputs), (inputs, width)))
    product = SteadyProduct(matrix, late)
    found = np.concatenate([product(part) for part in np.split(x, np.cumsum(sizes)[:-1])])
    np.testing.assert_array_equal(found, SteadyProduct(matrix, late)(x), strict=True)
    np.testing.assert_allclose(found, x @ matrix, atol=1e-4)


def test_pieces_of_a_file_are_whole_groups():
    """Else each would end with a group that is not complete."""
    assert FRAMES_AT_ONCE % ROWS_AT_ONCE == 0
