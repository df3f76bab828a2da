"""How time is divided, in samples at 16 kHz: frames, what they consist of, and how late speech may come out."""

SAMPLE_RATE = 16000
FRAME_SAMPLES = 320  # 20 ms: what is sent at a time
GAIN_FRAME = 160  # samples per gain: 10 ms
SUBFRAME = 80  # samples over which the LPC filter is constant: 5 ms
HOPS = (320, 160, 80)  # samples per code frame, of which a module may choose
MAX_DELAY = 960  # samples from a sample going in to the same sample coming out: 60 ms
