"""`neuralcodec finetune`"""

from pathlib import Path

import click

from neuralcodec.cli import options

EPOCHS = 3


@click.command()
@options.preset
@click.option("--data", metavar="DIR", required=True, type=options.Name(path_type=Path),
              help="Folder of your recordings, searched recursively.")
@click.option("-o", "--output", metavar="DIR", required=True, type=options.Name(path_type=Path),
              help="Folder for the tuned preset, which takes its name.")
@click.option("--validation-data", metavar="DIR", type=options.Name(path_type=Path),
              help="Recordings to measure the preset on; by default a tenth of the speech is held back.")
@click.option("--minutes", metavar="M", type=click.FloatRange(min=0, min_open=True), help="Train for M minutes.")
@click.option("--epochs", metavar="N", type=click.IntRange(min=1), help=f"Train for N epochs; {EPOCHS} by default.")
@click.option("--freeze", metavar="PART", multiple=True,
              help="Keep a part as it is, such as lpc or module_0, nested modules decoder; may be given several times.")
@click.option("--language", metavar="CODE", multiple=True,
              help="Language of the speech for the model card, such as en; may be given several times.")
@click.option("--licence", metavar="ID", help="Licence of the tuned preset, such as CC-BY-4.0; by default none.")
@click.option("--push", metavar="REPO", help="Also publish the result on the Hugging Face Hub, as user/name.")
@options.force
def finetune(preset, data, output, validation_data, minutes, epochs, freeze, language, licence, push, force):
    """Tune a preset to your own speech; at least 30 s of it, better some minutes.

    Prints figures of held-back speech before and after. Nothing is written if the preset did not get better. Ctrl-C
    ends the training early and keeps the best weights so far.
    """
    from neuralcodec.files.outputs import check_writable
    from neuralcodec.zoo.bundled import list_presets
    from neuralcodec.zoo.folder import check_free
    from neuralcodec.zoo.presets import load_preset

    if minutes and epochs:
        raise click.UsageError("--minutes and --epochs exclude each other.")
    check_free(output, force)  # an error here should not come after all the work
    check_writable(output)
    if push:
        from neuralcodec.zoo.hub import check_upload

        check_upload(push)
    base = load_preset(preset)
    from neuralcodec.codec import Codec

    codec = Codec(base)
    codec.finetune(data, epochs=epochs or EPOCHS, minutes=minutes, validation_data=validation_data, freeze=freeze,
                   name=_name(output, {base.name, *list_presets()}), speech=_speech(language, licence))
    codec.save_pretrained(output, overwrite=force)
    click.echo(f"Wrote {click.format_filename(output)}.", err=True)
    if push:
        click.echo(codec.push_to_hub(push))


def _speech(languages, licence):
    """What is said of the speech, as `Codec.finetune` takes it."""
    return {**({"languages": list(languages)} if languages else {}), **({"licence": licence} if licence else {})}


def _name(output, taken):
    """A preset is called like its folder, unless nothing can be called so or another preset is."""
    from neuralcodec.zoo.metadata import is_name

    name = output.resolve().name
    return name if is_name(name) and name not in taken else None
