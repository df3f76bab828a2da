"""`neuralcodec presets`"""

import json
import shutil

from neuralcodec.zoo.folder import CARD, METADATA, WEIGHTS


def test_presets(cli, installed, codec):
    code, out, _ = cli("presets")
    head, row = out.decode().splitlines()
    assert code == 0 and head.split() == ["name", "kbps", "parameters", "description"]
    assert row.split() == ["tiny", "24", f"{codec.preset.metadata['parameters']:,}", "Random", "weights."]


def test_earlier_revisions_are_listed_and_verified(cli, revised):
    head, newest, first = cli("presets")[1].decode().splitlines()
    assert head.split()[0] == "name" and newest.split()[0] == "tiny" and first.split()[0] == "tiny@1"
    assert cli("presets", "verify") == (0, b"tiny    ok\ntiny@1  ok\n", "")
    for name, number in (("tiny", "2"), ("tiny@2", "2"), ("tiny@1", "1")):
        facts = dict(line.split(maxsplit=1) for line in cli("presets", "info", name)[1].decode().splitlines())
        assert (facts["name"], facts["revision"]) == ("tiny", number)
    code, _, err = cli("presets", "info", "tiny@3")
    assert code == 1 and "no revision 3 of the preset 'tiny'; here are tiny@2, tiny@1" in err


def test_info_tells_what_each_prefix_costs_and_reaches(cli, installed, tmp_path, tiny_folder):
    folder = shutil.copytree(tiny_folder, tmp_path / "mine")
    rows = [{"clips": 3, "kbps": [kbps] * 3, "pesq": [pesq] * 3} for kbps, pesq in ((12.5, 3.25), (24, 4.5))]
    metadata = {**json.loads((folder / METADATA).read_text()), "prefixes": rows}
    (folder / METADATA).write_text(json.dumps(metadata))
    lines = cli("presets", "info", folder)[1].decode().splitlines()
    assert [" ".join(line.split()) for line in lines[-2:]] == ["1 module kbps 12.5, pesq 3.25",
                                                               "2 modules kbps 24, pesq 4.5"]
    (folder / METADATA).write_text(json.dumps({**metadata, "prefixes": rows[::-1]}))
    assert "module " not in cli("presets", "info", folder)[1].decode()


def test_list_is_the_listing(cli, installed):
    assert cli("presets", "list") == cli("presets")


def test_info(cli, installed, codec, tmp_path, tiny_folder):
    code, out, err = cli("presets", "info", "tiny")
    facts = dict(line.split(maxsplit=1) for line in out.decode().splitlines())
    assert (code, err) == (0, "") and facts["description"] == "Random weights." and facts["kbps"] == "24"
    assert facts["hash"] == codec.preset.hash.hex()
    folder = shutil.copytree(tiny_folder, tmp_path / "mine")
    measured = {"base_model": "tiny", "evaluation": {"tiny": {"clips": 3, "pesq": [3.5, 3.25, 3.75]}}}
    metadata = json.loads((folder / METADATA).read_text())
    (folder / METADATA).write_text(json.dumps({**metadata, **measured}))
    out = cli("presets", "info", folder)[1].decode()
    assert "base model      tiny\n" in out and "measured pesq   3.5 (3.25 to 3.75)\n" in out
    code, out, err = cli("presets", "info", "tinny")
    assert (code, out) == (1, b"") and err == (
        "Error: There is no preset 'tinny', neither installed nor as a folder; did you mean 'tiny'?\n")


def test_verify(cli, installed, tmp_path, tiny_folder, other_folder):
    assert cli("presets", "verify") == (0, b"tiny  ok\n", "")
    mixed = shutil.copytree(tiny_folder, tmp_path / "mixed")
    shutil.copy(other_folder / WEIGHTS, mixed)
    code, out, err = cli("presets", "verify", "mixed", "tiny")
    assert (code, out) == (1, b"tiny   ok\n") and err.startswith("Error: ") and err.count("\n") == 1 and "hash" in err


def test_verify_goes_on_after_whatever_is_wrong(cli, installed, tmp_path, tiny_folder):
    for wrong, change in enumerate([{"kbps": 10**400}, {"description": "a\n\x1b[2J"}, {"x" * 5000: 1, "hash": 3}]):
        folder = shutil.copytree(tiny_folder, tmp_path / str(wrong))
        (folder / METADATA).write_text(json.dumps({**json.loads((folder / METADATA).read_text()), **change}))
    links = shutil.copytree(tiny_folder, tmp_path / "links")
    for name in (METADATA, WEIGHTS):
        (links / name).unlink()
        (links / name).symlink_to("/dev/zero")
    code, out, err = cli("presets", "verify", "0", "1", "2", "links", "tiny")
    assert (code, out) == (1, b"tiny   ok\n") and err.count("Error: ") == err.count("\n") == 4
    assert all(line.isprintable() and len(line) < 700 for line in err.splitlines())


def test_wrong_usage(cli, installed):
    for arguments in (["download"], ["info"], ["info", "tiny", "tiny"], ["list", "--remote"], ["upload"]):
        code, out, err = cli("presets", *arguments)
        assert (code, out) == (2, b"") and "Error: " in err and "Traceback" not in err


def test_download(hub, run_on_hub, tiny_folder, tmp_path):
    hub.add("user/tiny", tiny_folder)
    done = run_on_hub("-m", "neuralcodec", "presets", "download", "user/tiny", "user/none", "cq-24k")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "Error: There is no preset 'user/none'" in done.stderr
    (name, folder), (bundled, _) = map(str.split, done.stdout.splitlines())
    assert (name, bundled) == ("user/tiny", "cq-24k") and folder.startswith(str(tmp_path / "hf"))
    for force, files in (([], 0), (["--force"], 5)):
        hub.downloads.clear()
        done = run_on_hub("-m", "neuralcodec", "presets", "download", "user/tiny", *force)
        assert done.returncode == 0 and len(hub.downloads) == files
    done = run_on_hub("-m", "neuralcodec", "presets", "download", "user/tiny", "--revision", "v9")
    assert done.returncode == 1 and "Error: 'user/tiny' has no revision 'v9'" in done.stderr


def test_what_an_account_has(hub, run_on_hub, tiny_folder):
    card = b"---\nlibrary_name: neuralcodec\n---\n"
    for repo_id in ("user/tiny", "user/another", "other/tiny"):
        hub.add(repo_id, tiny_folder).commit({CARD: card})
    hub.add("user/words", tiny_folder).commit({CARD: b"# A language model\n"})
    done = run_on_hub("-m", "neuralcodec", "presets", "list", "--remote", "user")
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["name", "downloads", "updated"], ["user/another", "12", "2025-03-01"], ["user/tiny", "12", "2025-03-01"]]
    done = run_on_hub("-m", "neuralcodec", "presets", "list", "--remote", "usr")
    assert (done.returncode, done.stdout) == (1, "") and "no preset of neuralcodec by 'usr'" in done.stderr
