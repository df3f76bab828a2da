"""Who speaks: found above the recordings, told apart by corpus, and refused in one sentence."""

import pytest

from neuralcodec.audio.recordings import audio_files
from neuralcodec.errors import NeuralCodecError
from neuralcodec.evaluation.comparison import clip_names
from neuralcodec.evaluation.speakers import find_labels, groups, read_labels


def test_groups_of_a_folder(labelled_folder):
    files = audio_files(labelled_folder)
    assert groups(files, clip_names(files), read_labels(find_labels(labelled_folder))) == {
        "female": {"reading/ann/1.wav", "reading/ann/2.wav"},
        "male": {"reading/bob/<b>.wav"},
        "child": {"phones/kim/1.wav"},  # nine years old in this corpus; the man of that name is in another
        "phones": {"phones/kim/1.wav"},
        "reading": {"reading/ann/1.wav", "reading/ann/2.wav", "reading/bob/<b>.wav"},
    }


def test_labels_lie_beside_or_above(labelled_folder, tmp_path):
    assert find_labels(labelled_folder / "reading" / "ann" / "1.wav") == labelled_folder.parent / "speakers.tsv"
    assert find_labels(tmp_path) is None


def test_corpus_and_age_are_optional(tmp_path):
    (tmp_path / "speakers.tsv").write_text("speaker\tgender\nann\tf\nsam\t?\n")
    files = [tmp_path / "ann" / "a.wav", tmp_path / "sam" / "a.wav", tmp_path / "nobody" / "a.wav"]
    assert groups(files, clip_names(files), read_labels(tmp_path / "speakers.tsv")) == {"female": {"ann/a.wav"}}


@pytest.mark.parametrize("content, message", [
    (b"name,sex\nann,f\n", "no columns 'speaker' and 'gender'"),
    (b"", "no columns"),
    (b"speaker\tgender\n\xff\xfe\tf\n", "not a table in UTF-8"),
])
def test_a_table_of_another_kind_is_refused(tmp_path, content, message):
    (tmp_path / "speakers.tsv").write_bytes(content)
    with pytest.raises(NeuralCodecError, match=message):
        read_labels(tmp_path / "speakers.tsv")
