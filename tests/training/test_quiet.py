"""TensorFlow's log lines stay away from users; nothing else does."""
import pytest

IMPORTS = "from neuralcodec.training import quiet; quiet.import_keras(); import sys; print('keras' in sys.modules)"
LOG_LINES = ("WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
             "I0000 00:00:1795702078.807882    8518 port.cc:153] oneDNN custom operations are on.")
CHATTY = """
import os
os.write(2, b'''{}
a real warning
''')
{}
"""


@pytest.fixture
def chatty(tmp_path, run_python, monkeypatch):
    """Imports a package in the place of Keras that writes to standard error; the process."""
    def run(then="", **variables):
        (tmp_path / "keras.py").write_text(CHATTY.format("\n".join(LOG_LINES), then))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return run_python("-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {IMPORTS}")

    return run


@pytest.mark.parametrize("before", ["pass", "import jax"])
def test_keras_comes_without_a_word(run_python, monkeypatch, before):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    code = f"{before}; {IMPORTS}; import keras, numpy; keras.ops.matmul(numpy.eye(2), numpy.eye(2))"
    done = run_python("-c", code)
    assert (done.stdout, done.stderr) == (b"True\n", b"")


def test_what_is_no_log_line_is_shown(chatty):
    done = chatty()
    assert (done.stdout, done.stderr) == (b"True\n", b"a real warning\n")


def test_everything_is_shown_where_the_import_fails(chatty):
    done = chatty("raise ImportError('no TensorFlow here')")
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1 and lines[:3] == [*LOG_LINES, "a real warning"]
    assert lines[-1] == "ImportError: no TensorFlow here"


@pytest.mark.parametrize("level", ["0", "3"])
def test_a_package_that_is_not_installed_is_named_with_the_extra_that_brings_it(chatty, level):
    done = chatty("import tensorflow_that_is_not_here", TF_CPP_MIN_LOG_LEVEL=level)
    assert done.returncode == 1 and done.stderr.decode().splitlines()[-1] == (
        "neuralcodec.errors.MissingDependencyError: Training needs the package 'tensorflow_that_is_not_here', which is "
        "not installed; pip install 'neuralcodec[train]' brings Keras and TensorFlow.")


def test_a_crash_is_not_silent(chatty):
    done = chatty("os.abort()")
    assert done.returncode < 0 and b"Fatal Python error: Aborted" in done.stderr and b"in import_keras" in done.stderr


def test_everything_is_shown_to_who_wants_it(chatty):
    assert chatty(TF_CPP_MIN_LOG_LEVEL="0").stderr.decode().splitlines() == [*LOG_LINES, "a real warning"]


def test_no_standard_error_is_no_reason_to_fail(run_python):
    done = run_python("-c", f"import os; os.close(2); {IMPORTS}")
    assert done.stdout == b"True\n"
