"""A second decoder, written from docs/format.md alone: one symbol at a time, in Python's integers."""

import zlib

from neuralcodec.bitstream.frames import Frames

GAINS = [[gain] for gain in range(1, 61)]  # dB, content of a field of type 4

MASK = (1 << 64) - 1


class Decoder:
    """Section 3."""

    def __init__(self, payload):
        self.bytes = iter(payload)
        self.low, self.range, self.point = 0, MASK, self.take(8)

    def take(self, count):
        return int.from_bytes(bytes(next(self.bytes, 0) for _ in range(count)), "big")

    def read(self, frequencies):
        unit = self.range >> 24
        q = (self.point - self.low & MASK) // unit
        assert q < 1 << 24
        first, symbol = 0, 0
        while first + frequencies[symbol] <= q:
            first += frequencies[symbol]
            symbol += 1
        self.low = self.low + unit * first & MASK
        self.range = unit * frequencies[symbol]
        if self.range < 1 << 32:
            self.low, self.range = self.low << 32 & MASK, self.range << 32
            self.point = (self.point << 32 | self.take(4)) & MASK
        return symbol

    def uniform(self, size):
        share = (1 << 24) // size
        return self.read([share] * (size - 1) + [(1 << 24) - share * (size - 1)])


def begun(payload):
    """A decoder of the payload; one that has begun already goes on."""
    return payload if isinstance(payload, Decoder) else Decoder(payload)


def value_of(place):
    """Section 4."""
    return (place + 1) // 2 if place % 2 else -place // 2


def run(network, features):
    """Section 5."""
    w1, b1, w2, b2 = (array.tolist() for array in (network.w1, network.b1, network.w2, network.b2))
    assert len(features) == len(w1)
    sums = list(b1)
    for u, weights in zip(features, w1):
        if u:
            sums = [total + u * weight for total, weight in zip(sums, weights)]
    hidden = [min(max(total + 2048 >> 12, 0), 255) for total in sums]
    sums = list(b2)
    for u, weights in zip(hidden, w2):
        if u:
            sums = [total + u * weight for total, weight in zip(sums, weights)]
    return [total + (1 << 14) >> 15 for total in sums]


