"""What is left of speech when packets are lost, beside Opus: a table and a plot.

    python examples/packet_loss.py --clips FOLDER --preset cq-16k --opus 16 24 --output packet_loss

Packets of 20 ms are lost in bursts of two on average (Gilbert-Elliott), the same ones for every codec. Opus has its own
concealment: libopus decodes with no data where a packet is lost. Rates are those of the packets, without any headers of
a network. Writes packet_loss.md and packet_loss.png. DistillMOS takes `pip install distillmos`; without it, it is left
out.
"""

import argparse
import concurrent.futures
import functools
import itertools
import multiprocessing
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # one process for each core, before NumPy is imported

import numpy as np

from neuralcodec import Codec
from neuralcodec.audio import SAMPLE_RATE, AudioSource
from neuralcodec.audio.recordings import audio_files
from neuralcodec.evaluation.metrics import installed_metrics, score
from neuralcodec.evaluation.packet_loss import gilbert_elliott
from neuralcodec.evaluation.peers import opus
from neuralcodec.progress import Status

RATES = (0, 1, 3, 5, 10, 20)  # per cent of the packets
METRICS = {"pesq": "PESQ", "estoi": "ESTOI", "distillmos": "DistillMOS"}
SAFE = 4  # last packets, which arrive always, so that all have the same length


def through_network(preset, fec, samples):
    """Codes a clip.

    Returns:
        (a function from which packets are lost to decoded samples, bytes).
    """
    codec = _load(preset)
    encoder = codec.stream_encoder(fec=fec)
    packets = encoder.push(samples) + encoder.flush()

    def decode(lost):
        decoder, pairs = codec.stream_decoder(), itertools.zip_longest(packets, lost, fillvalue=False)
        received = [None if gone else packet for packet, gone in pairs]
        return np.concatenate([*map(decoder.push, received), decoder.flush()])

    return decode, sum(map(len, packets))


def through_opus(kbps, samples):
    """The same for Opus."""
    peer = opus(kbps)
    return lambda lost: peer.code(samples, lost)[0], peer.code(samples)[1]


@functools.cache
def _load(preset):
    return Codec.from_pretrained(preset)


def measure(system, path, seconds, seed):
    """A clip through a system, at every rate of losses: list of dicts of metric -> value, with "kbps" among them."""
    with AudioSource(path) as source:
        samples = np.concatenate(list(source.blocks()))[: int(seconds * SAMPLE_RATE)]
    decode, size = system(samples)
    rows = []
    for rate in RATES:
        decoded = decode(gilbert_elliott(len(samples) // 320 - SAFE, rate / 100, seed=seed))
        rows.append({"kbps": size / len(samples) * SAMPLE_RATE / 125,
                     **score(samples, decoded, installed_metrics(METRICS))})
    return rows


def measure_all(systems, files, seconds, processes):
    """dict of system -> list of means over the clips at each rate, each a dict of metric -> value."""
    jobs = list(itertools.product(systems, range(len(files))))
    measured = {name: [] for name in systems}
    spawn = multiprocessing.get_context("spawn")  # a fork beside threads of BLAS may never end
    with Status() as status, concurrent.futures.ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        found = pool.map(measure, *zip(*((systems[name], files[number], seconds, number) for name, number in jobs)))
        for done, ((name, _), rows) in enumerate(zip(jobs, found), start=1):
            measured[name].append(rows)
            status.count(f"{done} of {len(jobs)} clips.")
    return {name: [{metric: float(np.nanmean([row[metric] for row in rows])) for metric in rows[0]}
                   for rows in zip(*clips)] for name, clips in measured.items()}


def table(results):
    """Markdown: a line for each system, a column for each rate, for each metric."""
    lines = []
    for metric, label in METRICS.items():
        if metric not in next(iter(results.values()))[0]:
            continue
        lines += ["", f"| {label} | kbps | " + " | ".join(f"{rate} % lost" for rate in RATES) + " |",
                  "|---|" + "---|" * (1 + len(RATES))]
        for name, rows in results.items():
            values = " | ".join(f"{row[metric]:.2f}" for row in rows)
            lines.append(f"| {name} | {rows[0]['kbps']:.1f} | {values} |")
    return "\n".join(lines[1:]) + "\n"


def plot(results, path):
    from matplotlib.figure import Figure

    metrics = [metric for metric in METRICS if metric in next(iter(results.values()))[0]]
    figure = Figure(figsize=(4 * len(metrics), 3.2), layout="constrained")
    for axes, metric in zip(figure.subplots(1, len(metrics)), metrics):
        for name, rows in results.items():
            axes.plot(RATES, [row[metric] for row in rows], marker="o", markersize=3, label=name)
        axes.set(xlabel="packets lost, %", ylabel=METRICS[metric])
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", required=True, help="folder of recordings that the preset was not trained on")
    parser.add_argument("--preset", nargs="+", default=["cq-16k"])
    parser.add_argument("--opus", type=float, nargs="*", default=[16, 24], help="kbps")
    parser.add_argument("--limit", type=int, default=12, help="how many clips, spread over the folder")
    parser.add_argument("--seconds", type=float, default=5, help="of each clip")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--output", default="packet_loss", help="files to write, without .md and .png")
    arguments = parser.parse_args()

    files = audio_files(arguments.clips)
    files = files[:: max(1, len(files) // arguments.limit)][: arguments.limit]
    systems = {}
    for preset in arguments.preset:
        name = _load(preset).name
        systems |= {name: functools.partial(through_network, preset, False),
                    f"{name}, fec": functools.partial(through_network, preset, True)}
    systems |= {f"Opus {kbps:g}": functools.partial(through_opus, kbps) for kbps in arguments.opus}
    results = measure_all(systems, files, arguments.seconds, arguments.processes)
    with open(f"{arguments.output}.md", "w", encoding="utf-8") as file:
        file.write(table(results))
    plot(results, f"{arguments.output}.png")
    print(table(results), end="")


if __name__ == "__main__":
    main()
