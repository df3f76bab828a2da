"""`neuralcodec stream-encode` and `stream-decode`, as pipes."""

import io
import signal
import subprocess

import numpy as np
import pytest

from neuralcodec.bitstream.packet_stream import read_with_lengths, with_length
from neuralcodec.cli.stream import _Recording


@pytest.fixture(scope="module")
def speech(clip):
    return np.rint(clip[0][16000:24001] * 32768).astype("<i2")


@pytest.fixture(scope="module")
def stream(codec, speech):
    """What `stream-encode` writes, as a list."""
    encoder = codec.stream_encoder()
    return [encoder.header, *encoder.push(speech), *encoder.flush()]


@pytest.fixture
def piped(cli, monkeypatch):
    """Runs a command with standard input; returns (exit code, standard output, standard error)."""
    def run(data, *arguments):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))
        return cli(*arguments)

    return run


def test_there_and_back(piped, codec, tiny_folder, speech, stream):
    code, packets, err = piped(speech.tobytes() + b"\1", "stream-encode", "-p", tiny_folder)
    assert (code, err) == (0, "") and list(read_with_lengths(io.BytesIO(packets))) == stream
    code, decoded, err = piped(packets, "stream-decode", "-p", tiny_folder)
    assert (code, err) == (0, "") and len(decoded) == 2 * len(speech)
    wanted = codec.decode(codec.encode(speech, 16000))[0]
    assert np.abs(np.frombuffer(decoded, "<i2") / 32768 - wanted).max() < 2e-4


def test_the_preset_is_that_of_the_stream(piped, stream, installed):
    data = b"".join(map(with_length, stream))
    assert piped(data, "stream-decode")[0] == 0


def test_options(piped, codec, tiny_folder, speech):
    _, packets, _ = piped(speech.tobytes(), "stream-encode", "-p", tiny_folder, "--frames", 2, "--modules", 1, "--fec")
    encoder = codec.stream_encoder(frames_per_packet=2, modules=1, fec=True)
    assert list(read_with_lengths(io.BytesIO(packets)))[1:] == encoder.push(speech) + encoder.flush()


def test_lost_and_damaged_packets_are_filled(piped, tiny_folder, speech, stream):
    packets = [*stream[:9], None, b"\x0d", *stream[11:]]
    code, decoded, err = piped(b"".join(map(with_length, packets)), "stream-decode", "-p", tiny_folder)
    assert code == 0 and "1 damaged" in err and len(decoded) == 2 * len(speech)


@pytest.mark.parametrize("data, message", [
    (b"", "no stream of packets"), (b"RIFF" * 40, "no stream of packets"), (b"\0", "no stream of packets"),
    (b"\xff\xff\xff\x7f", "impossible length")])
def test_what_is_no_stream_is_told(piped, tiny_folder, data, message):
    code, out, err = piped(data, "stream-decode", "-p", tiny_folder)
    assert code == 1 and out == b"" and message in err and "Traceback" not in err


def test_a_stream_that_breaks_off_is_told_in_the_end(piped, tiny_folder, stream):
    data = b"".join(map(with_length, stream))[:-1]
    code, decoded, err = piped(data, "stream-decode", "-p", tiny_folder)
    assert code == 1 and "ends within a packet" in err and len(decoded) > 14000


def test_packets_go_out_at_once_and_ctrl_c_ends_the_recording(start_cli, codec, tiny_folder, speech):
    process = start_cli("stream-encode", "-p", tiny_folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    packets = read_with_lengths(process.stdout)
    assert next(packets) == codec.stream_encoder().header
    process.stdin.write(speech[:700].tobytes())
    process.stdin.flush()
    encoder = codec.stream_encoder()
    assert [next(packets), next(packets)] == encoder.push(speech[:700])  # while the pipe stays open
    process.send_signal(signal.SIGINT)
    assert list(packets) == encoder.flush()
    assert process.wait(60) == 130 and process.stderr.read() == b""


def test_ctrl_c_while_a_packet_is_on_its_way_lets_it_pass():
    before, recording, parts = signal.getsignal(signal.SIGINT), _Recording(io.BytesIO(bytes(200_000))), []
    for samples in recording:
        signal.raise_signal(signal.SIGINT)
        parts.append(samples)
    assert recording.interrupted and len(parts) == 1
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("command", ["stream-encode", "stream-decode"])
def test_a_closed_pipe_is_quiet(start_cli, tiny_folder, speech, stream, command):
    process = start_cli(command, "-p", tiny_folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.close()
    data = speech.tobytes() * 40 if command == "stream-encode" else b"".join(map(with_length, stream))
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        pass
    assert process.wait(60) == 1 and process.stderr.read() == b""
