"""`neuralcodec strip`: files without their last modules, without a preset."""

import pytest

from neuralcodec import codec_info
from neuralcodec.coding.edit import strip


@pytest.fixture
def coded(codec, clip, tmp_path):
    path = tmp_path / "a.nac"
    path.write_bytes(codec.encode(clip[0][16000:48000], 16000))
    return path


def test_modules(cli, coded, tmp_path):
    assert cli("strip", coded, "--modules", 1, "-o", tmp_path / "b.nac")[0] == 0
    assert (tmp_path / "b.nac").read_bytes() == strip(coded.read_bytes(), 1)


def test_kbps_keeps_what_fits(cli, coded, tmp_path):
    kbps = codec_info(coded)["kbps"]
    for wanted, modules in ((kbps, 2), (1, 1)):
        assert cli("strip", coded, "--kbps", wanted, "-o", tmp_path / "b.nac", "--force")[0] == 0
        assert codec_info(tmp_path / "b.nac")["modules"] == modules


def test_folders(cli, coded, tmp_path):
    assert cli("strip", tmp_path, "--modules", 1, "--output-dir", tmp_path / "small")[0] == 0
    assert codec_info(tmp_path / "small" / "a.nac")["modules"] == 1


@pytest.mark.parametrize("arguments, code, message", [
    (["--modules", 1], 2, "-o for one file"),
    (["-o", "b.nac"], 2, "either --modules or --kbps"),
    (["-o", "b.nac", "--modules", 1, "--kbps", 9], 2, "either"),
    (["-o", "b.nac", "--modules", 3], 1, "1 to 2 modules"),
    (["-o", "b.nac", "--modules", 0], 2, "--modules"),
])
def test_wrong_arguments(cli, coded, tmp_path, arguments, code, message):
    found, _, err = cli("strip", coded, *(tmp_path / part if part == "b.nac" else part for part in arguments))
    assert found == code and message in err and not (tmp_path / "b.nac").exists()


def test_a_file_is_not_replaced_by_its_part(cli, coded):
    before = coded.read_bytes()
    code, _, err = cli("strip", coded, "--modules", 1, "-o", coded, "--force")
    assert code == 1 and "input itself" in err and coded.read_bytes() == before
