"""What each part of the cascade brings, after the same training: four systems at two bitrates (one module without LPC,
CMRL without LPC, LPC and CMRL, CQ), and one to three modules, trained one after the other only (greedy) or together at
the end, too (joint).

    python examples/study.py --train DIR --clips DIR --output DIR

Files are really written and decoded. Stop it and start it again as you like: what is done is not done again.
"""
from dataclasses import dataclass
from pathlib import Path

import click
from matplotlib.figure import Figure

from neuralcodec import Codec
from neuralcodec.audio.recordings import audio_files
from neuralcodec.evaluation.comparison import evaluate, format_table, summary, write_csv
from neuralcodec.evaluation.publish_figures import read_rows
from neuralcodec.progress import Status
from neuralcodec.training.quiet import import_keras
from neuralcodec.zoo.figures import markdown_table

import_keras()  # or one sentence that says what to install

from neuralcodec.training.calibration import write_calibrated_preset
from neuralcodec.training.callbacks import TrainingReport
from neuralcodec.training.checkpoint import CHECKPOINT, PROGRESS, Progress
from neuralcodec.training.config import TrainingConfig
from neuralcodec.training.corpus import as_float, in_folder, read_corpus
from neuralcodec.training.loop import train_cascade

MODULES = ({"hop": 80, "lookahead": 2}, {"hop": 160}, {"hop": 80})
SYSTEMS = {"CMRL without LPC": "none", "LPC + CMRL": "fixed", "CQ": "trained"}
METRICS = ("pesq", "estoi", "si_sdr", "mel_distance")
READ_SPEECH = ("librispeech-*", "speechocean762")  # folders that set the rate, where there are any
LATER_PACE = 0.05  # as for the presets
CALIBRATION_FILES = 16
FIRST_RATE = 0.75  # share of the bitrate that module 0 is trained for before others join


@dataclass(frozen=True)
class Stage:
    """A stretch of training that goes on from `before`, and whether its outcome is evaluated."""

    name: str
    lpc: str
    modules: int
    kbps: float
    steps: int
    train: tuple = ()  # what learns; empty for everything
    learning_rate: float = 1.5e-3
    before: "Stage | None" = None
    evaluated: bool = True

    @property
    def folder(self):
        return self.name.lower().replace(" ", "-").replace("+-", "").replace(",", "")


