"""What each part of the cascade brings, after equally long training from scratch: a nested cascade of three modules
without LPC, with a fixed LPC quantiser (CMRL), with one that is trained jointly (CQ), and with a hop of 5 instead of
10 ms; trained one module after the other only (greedy), or all together after the first (joint).

    python examples/study.py --train DIR --clips DIR --output DIR [--preset cq-24k ...]

Every clip is coded with 1, 2 and 3 modules and really written; rates are those of the files. Presets of several modules
are measured in the same way. Stop it and start it again as you like: what is done is not done again.
"""
from dataclasses import dataclass, replace
from pathlib import Path

import click
from matplotlib.figure import Figure

from neuralcodec import Codec
from neuralcodec.audio.recordings import audio_files
from neuralcodec.evaluation.comparison import evaluate, format_table, summary, write_csv
from neuralcodec.evaluation.peers import opus
from neuralcodec.evaluation.prefixes import Prefix
from neuralcodec.evaluation.publish_figures import read_rows
from neuralcodec.progress import Status
from neuralcodec.training.quiet import import_keras
from neuralcodec.zoo.figures import markdown_table

import_keras()  # or one sentence that says what to install

from neuralcodec.training.calibration import calibration_speech
from neuralcodec.training.callbacks import TrainingReport
from neuralcodec.training.checkpoint import PROGRESS
from neuralcodec.training.corpus import read_corpus
from neuralcodec.training.nested_config import NestedPhase, NestedTrainingConfig, PrefixPreset, find_config
from neuralcodec.training.nested_loop import train_nested
from neuralcodec.training.prefixes import write_prefix

METRICS = ("pesq", "estoi", "si_sdr", "mel_distance")
OPUS, OPUS_KBPS = "Opus", (9, 12, 16, 20, 24)
RATES = (9.0, 15.0, 23.0)  # of the prefixes, while training
CODES = ("lpc", "encoder", "steps")  # what decides about the symbols of module 0, besides its entropy model


@dataclass(frozen=True)
class System:
    """A cascade and how it is trained."""

    name: str
    lpc: str = "trained"
    hop: int = 160
    lookahead: int = 2
    joint: bool = True

    @property
    def folder(self):
        return "-".join(self.name.lower().replace(",", "").split())


SYSTEMS = (System("Without LPC, joint", lpc="none"),
           System("CMRL, greedy", lpc="fixed", joint=False), System("CMRL, joint", lpc="fixed"),
           System("CQ, greedy", joint=False), System("CQ, joint"),
           System("CQ of 5 ms, joint", hop=80, lookahead=4))


