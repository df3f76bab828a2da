"""A call through a local UDP socket that loses packets: one process speaks, another listens.

    python examples/udp_call.py speech.wav heard.wav --loss 0.1 --fec

Each datagram holds a number, as UDP neither keeps the order nor tells what is lost, and a packet. The listener says
None for each packet that has not come when a later one is there.
"""

import argparse
import socket
import threading
import time

import numpy as np
import soundfile

from neuralcodec import Codec
from neuralcodec.evaluation.packet_loss import gilbert_elliott

FRAME = 320  # samples, 20 ms
HOST = "127.0.0.1"


def speak(codec, samples, address, loss, fec, pace):
    """Sends a recording as if it were being spoken; `loss` of the packets never leave."""
    encoder, number = codec.stream_encoder(fec=fec), 0
    lost = gilbert_elliott(len(samples) // FRAME + 10, loss)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        def send(packets):
            nonlocal number
            for packet in packets:
                if not lost[number]:
                    sender.sendto(number.to_bytes(4, "big") + packet, address)
                number += 1

        for start in range(0, len(samples), FRAME):  # a microphone
            send(encoder.push(samples[start: start + FRAME]))
            time.sleep(pace)
        send(encoder.flush())
        for _ in range(3):  # an end that may get lost, too
            sender.sendto(number.to_bytes(4, "big"), address)


def listen(codec, receiver):
    """Receives until the end. What comes out of order waits; what has not come when a later one is there, is lost.

    Returns:
        (samples, number of packets that were lost).
    """
    decoder, parts, due, lost = codec.stream_decoder(), [], 0, 0
    while True:
        try:
            datagram = receiver.recv(2048)
        except TimeoutError:  # nobody speaks any more
            return np.concatenate([*parts, decoder.flush()]), lost
        number, packet = int.from_bytes(datagram[:4], "big"), datagram[4:]
        for _ in range(due, number):
            parts.append(decoder.push(None))
            lost += 1
        if not packet:
            return np.concatenate([*parts, decoder.flush()]), lost
        if number >= due:  # else too late
            parts.append(decoder.push(packet))
            due = number + 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="speech at 16 kHz, mono")
    parser.add_argument("target", help="WAV file for what is heard")
    parser.add_argument("--preset", default="cq-24k")
    parser.add_argument("--loss", type=float, default=0.1, help="share of packets that are lost")
    parser.add_argument("--fec", action="store_true", help="let packets protect the ones before them")
    parser.add_argument("--fast", action="store_true", help="do not wait 20 ms after each 20 ms of speech")
    arguments = parser.parse_args()

    codec = Codec.from_pretrained(arguments.preset)
    samples, rate = soundfile.read(arguments.source, dtype="float32")
    if rate != 16000:
        parser.error("The example takes speech at 16 kHz.")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiver.bind((HOST, 0))
        receiver.settimeout(3)
        pace = 0 if arguments.fast else FRAME / rate
        speaker = threading.Thread(target=speak, args=(codec, samples, receiver.getsockname(), arguments.loss,
                                                       arguments.fec, pace))
        speaker.start()
        heard, lost = listen(codec, receiver)
        speaker.join()
    soundfile.write(arguments.target, heard, rate)
    print(f"{len(heard) / rate:.2f} s heard of {len(samples) / rate:.2f} s spoken; {lost} packets of 20 ms were lost.")


if __name__ == "__main__":
    main()
