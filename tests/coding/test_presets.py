"""The preset that a file needs, among the revisions that are here."""

import dataclasses
import io
import shutil

import numpy as np
import pytest

import neuralcodec
from neuralcodec import Codec
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.coding.presets import bundled_preset_for
from neuralcodec.errors import PresetError, WrongPresetError
from neuralcodec.zoo.folder import WEIGHTS


@pytest.fixture(scope="module")
def old_file(codec, clip):
    """What the first revision wrote: bytes of a .nac file, and what they decode to."""
    data = codec.encode(clip[0][16000:32000], 16000)
    return data, codec.decode(data)[0]


def header(data):
    return ContainerReader(io.BytesIO(data)).header


def test_a_file_of_an_earlier_revision_opens_by_itself(revised, old_file, tmp_path):
    data, expected = old_file
    codec = Codec.from_pretrained("tiny")
    assert not header(data).preset_hash == codec.preset.hash[:8]
    np.testing.assert_array_equal(codec.decode(data)[0], expected)
    codec.decompress(io.BytesIO(data), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").stat().st_size == 44 + 2 * len(expected)
    for own in (None, codec):
        with neuralcodec.open(io.BytesIO(data), codec=own) as file:
            np.testing.assert_allclose(file.read(len(file)), expected, atol=1e-6)
    assert bundled_preset_for(header(data)).directory == revised / "tiny@1"


def test_a_file_of_a_later_revision_opens_by_itself(revised, clip):
    new, old = Codec.from_pretrained("tiny"), Codec.from_pretrained("tiny@1")
    data = new.encode(clip[0][16000:24000], 16000)
    np.testing.assert_array_equal(old.decode(data)[0], new.decode(data)[0])
    assert bundled_preset_for(header(data)).hash == new.preset.hash


def test_revisions_of_a_folder_lie_beside_it(revised, old_file, monkeypatch, tmp_path):
    monkeypatch.setattr("neuralcodec.zoo.bundled.bundled_directory", lambda: tmp_path / "none")
    np.testing.assert_array_equal(Codec.from_pretrained(revised / "tiny").decode(old_file[0])[0], old_file[1])


def test_a_preset_from_elsewhere_finds_the_revisions_of_the_package(revised, old_file, other_folder):
    np.testing.assert_array_equal(Codec.from_pretrained(other_folder).decode(old_file[0])[0], old_file[1])


def test_an_unknown_hash_is_answered_with_the_revisions_and_where_others_are(revised, old_file):
    data, _ = old_file
    codecs = {name: Codec.from_pretrained(name) for name in ("tiny", "tiny@1")}
    shutil.rmtree(revised / "tiny@1")
    known = codecs["tiny"].preset.hash.hex()[:16]
    for decode in (lambda: codecs["tiny"].decode(data), lambda: bundled_preset_for(header(data))):
        with pytest.raises(WrongPresetError) as told:
            decode()
        assert f"weights of the preset 'tiny' ({header(data).preset_hash.hex()})" in str(told.value)
        assert f"tiny@2 ({known});" in str(told.value) and str(told.value).count(known) == 1
        assert "--preset" in str(told.value) and "owner/name@1" in str(told.value)


def test_a_repository_that_may_have_the_revision_is_named(revised, old_file):
    codec = Codec.from_pretrained("tiny")
    shutil.rmtree(revised / "tiny@1")
    remote = Codec(dataclasses.replace(codec.preset, repository="user/tiny"))
    with pytest.raises(WrongPresetError, match="such as user/tiny@1"):
        remote.decode(old_file[0])


def test_a_damaged_revision_is_not_decoded_with(revised, old_file):
    codec = Codec.from_pretrained("tiny")
    shutil.copy(revised / "tiny" / WEIGHTS, revised / "tiny@1")
    with pytest.raises(PresetError, match="do not fit its hash"):
        codec.decode(old_file[0])
