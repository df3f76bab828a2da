"""`neuralcodec finetune`"""

import os
from pathlib import Path

import click


@click.command()
@click.option("--preset", metavar="NAME", required=True, help="What to start from: a preset, a folder or a repository.")
@click.option("--data", metavar="DIR", required=True, type=click.Path(path_type=Path),
              help="Folder of your recordings, searched recursively.")
@click.option("--output", "-o", metavar="DIR", required=True, type=click.Path(path_type=Path),
              help="Folder for the tuned preset, which takes its name.")
@click.option("--validation-data", metavar="DIR", type=click.Path(path_type=Path),
              help="Recordings that judge the result; by default a tenth of the speech is held back.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="Train so long.")
@click.option("--epochs", type=click.IntRange(min=1), help="Train so many epochs (3 by default).")
@click.option("--freeze", metavar="PART", multiple=True, help='Keep "lpc", "module_0", ... as it is; may be repeated.')
@click.option("--push", metavar="REPO", help="Publish the result on the Hugging Face Hub, as user/name.")
def finetune(preset, data, output, validation_data, minutes, epochs, freeze, push):
    """Tune a preset to your own speech."""
    if minutes and epochs:
        raise click.UsageError("Give --minutes or --epochs, not both.")
    if output.exists():
        raise click.UsageError(f"{output} is there already; choose another folder.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # only what matters to the user; before TensorFlow is imported
    from neuralcodec.codec import Codec

    codec = Codec.from_pretrained(preset)
    history = codec.finetune(data, epochs=epochs or 3, minutes=minutes, validation_data=validation_data,
                             freeze=freeze, name=output.name)
    for reason in history.skipped.values():
        click.echo(f"Skipped: {reason}", err=True)
    click.echo(f"On {history.judged} held-back pieces, {history}.", err=True)
    codec.save_pretrained(output)
    click.echo(f"Wrote {output}.", err=True)
    if push:
        click.echo(codec.push_to_hub(push))
