"""`neuralcodec presets`"""

import click


@click.command()
def presets():
    """List the presets that are installed."""
    from neuralcodec.zoo.presets import list_presets, preset_info

    rows = [("name", "kbps", "parameters", "description")]
    for name in list_presets():
        facts = preset_info(name)
        rows.append((name, f"{facts['kbps']:g}", f"{facts['parameters']:,}", facts["description"]))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, kbps, parameters, description in rows:
        click.echo(f"{name:<{widths[0]}}  {kbps:>{widths[1]}}  {parameters:>{widths[2]}}  {description}")
