"""What of a .nac file is damaged or missing, in words and seconds."""

import itertools
import warnings

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.coding.stretch import within
from neuralcodec.errors import ConfigError, DamagedFileError, DamageWarning
from neuralcodec.files.inputs import open_nac
from neuralcodec.files.names import shown


def conceals(errors):
    """Whether `errors` is "conceal".

    Raises:
        ConfigError: it is not "strict" either.
    """
    if errors not in ("strict", "conceal"):
        raise ConfigError(f"`errors` must be 'strict' or 'conceal', not {errors!r}.")
    return errors == "conceal"


def find_damage(source):
    """Reads a file to its end and tells what is wrong with it. No preset is needed and nothing is decoded.

    Args:
        source: path, `-` for standard input, or a binary file object.

    Returns:
        list of str, a sentence for every stretch; none for a file that is whole.

    Raises:
        FormatError: it is missing, not a .nac file, of a later version, or neither its header nor a copy can be read.
    """
    with open_nac(source) as file:
        reader = ContainerReader(file, use_copy=True)
        damaged = [number for number in range(reader.num_complete) if not _is_whole(reader, number)]
        lines = ["The header is damaged; its copy at the end is whole."] if reader.header_error else []
        for first, last in _runs(damaged):
            start, end = reader.header.block_seconds(first)[0], reader.header.block_seconds(last)[1]
            blocks = f"block {first} is" if first == last else f"blocks {first} to {last} are"
            lines.append(f"{start:.1f} to {end:.1f} s: {blocks} damaged.")
        try:
            reader.check_end()
        except DamagedFileError as error:
            lines.append(f"{str(error).partition(';')[0]}.")
    return lines


def _is_whole(reader, number):
    try:
        reader.read_block(number)
    except DamagedFileError:
        return False
    return True


def _runs(numbers):
    """(first, last) of the stretches of ascending numbers that follow one another."""
    groups = itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])
    for _, group in groups:
        members = [number for _, number in group]
        yield members[0], members[-1]


def there(stretch, reader):
    """What there is of a stretch, of a file that ends too early; what it has in its middle counts as there."""
    if reader.num_complete == len(reader):
        return stretch
    return within(stretch, int(reader.header.block_seconds(reader.num_complete)[0] * SAMPLE_RATE))


def tell(reader, stretch, lost, name=None, stacklevel=1):
    """Warns of what was damaged.

    Args:
        reader: ContainerReader.
        stretch: Stretch that was asked for.
        lost: numbers of its blocks that could not be decoded.
        name: path of the file, if it has one.
        stacklevel: whose line the warning points to, counted from whoever calls this.
    """
    header, clauses = reader.header, []
    stretches = [(header.block_seconds(first)[0], header.block_seconds(last)[1]) for first, last in _runs(lost)]
    if reader.header_error is not None:
        clauses.append("its header is damaged and was taken from its copy")
    asked = stretch.last / stretch.rate
    end = header.block_seconds(reader.num_complete)[0] if reader.num_complete < len(reader) else asked
    filled = [(start, min(stop, end)) for start, stop in stretches if start < end]
    if filled:
        times = ", ".join(f"{start:.1f} to {stop:.1f} s" for start, stop in filled[:10])
        clauses.append(f"{times}{', ...' if len(filled) > 10 else ''} had to be filled in")
    if end < asked:
        clauses.append(f"it ends at {end:.1f} s of its {header.seconds:.1f} s")
        filled.append((end, asked))
    if clauses:
        subject = "The file" if name is None else shown(name)
        warnings.warn(DamageWarning(f"{subject} is damaged: {'; '.join(clauses)}.", filled), stacklevel=stacklevel + 1)
