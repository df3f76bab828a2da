"""Fixtures of Keras cascades to compare with."""

from reference_cascades import reference  # noqa: F401
