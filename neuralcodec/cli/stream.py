"""`neuralcodec stream-encode` and `stream-decode`"""

import contextlib
import signal

import click

from neuralcodec.cli import options

_INTERRUPTED = 128 + signal.SIGINT
_READ_BYTES = 1 << 16


@click.command("stream-encode")
@options.preset
@click.option("--frames", "frames_per_packet", type=click.IntRange(1, 3), default=1, show_default=True,
              help="Frames of 20 ms in a packet.")
@click.option("--modules", type=click.IntRange(min=1), help="Code with the first modules of the cascade only.")
@click.option("--fec", is_flag=True, help="Let each packet also carry the first module of the one before it.")
@click.pass_context
def stream_encode(context, preset, frames_per_packet, modules, fec):
    """Code live speech, from standard input to standard output.

    In go samples without a header, 16 bits, little-endian, 16 kHz, mono; out come packets, each with its length before
    it, as soon as they are complete. Ctrl-C ends the recording.
    """
    from neuralcodec.bitstream.packet_stream import with_length
    from neuralcodec.codec import Codec
    from neuralcodec.files.streams import open_stream, standard_input

    with contextlib.ExitStack() as stack:
        source, target = standard_input(), open_stream("-", stack)
        encoder = Codec.from_pretrained(preset).stream_encoder(frames_per_packet=frames_per_packet, modules=modules,
                                                               fec=fec)
        target.write(with_length(encoder.header))
        recording = _Recording(source)
        for samples in recording:
            for packet in encoder.push(samples):
                target.write(with_length(packet))
        for packet in encoder.flush():
            target.write(with_length(packet))
    if recording.interrupted:
        context.exit(_INTERRUPTED)


@click.command("stream-decode")
@click.option("-p", "--preset", metavar="NAME",
              help="Preset, folder or Hub repository; by default the preset that the stream names.")
def stream_decode(preset):
    """Decode live speech, from standard input to standard output.

    In go the packets of `stream-encode`; out come samples without a header, 16 bits, little-endian, 16 kHz, mono, as
    soon as they are known. Gaps of lost packets (of length 0) and of damaged ones are filled.
    """
    from neuralcodec.bitstream.packet_stream import StreamHeader, read_with_lengths
    from neuralcodec.codec import Codec
    from neuralcodec.coding.presets import bundled_preset_for
    from neuralcodec.errors import PacketError
    from neuralcodec.files.streams import open_stream, standard_input

    damaged = 0
    with contextlib.ExitStack() as stack:
        packets, target = read_with_lengths(standard_input()), open_stream("-", stack)
        header = next(packets, None) or b""
        codec = Codec.from_pretrained(preset) if preset else Codec(
            bundled_preset_for(StreamHeader.from_bytes(header), "stream"))
        decoder = codec.stream_decoder(header)
        for packet in packets:
            try:
                samples = decoder.push(packet)
            except PacketError:
                damaged, samples = damaged + 1, decoder.push(None)
            target.write(_to_bytes(samples))
        target.write(_to_bytes(decoder.flush()))
    if damaged:
        click.echo(f"Note: {damaged} damaged packets were taken as lost.", err=True)


class _Recording:
    """Samples from a pipe as they come, until it ends or Ctrl-C does; what was read until then is coded."""

    def __init__(self, source):
        self._source, self._waits, self.interrupted = source, False, False

    def __iter__(self):
        import numpy as np

        half, before = b"", signal.signal(signal.SIGINT, self._interrupt)  # half of a sample
        try:
            while data := self._read():
                data = half + data
                whole = len(data) // 2 * 2
                half = data[whole:]
                yield np.frombuffer(data[:whole], "<i2").astype(np.int16)
        finally:
            signal.signal(signal.SIGINT, before)

    def _interrupt(self, *_):
        self.interrupted = True
        if self._waits:  # else a packet is on its way: it is not to be cut
            raise KeyboardInterrupt

    def _read(self):
        data = b""
        try:
            self._waits = True
            if not self.interrupted:
                data = self._source.read1(_READ_BYTES)
        except KeyboardInterrupt:
            pass
        finally:
            self._waits = False
        return data


def _to_bytes(samples):
    import numpy as np

    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()
