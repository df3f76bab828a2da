"""Fixtures of Keras cascades whose networks are exported."""

from nested_cascades import nested  # noqa: F401
from reference_cascades import reference, speech  # noqa: F401
