"""A file of a wanted bitrate: all step sizes of the cascade are scaled together until it costs that.

Of a nested cascade it has the fewest modules that come near it by themselves.
"""

import math
import numbers

from neuralcodec.bitstream.symbols import STEP_INDEX_LIMIT, STEPS_PER_OCTAVE
from neuralcodec.errors import BitrateError
from neuralcodec.zoo.bundled import list_presets
from neuralcodec.zoo.figures import count_modules, prefix_rates
from neuralcodec.zoo.presets import preset_info

RANGE = (0.75, 1.25)  # bitrates that a preset can be asked for, relative to its nominal one
LOWEST = 0.7  # relative to that of its first module, of a preset that has prefixes
FINER = 1.18  # times the rate of a prefix, the next one sounds better with wider steps than this one with finer ones
PASSES = 8  # times that a recording is coded at most
CLOSE_ENOUGH = 0.005  # relative error at which the search ends
LOG_STEP = math.log(2) / STEPS_PER_OCTAVE  # by which step sizes grow from one step index to the next
SLOPE = -2.5  # d log(rate) / d log(step), where a search starts: trained codes lie close to the bins' borders
SLOPES = (-6.0, -0.2)


def bitrate_range(metadata, modules=None):
    """The lowest and the highest bitrate that a preset can be asked for.

    Args:
        metadata: of the preset.
        modules: how many modules are to code, if that was said.
    """
    rates = prefix_rates(metadata)
    if modules is not None and modules < len(rates):
        rates = [rates[modules - 1]]
    low = LOWEST * rates[0] if len(rates) > 1 else RANGE[0] * rates[0]
    return round(low, 2), round(RANGE[1] * rates[-1], 2)


def check_bitrate(preset, kbps, modules=None):
    """Makes sure that a preset can be asked for a bitrate.

    Args:
        preset: Preset.
        kbps: the bitrate.
        modules: how many modules are to code, if that was said.

    Raises:
        BitrateError: it cannot; the message names a preset that can, if one is installed.
    """
    low, high = bitrate_range(preset.metadata, modules)
    part = f" with {count_modules(modules)}" if modules else ""
    range_ = f"The preset '{preset.name}'{part} makes files of {low:g} to {high:g} kbps, not"
    if not isinstance(kbps, numbers.Real) or isinstance(kbps, bool):
        raise BitrateError(f"{range_} {kbps!r}; give a number.")
    if low <= kbps <= high:
        return
    others = {name: preset_info(name) for name in list_presets()}
    ranges = {name: bitrate_range(facts) for name, facts in others.items()}
    fitting = [name for name, (low, high) in ranges.items() if low <= kbps <= high]
    nearest = min(fitting, key=lambda name: abs(others[name]["kbps"] - kbps), default=None)
    raise BitrateError(f"{range_} {kbps}{f'; take the preset {nearest!r}' if nearest else ''}.")


def modules_for(kbps, rates):
    """How many modules sound best at a bitrate: the fewest that are near it by themselves.

    Args:
        kbps: the bitrate.
        rates: what the recording costs with the first module, the first two, ..., all, at the preset's own steps.
    """
    return next((number for number, rate in enumerate(rates, start=1) if kbps <= FINER * rate), len(rates))


def meet_bitrate(kbps, seconds, progress, code):
    """Looks for the step scale at which a file costs the wanted bitrate.

    Args:
        kbps: the wanted bitrate.
        seconds: duration of the recording.
        progress: called as progress(done, total), or None.
        code: called as code(step_index, progress), returns an object with `size` in bytes and `close()`.

    Returns:
        What `code` returned for the best step index. A recording of silence may cost less than any step could change.
    """
    best, smallest_error, index, search, tried = None, math.inf, 0, StepSearch(), set()
    for number in range(PASSES if seconds else 1):
        coded = _next(code, index, _part(progress, number), best)
        tried.add(index)
        error = math.log(coded.size * 8 / seconds / 1000 / kbps) if seconds else 0.0
        if abs(error) < smallest_error:
            best, unwanted, smallest_error = coded, best, abs(error)
        else:
            unwanted = coded
        if unwanted is not None:
            unwanted.close()
        index = round(search.next(index * LOG_STEP, error) / LOG_STEP)
        index = min(max(index, -STEP_INDEX_LIMIT), STEP_INDEX_LIMIT)
        if smallest_error < CLOSE_ENOUGH or index in tried:
            break
    if progress is not None:
        progress(1, 1)
    return best


def _next(code, index, progress, best):
    """What `code` returns; if it fails, the best so far is not wanted any more."""
    try:
        return code(index, progress)
    except BaseException:
        if best is not None:
            best.close()
        raise


class StepSearch:
    """Searches the step size at which something costs the wanted rate: the secant method, in logarithms.

    Example:
        >>> search, log_step = StepSearch(), 0.0
        >>> log_step = search.next(log_step, math.log(kbps_at(log_step) / 24))
    """

    def __init__(self):
        self._slope, self._last = SLOPE, None

    def next(self, log_step, error):
        """The log step to try next.

        Args:
            log_step: the one that was tried.
            error: log(rate / wanted rate) that it had.
        """
        if self._last is not None and log_step != self._last[0]:
            slope = (error - self._last[1]) / (log_step - self._last[0])
            self._slope = min(max(slope, SLOPES[0]), SLOPES[1])
        self._last = (log_step, error)
        return log_step - error / self._slope


def halves(progress):
    """Two in the place of one that is called as progress(done, total): for the first half of the way and the second."""
    if progress is None:
        return None, None
    return (lambda done, total: progress(0.5 * done / max(total, 1), 1),
            lambda done, total: progress(0.5 + 0.5 * done / max(total, 1), 1))


def _part(progress, number):
    """Every pass halves what is left of a bar: nobody knows how many there will be."""
    for _ in range(number):
        _, progress = halves(progress)
    return halves(progress)[0]
