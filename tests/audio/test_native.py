"""Libraries in C: kept quiet, and not disturbed by signals."""

import ctypes
import gc
import os
import signal
import threading
import time

import numpy as np
import pytest
import soundfile

from neuralcodec.audio import AudioSink, AudioSource
from neuralcodec.audio.native import quiet, undisturbed


def test_what_is_printed_meanwhile_is_not_seen(capfd):
    library = ctypes.CDLL(None)
    os.write(2, b"before ")
    library.printf(b"told ")
    with quiet():
        os.write(2, b"hidden")
        with quiet():
            os.write(1, b"hidden")
        library.printf(b"hidden")
        os.write(2, b"hidden")
    os.write(2, b"after")
    library.printf(b"again")
    library.fflush(None)
    assert capfd.readouterr() == ("told again", "before after")


def test_nothing_of_it_gets_into_a_pipe(tmp_path, run_python):
    """libsndfile prints what is wrong with a MIDI sample dump to standard output."""
    soundfile.write(tmp_path / "a.sds", np.zeros(3000), 16000, "PCM_16", format="SDS")
    data = bytearray((tmp_path / "a.sds").read_bytes())
    data[300:310] = bytes(range(10))
    (tmp_path / "a.sds").write_bytes(data)
    code = "import sys; from neuralcodec.audio import AudioSource; list(AudioSource(sys.argv[1]).blocks())"
    result = run_python("-c", code, tmp_path / "a.sds")
    assert (result.stdout, result.stderr) == (b"", b"")


def test_results_and_errors_come_through():
    assert undisturbed(int, "10", base=2) == 2
    with pytest.raises(ZeroDivisionError):
        undisturbed(lambda: 1 / 0)


@pytest.fixture
def interrupted_soon():
    """Ctrl-C from another thread."""
    def interrupt():
        time.sleep(0.003)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    yield thread.start
    thread.join()


@pytest.mark.parametrize("attempt", range(5))
@pytest.mark.parametrize("action", ["read", "write"])
def test_an_interruption_is_not_lost_in_a_callback(tmp_path, capfd, interrupted_soon, action, attempt):
    """Nor taken for the end of the file, or a full disk."""
    soundfile.write(tmp_path / "a.wav", np.zeros(16000), 16000)
    before, was_heard = signal.signal(signal.SIGINT, signal.default_int_handler), False
    try:
        interrupted_soon()
        for _ in range(1000):
            if action == "read":
                list(AudioSource(tmp_path / "a.wav").blocks())
            else:
                with AudioSink(tmp_path / "b.wav", 16000, 16000, overwrite=True) as sink:
                    sink.write(np.zeros(16000))
        time.sleep(5)
    except KeyboardInterrupt:
        was_heard = True
    finally:
        signal.signal(signal.SIGINT, before)
    gc.collect()
    assert was_heard and capfd.readouterr().err == ""
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]
