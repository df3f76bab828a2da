"""How fast are the presets on one thread, next to Opus and AMR-WB in the same run? What `neuralcodec benchmark` does.

    python examples/benchmark.py [--preset cq-24k] [--seconds 60] [--output benchmark.json] [--plot benchmark.png]
"""
import sys

from neuralcodec.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["benchmark", *sys.argv[1:]]))
