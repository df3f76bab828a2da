"""`neuralcodec info`"""

import json

import click

from neuralcodec.cli import options
from neuralcodec.errors import NeuralCodecError


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=options.Name(allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="One JSON object per file and line.")
def info(files, as_json):
    """Show what .nac files hold: preset, duration, rate, bits per module, integrity.

    The exit code is 1 if a file is damaged or cannot be read.
    """
    from neuralcodec.coding.info import codec_info

    all_intact = True
    for number, file in enumerate(files):
        try:
            facts = codec_info(file)
        except NeuralCodecError as error:
            if len(files) == 1:
                raise
            click.echo(f"Error: {click.format_filename(file)}: {error}", err=True)
            all_intact = False
            continue
        if as_json:
            click.echo(json.dumps({"file": file, **facts}))
        else:
            click.echo(("\n" if number else "") + _as_text(file, facts))
        all_intact = all_intact and facts["intact"]
    return 0 if all_intact else 1


def _as_text(file, facts):
    from neuralcodec.audio.tags import shown

    kbps = facts["kbps_by_module"]
    rate = f"{facts['kbps']:.2f} kbps ({facts['bytes']} bytes)" if facts["samples"] else f"{facts['bytes']} bytes"
    lines = [
        ("file", shown(click.format_filename(file))),  # a name need not be valid text
        ("preset", f"{facts['preset']} ({_availability(facts)})"),
        ("duration", f"{facts['seconds']:.3f} s ({facts['samples']} samples at {facts['sample_rate']} Hz)"),
        ("rate", rate),
        *((name.replace("_", " "), f"{value:.2f} kbps") for name, value in kbps.items() if value is not None),
        *((key, shown(value)) for key, value in facts["tags"].items()),
        ("integrity", _integrity(facts)),
    ]
    return "\n".join(f"{name:<10} {value}" for name, value in lines)


def _availability(facts):
    from neuralcodec.zoo.bundled import bundled_revisions

    revisions = bundled_revisions(facts["preset"])
    if not revisions:
        return "not installed"
    found = [number for number, revision in enumerate(revisions) if revision.hash.startswith(facts["hash"])]
    if not found:
        return "installed with other weights"
    return "installed" if found[0] == 0 else f"installed as {revisions[found[0]]}"


def _integrity(facts):
    if facts["intact"]:
        return "ok"
    if not facts["damaged_blocks"]:
        return "damaged: foreign bytes, or a damaged copy of the header, follow the last block"
    numbers = ", ".join(map(str, facts["damaged_blocks"][:10])) + (", ..." if len(facts["damaged_blocks"]) > 10 else "")
    return f"damaged: {len(facts['damaged_blocks'])} of {facts['blocks']} blocks ({numbers})"