def phases(system, steps):
    """Module 0 for a quarter of the steps, then all together; or one after the other, the ones before frozen.

    Returns:
        tuple of NestedPhases.
    """
    rate_weight = (0.06,)
    if system.joint:
        first = NestedPhase("module 0", steps // 4, (1,), RATES[:1], rate_weight, final_learning_rate=1e-3)
        return first, NestedPhase("joint", steps - steps // 4, (1, 1, 1), RATES)
    first, second = steps // 2, steps // 4
    frozen = {part: 0.0 for part in CODES}
    return (NestedPhase("module 0", first, (1,), RATES[:1], rate_weight),
            NestedPhase("module 1", second, (1, 1), RATES[:2], pace={**frozen, "entropy_0": 0.0}),
            NestedPhase("module 2", steps - first - second, (1, 1, 1), RATES,
                        pace={**frozen, "entropy_0": 0.0, "entropy_1": 0.0}))


def configuration(system, steps):
    """The NestedTrainingConfig of a system: the cascade of the presets, but for what the system changes."""
    base = find_config("cascade")
    model = replace(base.model, lpc=system.lpc, hop=system.hop, lookahead=system.lookahead)
    preset = PrefixPreset(system.folder, system.name, len(model.modules), RATES[-1])
    return NestedTrainingConfig(system.folder, model, phases(system, steps), (preset,),
                                rate_folders=base.rate_folders, leave_out=base.leave_out)


def trained(system, steps, corpus, output, status):
    """The Codec of a system, trained unless it is there."""
    config, folder = configuration(system, steps), output / system.folder
    if not (folder / config.presets[0].name).exists():
        status.say(f"{system.name}:")
        cascade = train_nested(config, corpus.samples, folder, (folder / PROGRESS).exists(), [TrainingReport(status)])
        write_prefix(cascade, config.presets[0], calibration_speech(corpus.training, config.rate_folders),
                     folder / config.presets[0].name)
    return Codec.from_pretrained(folder / config.presets[0].name)


def measured(name, codec, clips, folder, peers=()):
    """Rows of all prefixes of a codec and of peers, measured unless they are there."""
    figures = folder / "figures.csv"
    if not figures.exists():
        folder.mkdir(parents=True, exist_ok=True)
        prefixes = [Prefix(codec, 1 + number, name) for number in range(len(codec.preset.config.modules))]
        write_csv(evaluate(prefixes, clips, peers, METRICS), figures)
    return read_rows(figures)


def plot(lines, path):
    """PESQ against the true rate, a line per cascade, a point per module: presets on the left, the study on the right.

    Args:
        lines: dict of name -> list of figures, as `summary` has them for a codec.
        path: of the picture.
    """
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    studied = [system.name for system in SYSTEMS]
    for axes, wanted in zip(figure.subplots(1, 2, sharey=True), (lines.keys() - studied, {*studied, OPUS})):
        for name in (name for name in lines if name in wanted):
            draw(axes, name, lines[name])
        axes.set(xlabel="kbps of the files", ylabel="PESQ-WB")
        axes.grid(alpha=0.2)
        axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=140)


def draw(axes, name, points):
    """One line through points, with the 95 % interval of each."""
    rate, quality = ([point[figure] for point in points] for figure in ("kbps", "pesq"))
    error = [[mean - low for mean, low, _ in quality], [high - mean for mean, _, high in quality]]
    style = "--" if name.endswith("greedy") else ":" if name == OPUS else "-"
    axes.errorbar([mean for mean, *_ in rate], [mean for mean, *_ in quality], error, fmt="o" + style, label=name)


def by_line(rows, names):
    """Rows -> dict of name -> list of figures: those of the codecs whose names begin with it, in their order."""
    figures = summary(rows)
    lines = {name: [values for codec, values in figures.items() if codec.startswith(f"{name} ")]
             for name in names}
    return {name: points for name, points in lines.items() if points}


FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(help=__doc__)
@click.option("--train", "speech", type=FOLDER, required=True, help="Training speech.")
@click.option("--clips", type=FOLDER, required=True, help="Recordings to evaluate on.")
@click.option("--output", type=FOLDER, required=True, help="Runs, table and plot.")
@click.option("--steps", type=click.IntRange(min=16), default=1500, show_default=True, help="Steps of each system.")
@click.option("--preset", "presets", multiple=True, help="Presets to measure, too.")
def main(speech, clips, output, steps, presets):
    corpus, clips, rows = read_corpus(speech, find_config("cascade").leave_out), audio_files(clips), []
    peers = [opus(kbps) for kbps in OPUS_KBPS]
    for number, preset in enumerate(presets):
        rows += measured(preset, Codec.from_pretrained(preset), clips, output / f"preset-{Path(preset).name}",
                         () if number else peers)
    for system in SYSTEMS:
        with Status() as status:
            codec = trained(system, steps, corpus, output, status)
        rows += measured(system.name, codec, clips, output / system.folder)
        (output / "table.md").write_text(markdown_table(summary(rows)) + "\n", encoding="utf-8")
        plot(by_line(rows, [*presets, *(system.name for system in SYSTEMS), OPUS]), output / "plot.png")
    click.echo(format_table(summary(rows)))


if __name__ == "__main__":
    main()