def greedy_then_joint(name, lpc, modules, kbps, steps, evaluated):
    """Half of the steps for module 0, a quarter for the later ones, a quarter for all together: a list of stages."""
    stages = [Stage(f"{name}, 1 module, greedy", lpc, 1, kbps * FIRST_RATE, steps // 2, evaluated=evaluated)]
    later = modules - 1
    for number in range(1, modules):
        rate = kbps * (FIRST_RATE + (1 - FIRST_RATE) * number / later)
        stages.append(Stage(f"{name}, {number + 1} modules, greedy", lpc, number + 1, rate, steps // 4 // later,
                            (f"module_{number}",), 1e-3, stages[-1], evaluated))
    return [*stages, Stage(name, lpc, modules, kbps, steps - steps // 2 - steps // 4 // later * later,
                           learning_rate=5e-4, before=stages[-1])]


def plan(steps):
    """All stages in the order of training; each system gets `steps` in all."""
    stages = []
    for kbps in (9.0, 24.0):
        stages.append(Stage(f"1 module without LPC {kbps:g}", "none", 1, kbps, steps))
        for system, lpc in SYSTEMS.items():
            stages += greedy_then_joint(f"{system} {kbps:g}", lpc, 2, kbps, steps, (system, kbps) == ("CQ", 24.0))
    stages.append(Stage("CQ 24 of 1 module", "trained", 1, 24.0, steps))
    return stages + greedy_then_joint("CQ 24 of 3 modules", "trained", 3, 24.0, steps, evaluated=True)


def configuration(stage, number, output):
    """The stage as a TrainingConfig; the weight of the rate goes on from the stage before."""
    before = stage.before and output / stage.before.folder
    phase = {"name": "all" if not stage.train else "greedy", "steps": stage.steps, "modules": stage.modules,
             "train": stage.train, "learning_rate": stage.learning_rate, "final_learning_rate": 1e-5,
             "later_pace": LATER_PACE}
    return TrainingConfig.from_dict({
        "name": stage.folder, "description": stage.name, "kbps": stage.kbps, "seed": 1 + number,
        "model": {"lpc": stage.lpc, "modules": [dict(module) for module in MODULES[: stage.modules]]},
        "phases": [phase], "start": str(before / CHECKPOINT) if before else "",
        "rate_weight": Progress.read(before).rate_weight if before else 0.03 * 24.0 / stage.kbps})


def run_stage(stage, number, corpus, clips, output, status):
    """Trains, exports and evaluates a stage; returns rows as `evaluate` does, none if it is not evaluated."""
    folder = output / stage.folder
    figures = folder / "figures.csv"
    if not figures.exists():
        config = configuration(stage, number, output)
        cascade = train_cascade(config, corpus.samples, folder, (folder / PROGRESS).exists(), [TrainingReport(status)])
        rows = []
        if stage.evaluated:
            preset = write_calibrated_preset(cascade, config, calibration_speech(corpus), folder / stage.folder,
                                             overwrite=True)
            rows = evaluate([Codec(preset)], clips, metrics=METRICS)
        write_csv(rows, figures)
    return [{**row, "codec": stage.name} for row in read_rows(figures)]


def calibration_speech(corpus):
    """Enough recordings of read speech to fit tables and step sizes to."""
    read = [path for path in corpus.training if in_folder(path, READ_SPEECH)] or [*corpus.training]
    return [as_float(corpus.training[path]) for path in read[:: -(-len(read) // CALIBRATION_FILES)]]


def plot(summaries, path):
    """PESQ against the true rate: the four systems on the left, one to three modules on the right."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for system in ("1 module without LPC", *SYSTEMS):
        draw(left, summaries, [f"{system} 9", f"{system} 24"], system)
    for name, label in (("CQ 24 of 1 module", "1 module"), ("CQ 24", "2 modules, joint"),
                        ("CQ 24 of 3 modules", "3 modules, joint")):
        draw(right, summaries, [name], label)
    for name, label in (("CQ 24", "2 modules, greedy"), ("CQ 24 of 3 modules", "3 modules, greedy")):
        draw(right, summaries, [other for other in summaries if other.startswith(f"{name}, ")], label, "--")
    for axes in (left, right):
        axes.set(xlabel="kbps (true rate)", ylabel="PESQ-WB")
        axes.grid(alpha=0.2)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=140)


def draw(axes, summaries, names, label, line="-"):
    rate, quality = ([summaries[name][figure] for name in names if name in summaries] for figure in ("kbps", "pesq"))
    error = [[mean - low for mean, low, _ in quality], [high - mean for mean, _, high in quality]]
    axes.errorbar([mean for mean, *_ in rate], [mean for mean, *_ in quality], error, fmt="o" + line, label=label)


@click.command(help=__doc__)
@click.option("--train", "speech", type=click.Path(exists=True, path_type=Path), required=True, help="Training speech.")
@click.option("--clips", type=click.Path(exists=True, path_type=Path), required=True, help="Recordings to evaluate on.")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="Runs, table and plot.")
@click.option("--steps", type=click.IntRange(min=16), default=1000, show_default=True, help="Steps of each system.")
def main(speech, clips, output, steps):
    rows, corpus, clips = [], read_corpus(speech), audio_files(clips)
    for number, stage in enumerate(plan(steps)):
        with Status() as status:
            rows += run_stage(stage, number, corpus, clips, output, status)
        if rows:
            (output / "table.md").write_text(markdown_table(summary(rows)) + "\n", encoding="utf-8")
            plot(summary(rows), output / "plot.png")
    click.echo(format_table(summary(rows)))


if __name__ == "__main__":
    main()