def read_side(payload, num_frames, tables):
    """Section 6: side symbols of each frame."""
    decoder, frames, rows = begun(payload), [[0] * 18, [0] * 18], tables.side_pmf_rows.tolist()
    for _ in range(num_frames):
        before, earlier = frames[-1], frames[-2]
        frame = [0] * 18
        for first, network in ((0, tables.side_a), (1, tables.side_b)):
            features = before + earlier + (frame[0::2] if first else [])
            outputs = run(network, [8 * symbol for symbol in features])
            escaped = []
            for i, place in enumerate(range(first, 18, 2)):
                mean = 8 * before[place] + outputs[i]
                scale_index = min(max(outputs[9 + i], 0), len(rows) // 8 - 1)
                symbol = decoder.read(rows[8 * scale_index + mean % 8])
                if symbol == len(rows[0]) - 1:
                    escaped.append(place)
                frame[place] = value_of(symbol) + (mean >> 3)
            for place in escaped:
                frame[place] = value_of(decoder.uniform(63))
        frames.append(frame)
    return frames


def read_module(payload, num_frames, number, tables, step_index, side, below):
    """Section 7: symbols of each frame. `side`, `below` and the result have two frames of zeros in front."""
    module, feature = tables.modules[number], tables.magnitude_feature.tolist()
    decoder, frames, rows = begun(payload), [[0] * 320, [0] * 320], module.pmf_rows.tolist()
    shift = (step_index * tables.scales_per_octave_q8 + (1 << 15)) >> 16
    for t in range(2, num_frames + 2):
        features = [feature[abs(q)] for back in (1, 2) for q in frames[t - back]]
        if below:
            for back in (0, 1):
                magnitudes = [feature[abs(q)] for q in below[t - back]]
                features += [min(sum(magnitudes[i : i + 8]) >> 2, 255) for i in range(0, 320, 8)]
        features += [8 * symbol for back in (0, 1) for symbol in side[t - back]]
        scale_indices = [min(max(output - shift, 0), len(rows) - 1) for output in run(module.network, features)]
        places = [decoder.read(rows[index]) for index in scale_indices]
        escape = len(rows[0]) - 1
        places = [escape + decoder.uniform(255 - escape) if place == escape else place for place in places]
        frames.append([value_of(place) for place in places])
    return frames


def repetition(past):
    """Section 8: lag and correlation of the last 480 samples."""

    def score(window, last):
        product = max(0, sum(a * b for a, b in zip(window, last)))
        return product**2 // (sum(a * a for a in window) + sum(a * a for a in last) // 32 + 1)

    fine = [sample >> 3 for sample in past]
    half = [fine[n] + fine[n + 1] for n in range(0, 480, 2)]
    lags = range(320, 31, -2)
    scores = [score(half[160 - lag // 2 : 240 - lag // 2], half[160:]) for lag in lags]
    coarse = lags[scores.index(max(scores))]
    lags = [min(max(lag, 32), 320) for lag in (coarse, coarse - 1, coarse + 1)]
    scores = [score(fine[320 - lag : 480 - lag], fine[320:]) for lag in lags]
    correlation = min(255 * max(scores) // (sum(a * a for a in fine[320:]) + 1), 255)
    return lags[scores.index(max(scores))], correlation


def read_predicted(payload, num_frames, tables, step_index, side):
    """Section 8: symbols of each frame of module 0."""
    module, feature = tables.modules[0], tables.magnitude_feature.tolist()
    synthesis, analysis = module.predictor.synthesis.tolist(), module.predictor.analysis.tolist()
    hop, coded, decoder, rows = len(synthesis) // 2, len(synthesis[0]), begun(payload), module.pmf_rows.tolist()
    shift = (step_index * tables.scales_per_octave_q8 + (1 << 15)) >> 16
    code_frames, parts, waveform = [[0] * coded, [0] * coded], [[0] * 2 * hop], [0] * 480
    for t in range(num_frames * 320 // hop):
        past = waveform[-480:]
        lag, correlation = repetition(past)
        repeated = [past[480 - lag + n % lag] for n in range(2 * hop)]
        sums = [sum(repeated[n] * analysis[n][j] for n in range(2 * hop)) for j in range(coded)]
        predictions = [min(max(total + (1 << 16) >> 17, -1016), 1016) for total in sums]
        frame, place = 2 + t * hop // 320, t % (320 // hop)
        outputs = run(module.network, [
            *(feature[abs(q)] for q in code_frames[-1]), *(feature[abs(q)] for q in code_frames[-2]),
            *(feature[min(abs(p), 127)] for p in predictions), *(min(max(32 * q, -255), 255) for q in code_frames[-1]),
            correlation, *(8 * symbol for back in (0, 1) for symbol in side[frame - back]),
            *(64 * (place == number) for number in range(320 // hop))])
        code_frame, escaped = [], []
        for j in range(coded):
            scale_index = min(max(outputs[j] - shift, 0), len(rows) // 8 - 1)
            mean = (min(max(outputs[coded + j], 0), 80) * predictions[j] >> 6) + outputs[2 * coded + j]
            mean = min(max(mean, -1016), 1016)
            symbol = decoder.read(rows[8 * scale_index + mean % 8])
            if symbol == len(rows[0]) - 1:
                escaped.append(j)
            code_frame.append(value_of(symbol) + (mean >> 3))
        for j in escaped:
            code_frame[j] = value_of(decoder.uniform(255))
        code_frames.append(code_frame)
        parts.append([sum(q * weight for q, weight in zip(code_frame, weights)) for weights in synthesis])
        complete = [parts[-1][n] + parts[-2][hop + n] + 32 >> 6 for n in range(hop)]
        waveform += [min(max(sample, -4095), 4095) for sample in complete]
    code_frames = [code_frame + [0] * (hop - coded) for code_frame in code_frames[2:]]
    return [[0] * 320] * 2 + [sum(code_frames[i : i + 320 // hop], []) for i in range(0, t + 1, 320 // hop)]


def read_nested(payloads, num_frames, tables, step_index, side):
    """Section 9: what each module sends, by frame; with two frames of zeros in front, as `side` has."""
    hop, feature = tables.hop, tables.magnitude_feature.tolist()
    per_frame, shift = 320 // hop, (step_index * tables.scales_per_octave_q8 + (1 << 15)) >> 16
    num_code_frames = num_frames * per_frame
    gains = [gain for frame in side[2:] for gain in frame[16:]]

    def limited(index):
        return min(max(index, 0), 63)

    def side_features(t):
        frame, now, before = 2 + t // per_frame, t // (160 // hop), (t - 1) // (160 // hop)
        return [8 * symbol for symbol in (*side[frame][:16], gains[now], *side[frame - 1][:16],
                                          gains[before] if t else 0)]

    modules, symbols, indices = [], [], []
    for number, payload in enumerate(payloads):
        module, decoder, coded = tables.modules[number], begun(payload), tables.modules[number].coded
        rows, below, escape = module.pmf_rows.tolist(), symbols, len(module.pmf_rows[0]) - 1
        sent, symbols, many = [], [], len(below[0]) if below else 0
        slope, bias = module.slope.tolist(), module.shift.tolist()
        escaped = []
        for t in range(num_code_frames):
            if number == 0:
                past = [symbols[t - back] if t >= back else [0] * coded for back in (1, 2)]
                outputs = run(module.network, [feature[abs(q)] for row in past for q in row] + side_features(t))
                indices.append([limited(output) for output in outputs])
                chosen = [limited(output - shift) for output in outputs]
            else:
                near = [below[u] if 0 <= u < num_code_frames else [0] * many for u in (t, t - 1, t + 1)]
                features = [feature[min(abs(m), 127)] for row in near for m in row]
                outputs = run(module.network, features + [4 * index for index in indices[t]] + side_features(t))
                chosen = []
                for j, m in enumerate(below[t]):
                    c, own = min(abs(m), 3), outputs[j] if below[t][j] == 0 else outputs[coded + j]
                    follow = (bias[c][j] + slope[c][j] * indices[t][j] + (1 << 11)) >> 12
                    chosen.append(64 * (1 + c) + limited(own + follow - shift))
                chosen += [limited(outputs[j] - shift) for j in range(many, coded)]
                indices[t] += [limited(outputs[j]) for j in range(many, coded)]
            places = [decoder.read(rows[row]) for row in chosen]
            values = [place if j < many and below[t][j] else value_of(place) for j, place in enumerate(places)]
            lost = [j for j, place in enumerate(places) if place == escape]
            if number == 0:
                for j in lost:
                    values[j] = value_of(decoder.uniform(255))
            escaped += [(t, j) for j in lost]
            sent.append(values)
            symbols.append(values)
        if number:
            for t, j in escaped:
                sent[t][j] = value_of(decoder.uniform(255))
            symbols = [[s if j >= many or m[j] == 0 else (1 if m[j] > 0 else -1) * (2 * abs(m[j]) + s)
                        for j, s in enumerate(row)] for row, m in zip(sent, below)]
        whole = [row + [0] * (hop - coded) for row in sent]
        modules.append([sum(whole[i : i + per_frame], []) for i in range(0, num_code_frames, per_frame)])
    return [[[0] * 320] * 2 + module for module in modules]


def read_block(payloads, count, tables, step_index):
    """Sections 6 to 9: side symbols and symbols of each module."""
    side, modules = read_side(payloads[0], count, tables), []
    if hasattr(tables, "hop"):
        modules = read_nested(payloads[1:], count, tables, step_index, side)
    for i in range(len(modules), len(payloads) - 1):
        below = modules[-1] if modules else None
        if tables.modules[i].predictor:
            modules.append(read_predicted(payloads[1 + i], count, tables, step_index, side))
        else:
            modules.append(read_module(payloads[1 + i], count, i, tables, step_index, side, below))
    return side[2:], [module[2:] for module in modules]


def read_packet(data, tables, step_index):
    """Section 11: frames of the packet, those that it protects, and where the recording ends; as `read_block`."""
    first, end, at = data[0], None, 1
    assert first & 0x83 != 3 and first < 0x80
    if first & 0x40:
        end, at = int.from_bytes(data[1:3], "little", signed=True), 3
    decoder, before = Decoder(data[at:]), None
    frames = read_block([decoder] * (2 + (first >> 2 & 3)), 1 + (first & 3), tables, step_index)
    if protected := first >> 4 & 3:
        before = read_block([decoder] * 2, protected, tables, step_index)
    return frames, before, end


def as_frames(block):
    side, modules = block
    return Frames([row[:16] for row in side], [row[16:] for row in side], modules)


def read_file(data, tables):
    """Section 2: the frames of a file, as (side symbols, symbols of each module) per block."""
    at = 0

    def take(count):
        nonlocal at
        at += count
        assert at <= len(data)
        return data[at - count : at]

    def varint():
        value, shift = 0, 0
        while (byte := take(1)[0]) >= 0x80:
            value, shift = value | (byte & 0x7F) << shift, shift + 7
        return value | byte << shift

    def check_crc(start, end, crc):
        assert zlib.crc32(data[start:end]) == int.from_bytes(crc, "little")

    magic = take(4)
    assert magic in (b"NAC\x01", b"NAC\x02")
    header_length = varint()
    header_end = at + header_length
    take(varint())
    take(8)
    varint(), varint()
    length, num_modules, step_index = varint(), take(1)[0], int.from_bytes(take(2), "little", signed=True)
    per_block, has_copy = varint(), False
    if magic[3] == 2:
        fields_length = varint()
        fields_end = at + fields_length
        while at < fields_end:
            kind, content = take(1)[0], take(varint())
            assert kind % 2 == 1 or (kind, content) == (2, b"") or kind == 4 and content in map(bytes, GAINS)
            assert kind != 1 or all(b"=" in entry for entry in content.split(b"\0"))
            has_copy |= kind == 2
        assert at == fields_end
    num_frames = -(-length // 320) + 2 if length else 0
    sizes = [varint() for _ in range(0, num_frames, per_block)]
    assert at == header_end
    check_crc(0, at, take(4))
    for number, size in enumerate(sizes):
        block_end = at + size
        crc = take(4)
        check_crc(at, block_end, crc)
        lengths = [varint() for _ in range(num_modules)]
        payloads = [take(length) for length in lengths]
        payloads.append(take(block_end - at))
        count = min(per_block, num_frames - number * per_block)
        yield read_block(payloads, count, tables, step_index)
    if has_copy:
        copy = take(len(data) - 3 - at)
        assert take(3) == len(copy).to_bytes(3, "little")
        check_crc(at - 3 - len(copy), at - 7, copy[-4:])
    assert at == len(data)


def read_copy(data):
    """Section 2: preset name, length at 16 kHz, step index and where each block begins, without the header."""
    size = int.from_bytes(data[-3:], "little")
    copy = data[-3 - size : -3]
    assert zlib.crc32(copy[:-4]) == int.from_bytes(copy[-4:], "little")
    at = 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte, at = copy[at], at + 1
            value, shift = value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value

    name_length = varint()
    name, at = copy[at : at + name_length].decode(), at + name_length + 8
    _, _, length = varint(), varint(), varint()
    step_index = int.from_bytes(copy[at + 1 : at + 3], "little", signed=True)
    at += 3
    per_block = varint()
    blocks = range(0, -(-length // 320) + 2, per_block)
    if sum(byte < 0x80 for byte in copy[at:-4]) > len(blocks):
        assert [varint()] in GAINS
    sizes = [varint() for _ in blocks]
    assert at == size - 4
    begin = len(data) - 3 - size - sum(sizes)
    return name, length, step_index, [begin + sum(sizes[:number]) for number in range(len(sizes))]
