"""Libraries in C: kept quiet, and not disturbed by signals."""

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


def test_what_is_written_to_standard_error_meanwhile_is_not_seen(capfd):
    os.write(2, b"before ")
    with quiet():
        os.write(2, b"hidden")
        with quiet():
            os.write(2, b"hidden")
        os.write(2, b"hidden")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


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
