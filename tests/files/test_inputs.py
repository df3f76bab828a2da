"""Inputs that cannot be opened; what is read of them is tested with `AudioSource`."""

import pytest

from neuralcodec.errors import FormatError
from neuralcodec.files.inputs import open_nac


def test_nac_files_that_cannot_be_opened(tmp_path):
    (tmp_path / "a.nac").write_text("NAC")
    with open(tmp_path / "a.nac") as text:
        for source, problem in ((text, "is a text stream"), (tmp_path, "is a folder, not a .nac file"), (3, "not int"),
                                (b"NAC", "not bytes"), (tmp_path / "none", "There is no file"), ("a\0", "There is no")):
            with pytest.raises(FormatError, match=problem), open_nac(source):
                pass
