"""Metadata of the package. `presets/` lies beside the code and is installed inside it, as `neuralcodec/presets`."""

import re
from pathlib import Path

from setuptools import Extension, find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "neuralcodec" / "version.py").read_text(encoding="utf-8"))[1]
TRAIN = ["keras>=3.5,<4", "tensorflow>=2.18,<3"]
C_FILES, C_HEADERS = (sorted(str(path.relative_to(ROOT)) for path in (ROOT / "neuralcodec" / "kernels").glob(kind))
                      for kind in ("*.c", "*.h"))
EVAL = ["matplotlib>=3.8,<4", "pesq>=0.0.4", "pystoi>=0.4", "visqol-python[lattice]>=3.8"]

setup(
    name="neuralcodec",
    version=VERSION,
    description="A neural speech codec: pretrained bitrate presets for 16 kHz speech",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Topic :: Multimedia :: Sound/Audio :: Compression",
        "Topic :: Multimedia :: Sound/Audio :: Speech",
    ],
    python_requires=">=3.10",
    packages=[*find_packages(include=["neuralcodec", "neuralcodec.*"]), "neuralcodec.presets"],
    package_dir={"neuralcodec.presets": "presets"},
    package_data={
        "neuralcodec": ["py.typed"],
        "neuralcodec.presets": ["LICENSE", "*/*"],
        "neuralcodec.assets": ["*.flac", "*.txt"],
        "neuralcodec.evaluation": ["*.html"],
        "neuralcodec.training": ["configs/*.json"],
    },
    exclude_package_data={"neuralcodec.presets": ["*@*/*"]},  # earlier revisions: in a checkout and on the Hub
    # Optional: without a compiler the package is installed all the same, and NumPy does what these loops do.
    ext_modules=[Extension("neuralcodec.kernels._loops", C_FILES, depends=C_HEADERS, optional=True,
                           extra_compile_args=["-O3"])],
    entry_points={"console_scripts": ["neuralcodec = neuralcodec.cli.main:main"]},
    install_requires=[  # of coding and sharing
        "click>=8.1,<9",
        "constriction>=0.4,<0.6",
        "h5py>=3.10,<4",
        "huggingface-hub>=1.0,<3",
        "numpy>=1.26,<3",
        "soundfile>=0.12.1,<1",
        "soxr>=0.5,<2",
        "tqdm>=4.66,<5",
    ],
    extras_require={
        "train": TRAIN,
        "eval": EVAL,
        "export": ["onnx>=1.15,<2"],
        "ray": ["pyarrow>=14", "ray>=2.9"],
        "test": [*TRAIN, *EVAL, "build>=1.2", "hypothesis>=6.100", "jax>=0.4.35", "pytest>=8.2",
                 "pytest-xdist>=3.6", "scipy>=1.11", "setuptools>=64", "wheel>=0.43"],
    },
)
