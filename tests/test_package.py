"""What importing and running the package costs."""

import pytest

import neuralcodec

HEAVY = ("tensorflow", "keras", "jax", "scipy", "matplotlib")


def test_public_names():
    assert set(neuralcodec.__all__) <= set(dir(neuralcodec))
    for name in neuralcodec.__all__:
        assert getattr(neuralcodec, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'codecs'"):
        neuralcodec.codecs


def test_importing_costs_nothing(run_python):
    result = run_python("-c", "import sys, neuralcodec; print('numpy' in sys.modules, 'soundfile' in sys.modules)")
    assert result.stdout.split() == [b"False", b"False"], result.stderr


@pytest.mark.parametrize("arguments", ["--help", "compress --help", "evaluate --help", "finetune --help",
                                       "report --help", "train --help", "presets"])
def test_the_command_line_starts_without_heavy_packages(run_python, arguments):
    code = ("import sys; from neuralcodec.cli.main import main; code = main(sys.argv[1:]);"
            f"print(code, [name for name in {HEAVY} + ('numpy',) if name in sys.modules])")
    result = run_python("-c", code, *arguments.split())
    assert result.stdout.splitlines()[-1] == b"0 []", result.stderr


def test_a_training_that_cannot_begin_loads_no_framework(run_python, tmp_path):
    code = ("import sys; from neuralcodec.cli.main import main; code = main(sys.argv[1:]);"
            f"print(code, [name for name in {HEAVY} if name in sys.modules])")
    result = run_python("-c", code, "train", "--config", "quik", "--data", tmp_path, "--output", tmp_path)
    assert result.stdout.split(None, 1) == [b"1", b"[]\n"] and b"did you mean 'quick'" in result.stderr


def test_coding_needs_no_framework(run_python, tiny_folder):
    code = (f"import sys, numpy, neuralcodec; codec = neuralcodec.Codec.from_pretrained({str(tiny_folder)!r});"
            "codec.decode(codec.encode(numpy.zeros(2000), 16000));"
            f"print([name for name in {HEAVY} if name in sys.modules])")
    result = run_python("-c", code)
    assert result.stdout.strip() == b"[]", result.stderr
