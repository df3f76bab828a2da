"""How many modules of a cascade take part: every first so many of them are a codec."""

from neuralcodec.errors import ModulesError


def check_modules(modules, available, what):
    """Makes sure that there are so many modules.

    Args:
        modules: how many are asked for.
        available: how many there are.
        what: has them, "file" or "preset".

    Raises:
        ModulesError: there are not.
    """
    if not isinstance(modules, int) or isinstance(modules, bool) or not 1 <= modules <= available:
        several = f"1 to {available} modules" if available > 1 else "one module"
        raise ModulesError(f"The {what} has {several}, not {modules!r}; ask for a number that it has.")
