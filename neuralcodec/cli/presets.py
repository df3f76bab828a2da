"""`neuralcodec presets`"""

import click

from neuralcodec.cli import options
from neuralcodec.errors import NeuralCodecError


@click.group(invoke_without_command=True)
@click.pass_context
def presets(context):
    """List the presets that are installed; download, describe and verify presets."""
    if context.invoked_subcommand is None:
        _list_installed()


@presets.command("list")
@click.option("--remote", metavar="USER_OR_ORG", help="List what this account has on the Hugging Face Hub instead.")
def list_(remote):
    """List the presets that are installed."""
    if remote is None:
        _list_installed()
    else:
        _list_remote(remote)


@presets.command()
@click.argument("names", metavar="NAME|REPO...", nargs=-1, required=True)
@click.option("--revision", metavar="REVISION", help="Branch, tag or commit; by default the main branch.")
@click.option("-f", "--force", is_flag=True, help="Download again what was downloaded before.")
def download(names, revision, force):
    """Download presets from the Hugging Face Hub, and show where they are.

    REPO is a repository such as user/my-codec, which needs no network afterwards. NAME is a preset that comes with the
    package, and is there already.
    """
    from neuralcodec.zoo.presets import load_preset

    return _each(names, lambda name: load_preset(name, revision=revision, force_download=force).directory)


@presets.command()
@click.argument("name", shell_complete=options.complete_preset)
def info(name):
    """Show what a preset says about itself.

    NAME may also be a folder or a Hub repository. With @REVISION behind it, it is another revision than the newest.
    """
    from neuralcodec.zoo.presets import preset_info

    rows = list(_facts(preset_info(name)))
    width = max(len(key) for key, _ in rows)
    for key, value in rows:
        click.echo(f"{key:<{width}}  {value}")


def _facts(metadata):
    """Yields what there is to say: (label, text)."""
    from neuralcodec.zoo.figures import count_modules, measured_figures, prefix_figures
    from neuralcodec.zoo.metadata import base_model, revision_of

    forms = {"name": "{}", "description": "{}", "kbps": "{:g}", "parameters": "{:,}", "delay_ms": "{:g}",
             "sample_rate": "{}", "license": "{}", "hash": "{}"}
    for key, form in forms.items():
        yield key.replace("_", " "), form.format(metadata[key])
    yield "revision", str(revision_of(metadata))
    if base_model(metadata):
        yield "base model", base_model(metadata)
    for metric, value in measured_figures(metadata).get(metadata["name"], {}).items():
        yield f"measured {metric}", value if metric == "clips" else "{:g} ({:g} to {:g})".format(*value)
    for number, figures in enumerate(prefix_figures(metadata), start=1):
        means = (f"{metric} {value[0]:g}" for metric, value in figures.items() if metric != "clips")
        yield count_modules(number), ", ".join(means)


@presets.command()
@click.argument("names", metavar="[NAME...]", nargs=-1, shell_complete=options.complete_preset)
def verify(names):
    """Check that presets are whole: files, shapes and hash. By default all that are installed.

    NAME may also be a folder or a Hub repository. The exit code is 1 if one is not whole.
    """
    from neuralcodec.zoo.bundled import list_revisions
    from neuralcodec.zoo.presets import load_preset

    return _each(names or list_revisions(), lambda name: load_preset(name) and "ok")


def _each(names, action):
    """Prints what the action says of each name. An error is told, and does not keep the others from their turn."""
    code, width = 0, max(len(name) for name in names)
    for name in names:
        try:
            click.echo(f"{name:<{width}}  {action(name)}")
        except NeuralCodecError as error:
            click.echo(f"Error: {error}", err=True)
            code = 1
    return code


def _list_installed():
    from neuralcodec.zoo.bundled import list_revisions
    from neuralcodec.zoo.presets import preset_info

    facts = ((name, preset_info(name)) for name in list_revisions())
    _table([("name", "kbps", "parameters", "description"),
            *((name, f"{fact['kbps']:g}", f"{fact['parameters']:,}", fact["description"]) for name, fact in facts)])


def _list_remote(author):
    from neuralcodec.zoo.hub import list_remote_presets

    rows = list_remote_presets(author)
    _table([("name", "downloads", "updated"),
            *((row["name"], f"{row['downloads']:,}", str(row["updated"] or "-")) for row in rows)])


def _table(rows):
    """Prints columns: the first and the last start at the left, the others, numbers, end at the right."""
    *widths, _ = (max(map(len, column)) for column in zip(*rows))
    for first, *numbers, last in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:])), last]
        click.echo("  ".join(cells))
