"""Fixtures of Keras cascades to compare with."""

from reference_cascades import coded, pair, reference, speech, transparent  # noqa: F401
