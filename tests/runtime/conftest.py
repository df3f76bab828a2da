"""Fixtures of Keras cascades to compare with."""

from nested_cascades import nested  # noqa: F401
from reference_cascades import coded, pair, reference, speech, transparent  # noqa: F401
