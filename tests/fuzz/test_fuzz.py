"""Everything that reads what strangers wrote, attacked for some seconds. `python -m fuzz` attacks it for longer."""

import random

import numpy as np
import pytest
from fuzz.edits import KINDS, RANGE, Edit, edited, random_edits
from fuzz.packets import check_packets
from fuzz.targets import FORMATS, all_targets, check_file, pack_file, split_file, without_copy, write_presets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuralcodec import Codec

NUMBERS = st.integers(0, RANGE - 1)
EDITS = st.lists(st.builds(Edit, st.sampled_from(KINDS), NUMBERS, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=6)
TARGETS = (*(f"{kind}: {what}" for kind in ("plain", "predicted", "nested")
             for what in ("bytes of files", "damaged files", "headers", "blocks", "payloads", "packets",
                          "streams in a pipe", "values in config.json", "values in metadata.json",
                          "bytes of config.json", "bytes of metadata.json", "bytes of model.weights.h5",
                          "bytes of tables.npz", "arrays of tables.npz")),
           *(f"recordings: {name}" for name in FORMATS))


@pytest.fixture(scope="module")
def presets(tmp_path_factory):
    return write_presets(tmp_path_factory.mktemp("presets"))


@pytest.fixture(scope="module")
def targets(presets, tmp_path_factory):
    """dict of name -> Target."""
    return {target.name: target for target in all_targets(presets, tmp_path_factory.mktemp("scratch"))}


def test_every_target_is_attacked(targets):
    assert set(targets) == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_documents_as_they_are(targets, name):
    assert all(targets[name].check(document) in ("decoded", "read") or "values" in name
               for document in targets[name].documents)


@pytest.mark.parametrize("name", TARGETS)
def test_a_plain_loop(targets, name):
    target, rng = targets[name], random.Random(name)
    for _ in range(5 * target.share):
        target.check(edited(rng.choice(target.documents), random_edits(rng)))


@pytest.mark.parametrize("kind", ["plain", "predicted", "nested"])
@pytest.mark.parametrize("what", ["headers", "blocks", "payloads", "packets"])
def test_hypothesis(targets, kind, what):
    target = targets[f"{kind}: {what}"]

    @given(EDITS, st.integers(0, len(target.documents) - 1))
    @settings(max_examples=15, deadline=None, derandomize=True, database=None,
              suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    def attack(edits, number):
        target.check(edited(target.documents[number], edits))

    attack()


def test_checksums_of_what_is_changed_fit(presets):
    """Else all that is found would be that checksums do not fit."""
    codec = Codec.from_pretrained(presets[0])
    data = without_copy(codec.encode([0.5] * 4000, 16000))
    fields, index, block = split_file(data)
    assert pack_file((fields, index, block), False) == pack_file((fields, b"", block), True) == data
    assert check_file(codec, pack_file((fields, index, block[:-9]), True)) == "decoded"
    assert check_file(codec, pack_file((fields, index, block[:-9]), False)) == "TruncatedFileError"


def test_a_finding_is_one():
    class Broken:
        def decode(self, data):
            raise IndexError("out of bounds")

    with pytest.raises(IndexError):
        check_file(Broken(), pack_file((b"\x01\x01a" + bytes(8) + b"\x80\x7d\x00\x00\x01\x00\x00\x32", b""), True))


def test_a_sample_too_few_is_a_finding(presets):
    """Of a stream in which packets are lost, and brought back by others."""
    codec = Codec.from_pretrained(presets[2])
    packets = codec.stream_encoder(fec=True).push(np.full(4000, 0.1))
    stream = [None, *packets[1:5], None, None, *packets[7:9], None]
    assert check_packets(codec, None, stream) == "decoded"

    class Short:
        preset = codec.preset

        def stream_decoder(self, header):
            decoder = codec.stream_decoder(header)
            push = decoder.push
            decoder.push = lambda packet: push(packet)[:639]
            return decoder

    with pytest.raises(AssertionError, match=r"\(639,\) samples in the place of 640"):
        check_packets(Short(), None, stream)


@pytest.mark.parametrize("kind", KINDS)
def test_edits(kind):
    """Each kind changes something, and none fails at an end or with nothing to change."""
    data = bytes(range(256))
    changed = [edited((data, b"untouched"), [Edit(kind, 0, place, 3, 1)])[0] for place in range(0, RANGE, 4000)]
    assert any(other != data for other in changed)
    for numbers in ((0, 0, 0, 0), (0, RANGE - 1, RANGE - 1, RANGE - 1)):
        for document in ((b"",), (b"x",)):
            edited(document, [Edit(kind, *numbers)])
