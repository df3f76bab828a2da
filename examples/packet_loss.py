"""What is left of speech when packets are lost, beside Opus: a table and a plot.

    python examples/packet_loss.py --clips FOLDER --preset cq-24k --output packet_loss

Packets of 20 ms are lost in bursts of two on average (Gilbert-Elliott), the same ones for every codec. Opus has its own
concealment: libopus decodes with no data where a packet is lost. Rates are those of the packets, without any headers of
a network. Writes packet_loss.md and packet_loss.png. DistillMOS takes `pip install distillmos`; without it, it is left
out.
"""

import argparse

import numpy as np

from neuralcodec import Codec
from neuralcodec.audio import SAMPLE_RATE, AudioSource
from neuralcodec.audio.recordings import audio_files
from neuralcodec.evaluation.metrics import score
from neuralcodec.evaluation.packet_loss import gilbert_elliott
from neuralcodec.evaluation.peers import opus
from neuralcodec.progress import Status

RATES = (0, 1, 3, 5, 10, 20)  # per cent of the packets
METRICS = {"pesq": "PESQ", "estoi": "ESTOI", "mos": "DistillMOS"}


def through_network(codec, fec):
    """A function (samples, lost) -> (decoded, kbps)."""
    def code(samples, lost):
        encoder, decoder = codec.stream_encoder(fec=fec), codec.stream_decoder()
        packets = encoder.push(samples) + encoder.flush()
        lost = np.concatenate([lost[:-4], np.zeros(len(packets) - len(lost) + 4, bool)])  # the end always arrives
        received = [None if gone else packet for gone, packet in zip(lost, packets)]
        decoded = np.concatenate([*map(decoder.push, received), decoder.flush()])
        return decoded, sum(map(len, packets)) / len(samples) * SAMPLE_RATE / 125

    return code


def through_opus(kbps):
    """The same for Opus."""
    def code(samples, lost):
        decoded, size = opus(kbps).code(samples, lost[:-4])
        return decoded, size / len(samples) * SAMPLE_RATE / 125

    return code


def opinion():
    """A function (samples) -> DistillMOS, or None where that is not installed."""
    try:
        import distillmos
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    model = distillmos.ConvTransformerSQAModel().eval()

    def mos(samples):
        with torch.no_grad():
            return float(model(torch.from_numpy(np.asarray(samples, np.float32))[None]))

    return mos


def read(path, seconds):
    with AudioSource(path) as source:
        return np.concatenate(list(source.blocks()))[: int(seconds * SAMPLE_RATE)]


def measure(systems, clips):
    """dict of (system, rate) -> dict of metric -> mean over the clips; with "kbps" among the metrics."""
    mos, results, status = opinion(), {}, Status()
    for name, code in systems.items():
        for rate in RATES:
            status.say(f"{name}, {rate} % lost.")
            rows = []
            for number, samples in enumerate(clips):
                lost = gilbert_elliott(-(-len(samples) // 320), rate / 100, seed=number)
                decoded, kbps = code(samples, lost)
                row = score(samples, decoded, ["pesq", "estoi"]) | {"kbps": kbps}
                rows.append(row | ({"mos": mos(decoded)} if mos else {}))
            results[name, rate] = {metric: float(np.nanmean([row[metric] for row in rows])) for metric in rows[0]}
    return results


def table(results, systems):
    """Markdown: a line for each system, a column for each rate, for each metric."""
    lines = []
    for metric, label in METRICS.items():
        if metric not in results[next(iter(results))]:
            continue
        lines += ["", f"| {label} | kbps | " + " | ".join(f"{rate} %" for rate in RATES) + " |",
                  "|---|" + "---|" * (1 + len(RATES))]
        for name in systems:
            values = " | ".join(f"{results[name, rate][metric]:.2f}" for rate in RATES)
            lines.append(f"| {name} | {results[name, 0]['kbps']:.1f} | {values} |")
    return "\n".join(lines[1:]) + "\n"


def plot(results, systems, path):
    from matplotlib.figure import Figure

    metrics = [metric for metric in METRICS if metric in results[next(iter(results))]]
    figure = Figure(figsize=(4 * len(metrics), 3.2), layout="constrained")
    for axes, metric in zip(figure.subplots(1, len(metrics)), metrics):
        for name in systems:
            axes.plot(RATES, [results[name, rate][metric] for rate in RATES], marker="o", markersize=3, label=name)
        axes.set(xlabel="packets lost, %", ylabel=METRICS[metric])
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", required=True, help="folder of recordings that the preset was not trained on")
    parser.add_argument("--preset", nargs="+", default=["cq-24k"])
    parser.add_argument("--opus", type=float, nargs="+", default=[16, 24], help="kbps")
    parser.add_argument("--limit", type=int, default=12, help="how many clips, spread over the folder")
    parser.add_argument("--seconds", type=float, default=5, help="of each clip")
    parser.add_argument("--output", default="packet_loss", help="files to write, without .md and .png")
    arguments = parser.parse_args()

    files = audio_files(arguments.clips)
    clips = [read(path, arguments.seconds) for path in files[:: max(1, len(files) // arguments.limit)]]
    clips = clips[: arguments.limit]
    systems = {}
    for name in arguments.preset:
        codec = Codec.from_pretrained(name)
        systems |= {codec.name: through_network(codec, False), f"{codec.name}, fec": through_network(codec, True)}
    systems |= {f"Opus {kbps:g}": through_opus(kbps) for kbps in arguments.opus}
    results = measure(systems, clips)
    with open(f"{arguments.output}.md", "w", encoding="utf-8") as file:
        file.write(table(results, systems))
    plot(results, systems, f"{arguments.output}.png")
    print(table(results, systems), end="")


if __name__ == "__main__":
    main()
