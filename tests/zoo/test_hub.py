"""Presets on the Hub: every request over a real connection, from a process that takes a loopback server for the Hub."""

import json
import shutil

import pytest
from hub_server import TOKEN
from huggingface_hub import ModelCard

from neuralcodec.zoo.folder import CARD, FILES, METADATA, TABLES, WEIGHTS
from neuralcodec.zoo.presets import load_preset

# The client resumes a download by whole chunks of 10 MB; the preset of the tests is smaller than one.
LOAD = """
import json, sys
import huggingface_hub.constants
huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = 10_000
from neuralcodec import Codec
results = []
for options in json.loads(sys.argv[1]):
    try:
        preset = Codec.from_pretrained(**options).preset
        results.append([preset.hash.hex(), str(preset.directory)])
    except Exception as error:
        results.append([type(error).__name__, str(error)])
print(json.dumps(results))
"""


@pytest.fixture
def load(run_on_hub):
    """Calls `Codec.from_pretrained` with each of some options: list of [hash, folder] or [exception, message]."""
    def run(*options, **variables):
        done = run_on_hub("-c", LOAD, json.dumps(options), **variables)
        assert done.returncode == 0, done.stderr
        run.stderr = done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def tiny(hub, tiny_folder):
    """Hash of the preset that the Hub has as user/tiny."""
    hub.add("user/tiny", tiny_folder)
    return load_preset(tiny_folder).hash.hex()


def name(repo_id, **options):
    return {"name_or_path": repo_id, **options}


def change(repository, file, **entries):
    """Commits a JSON file with other entries."""
    content = json.loads(repository.commits[repository.branches["main"]][file])
    repository.commit({file: json.dumps({**content, **entries}).encode()})


def test_only_a_presets_files_are_downloaded_and_once(hub, load, tiny, tmp_path):
    hub.repositories["user/tiny"].commit({"code.pkl": b"never", "more/config.json": b"{}"})
    (found, folder), again = load(name("user/tiny"), name("hf://user/tiny"))
    assert again == [found, folder] == [tiny, folder] and folder.startswith(str(tmp_path / "hf" / "hub"))
    assert sorted(path.name for path in (tmp_path / "hf").glob("hub/*/snapshots/*/**/*")) == sorted(FILES)
    assert "100%" in load.stderr  # the Hub's progress bars
    assert len(hub.downloads) == len(set(hub.downloads)) == len(FILES) and "code.pkl" not in hub.downloads
    hub.downloads.clear()
    assert load(name("user/tiny")) == [[tiny, folder]] and not hub.downloads


def test_a_preset_knows_its_repository(run_on_hub, tiny, tiny_folder):
    code = ("import sys; from neuralcodec.zoo.presets import load_preset;"
            "print([load_preset(name).repository for name in sys.argv[1:]])")
    done = run_on_hub("-c", code, "hf://user/tiny", "user/tiny", tiny_folder, "cq-24k")
    assert done.stdout == "['user/tiny', 'user/tiny', None, None]\n", done.stderr


def test_bundled_presets_and_folders_come_first(hub, load, tmp_path, tiny_folder, other_folder):
    hub.add("user/tiny", tiny_folder)
    shutil.copytree(other_folder, tmp_path / "user" / "tiny")
    (_, bundled), (found, folder) = load(name("cq-24k"), name("user/tiny"))
    assert bundled.endswith("presets/cq-24k") and folder == "user/tiny"
    assert found == load_preset(other_folder).hash.hex() and not hub.requests


def test_without_the_network_the_cache_is_used(hub, load, tiny):
    online = load(name("user/tiny"))
    wanted = [name("user/tiny"), name("user/other"), name("user/tiny", force_download=True)]
    places = {"HF_HUB_OFFLINE": ({"HF_HUB_OFFLINE": "1"}, "unset HF_HUB_OFFLINE"),
              "no network": ({"HF_ENDPOINT": "http://127.0.0.1:1"}, "check the network")}
    for variables, advice in places.values():
        cached, missing, forced = load(*wanted, **variables)
        assert [cached] == online
        assert missing[0] == "HubError" and "'user/other' has not been downloaded before" in missing[1]
        assert advice in missing[1]
        assert forced[0] == "HubError" and "cannot be downloaded again" in forced[1]
    hub.broken = 503
    cached, missing, _ = load(*wanted)
    assert [cached] == online and missing[0] == "HubError" and "try again" in missing[1]


def test_local_files_only_asks_nobody(hub, load, tiny):
    (kind, message), = load(name("user/tiny", local_files_only=True))
    assert kind == "HubError" and "without local_files_only" in message and not hub.requests
    first, = load(name("user/tiny"))
    hub.requests.clear()
    assert load(name("user/tiny", local_files_only=True)) == [first] and not hub.requests


def test_revisions_and_cache_folders(hub, load, tiny, tmp_path, other_folder):
    files = {path.name: path.read_bytes() for path in other_folder.iterdir()}
    other = hub.repositories["user/tiny"].commit(files, "v2")
    main, branch, commit, missing = load(name("user/tiny", cache_dir=str(tmp_path / "mine")),
                                         *(name("user/tiny", revision=revision) for revision in ("v2", other, "v3")))
    assert main[0] == tiny and main[1].startswith(str(tmp_path / "mine"))
    assert branch == commit and branch[0] == load_preset(other_folder).hash.hex() and branch[1].endswith(other)
    assert missing[0] == "HubError" and "'user/tiny' has no revision 'v3'" in missing[1]


def test_a_revision_may_stand_in_the_address(hub, load, tiny, tmp_path, other_folder):
    repository = hub.repositories["user/tiny"]
    repository.tags["1"] = repository.branches["main"]
    repository.commit({path.name: path.read_bytes() for path in other_folder.iterdir()})
    other = load_preset(other_folder).hash.hex()
    newest, *first, both, two, missing, folder = load(
        name("user/tiny"), name("user/tiny@1"), name("hf://user/tiny@1"), name("user/tiny", revision="1"),
        name("user/tiny@1", revision="1"), name("user/tiny@1", revision="main"), name("user/tiny@3"),
        name("user/tiny@main"))
    assert newest[0] == folder[0] == other and {found[0] for found in (*first, both)} == {tiny}
    assert two[0] == "HubError" and "'user/tiny@1' names another revision than 'main'" in two[1]
    assert missing[0] == "HubError" and "'user/tiny' has no revision '3'" in missing[1]
    shutil.copytree(other_folder, tmp_path / "user" / "tiny")
    assert [found[0] for found in load(name("user/tiny"), name("user/tiny@1"))] == [other, other]  # folders come first


def test_a_preset_with_a_revision_knows_its_repository(hub, run_on_hub, tiny):
    hub.repositories["user/tiny"].tags["1"] = hub.repositories["user/tiny"].branches["main"]
    code = "from neuralcodec.zoo.presets import load_preset; print(load_preset('hf://user/tiny@1').repository)"
    assert run_on_hub("-c", code).stdout == "user/tiny\n"


def test_what_the_hub_does_not_show(hub, load, tiny, tiny_folder):
    hub.add("user/gated", tiny_folder, gated=True)
    hub.add("user/private", tiny_folder, private=True)
    unknown, gated, private, wrong = load(name("user/cq-24"), name("user/gated"), name("user/private"),
                                          name("user/-..--"))
    for kind, message in (unknown, private, wrong):
        assert kind == "PresetNotFoundError" and "hf auth login" in message and "\n" not in message
    assert "did you mean 'cq-24k'?" in unknown[1]
    assert gated[0] == "HubError" and "'user/gated' is gated: ask for access" in gated[1]
    for found in load(name("user/gated", token=TOKEN), name("user/private", token=TOKEN)):
        assert found[0] == tiny
    found, = load(name("user/private"), HF_TOKEN=TOKEN)
    (kind, message), = load(name("user/tiny"), HF_TOKEN="hf_expired")
    assert found[0] == tiny and kind == "HubError" and "The Hub does not know you" in message


def test_a_token_is_never_shown(hub, tiny, tiny_folder, run_on_hub, load, push):
    """White space around one is no harm; the client would quote one with a line inside in what it raises."""
    script = ("import sys, traceback\nfrom neuralcodec import Codec\n"
              "try:\n    Codec.from_pretrained('user/private', token=sys.argv[1].encode().decode('unicode_escape'))\n"
              "    print('loaded')\nexcept Exception:\n    traceback.print_exc()\n")
    hub.add("user/private", tiny_folder, private=True)
    for written, shown in ((f"{TOKEN}\\n", "loaded"), (f" {TOKEN}\\r\\n", "loaded"), ("hf_sec\\nret", "HubError"),
                           ("hf_sec\\xe4ret", "HubError"), ("", "HubError")):
        done = run_on_hub("-c", script, written, HF_DEBUG="1")
        assert shown in done.stdout + done.stderr
        assert TOKEN not in done.stdout + done.stderr and "sec" not in done.stderr
    (kind, message), = load(name("user/private"), HF_TOKEN="hf_sec\u00e4ret")
    assert kind == "HubError" and "sec" not in message
    line, = push(tiny_folder, {"repo_id": "user/mine", "token": "hf_sec\nret"})
    assert line.startswith("HubError The access token") and "sec" not in line


def test_what_is_not_a_preset_is_not_downloaded(hub, load, tiny_folder):
    hub.add("user/other", tiny_folder).commits.clear()
    hub.repositories["user/other"].commit({"config.json": b"{}", "README.md": b"# Other"})
    hub.add("user/large", tiny_folder).commit({WEIGHTS: bytes((16 << 20) + 1)})
    hub.add("user/long", tiny_folder).commit({METADATA: b" " * ((1 << 20) + 1)})
    other, large, long = load(name("user/other"), name("user/large"), name("user/long"))
    assert other[0] == large[0] == long[0] == "PresetError"
    assert "'user/other' on the Hub is not a preset of neuralcodec: it has no metadata.json" in other[1]
    assert f"its {WEIGHTS} is larger" in large[1] and f"its {METADATA} is larger" in long[1]
    assert not hub.downloads


def test_what_was_downloaded_is_checked(hub, load, tiny_folder, other_folder):
    change(hub.add("user/newer", tiny_folder), METADATA, format_version=99)
    hub.add("user/mixed", tiny_folder).commit({WEIGHTS: (other_folder / WEIGHTS).read_bytes()})
    hub.add("user/pickled", tiny_folder).commit({TABLES: b"\x80\x04cos\nsystem\n."})
    newer, mixed, pickled = load(name("user/newer"), name("user/mixed"), name("user/pickled"))
    assert newer[0] == "NewerVersionError" and "update neuralcodec" in newer[1]
    assert mixed[0] == pickled[0] == "PresetError" and "do not fit its hash" in mixed[1]
    assert "'user/mixed' cannot be used as it was downloaded" in mixed[1] and "presets download --force" in mixed[1]


def test_a_damaged_cache_is_mended_by_downloading_again(hub, load, tiny, tmp_path):
    load(name("user/tiny"))
    weights, = (tmp_path / "hf").glob(f"hub/*/snapshots/*/{WEIGHTS}")
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.resolve().write_bytes(data)
    damaged, mended, after = load(name("user/tiny"), name("user/tiny", force_download=True), name("user/tiny"))
    assert damaged[0] == "PresetError" and mended[0] == after[0] == tiny


def test_an_interrupted_download_is_resumed(hub, load, tiny):
    hub.cut = 100_000
    assert load(name("user/tiny"))[0][0] == tiny
    ranges = [headers["Range"] for _, path, headers in hub.requests if path.startswith("/store") and "Range" in headers]
    assert len(ranges) == 1 and 50_000 < int(ranges[0].removeprefix("bytes=").removesuffix("-")) <= 100_000


PUSH = """
import json, sys
from neuralcodec import Codec
codec = Codec.from_pretrained(sys.argv[1])
for options in json.loads(sys.argv[2]):
    try:
        print(codec.push_to_hub(**options))
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.fixture
def push(run_on_hub):
    """Calls `push_to_hub` with each of some options: a line each, an address or an exception."""
    def run(folder, *options, **variables):
        done = run_on_hub("-c", PUSH, folder, json.dumps(options), **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def test_what_is_pushed_can_be_loaded(hub, push, load, tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "mine")
    figures = {"tiny": {"clips": 3, "pesq": [3.5, 3.4, 3.6]}}
    metadata = {**json.loads((folder / METADATA).read_text()), "evaluation": figures, "base_model": "user/base"}
    (folder / METADATA).write_text(json.dumps(metadata))
    (folder / "diary.txt").write_text("Not for the Hub.")
    address, = push(folder, {"repo_id": "user/mine"}, HF_TOKEN=TOKEN)
    repository = hub.repositories["user/mine"]
    assert address == f"{hub.url}/user/mine/commit/{repository.branches['main']}" and not repository.private
    files = repository.commits[repository.branches["main"]]
    assert set(files) == {*FILES, ".gitattributes"}
    assert files[WEIGHTS] == (folder / WEIGHTS).read_bytes() and json.loads(files[METADATA]) == metadata
    card = ModelCard(files[CARD].decode())
    assert hub.cards == [files[CARD].decode()] and 'from_pretrained("user/mine")' in card.text
    assert card.data.library_name == "neuralcodec" and card.data.base_model == "user/base"
    assert [(result.metric_type, result.metric_value) for result in card.data.eval_results] == [("pesq", 3.5)]
    assert load(name("user/mine"))[0][0] == load_preset(folder).hash.hex()


def test_branches_pull_requests_and_private_repositories(hub, push, tiny_folder):
    first, branch, again, request, both = push(
        tiny_folder, {"repo_id": "mine", "private": True, "token": TOKEN},
        *({"repo_id": "hf://user/mine", "token": TOKEN, **options} for options in (
            {"revision": "v2"}, {"revision": "v2", "commit_message": "Once more"}, {"create_pr": True},
            {"create_pr": True, "revision": "v2"})))
    repository = hub.repositories["user/mine"]
    assert repository.private and first.endswith(list(repository.commits)[1])
    assert again.endswith(repository.branches["v2"]) and branch != again
    assert request == f"{hub.url}/user/mine/discussions/1" and "refs/pr/1" in repository.branches
    assert both.startswith("HubError A pull request goes to the main branch")
    assert repository.messages[1:] == ["Upload tiny", "Upload tiny", "Once more", "Upload tiny"]


def test_revisions_are_tags(hub, push, tiny_folder, other_folder, tmp_path):
    push(tiny_folder, {"repo_id": "user/mine"}, HF_TOKEN=TOKEN)
    repository = hub.repositories["user/mine"]
    first = repository.branches["main"]
    assert repository.tags == {"1": first}
    second = shutil.copytree(other_folder, tmp_path / "second")
    metadata = json.loads((second / METADATA).read_text())
    (second / METADATA).write_text(json.dumps({**metadata, "revision": 2}))
    push(second, {"repo_id": "user/mine"}, {"repo_id": "user/mine", "revision": "trial"},
         {"repo_id": "user/mine", "create_pr": True}, HF_TOKEN=TOKEN)
    assert repository.tags == {"1": first, "2": repository.branches["main"]}
    push(tiny_folder, {"repo_id": "user/mine"}, HF_TOKEN=TOKEN)
    assert repository.tags["1"] == first != repository.branches["main"]  # a tag stays where it is


def test_what_may_not_be_pushed(hub, push, tiny_folder):
    line, = push(tiny_folder, {"repo_id": "user/mine"})
    assert line.startswith("HubError") and "hf auth login" in line
    other, wrong = push(tiny_folder, {"repo_id": "other/mine"}, {"repo_id": "a/b/c"}, HF_TOKEN=TOKEN)
    assert other.startswith("HubError Your token does not permit that")
    assert wrong.startswith("PresetNotFoundError There is no repository 'a/b/c'")
    line, = push(tiny_folder, {"repo_id": "user/mine"}, HF_TOKEN=TOKEN, HF_HUB_OFFLINE="1")
    assert line.startswith("HubError HF_HUB_OFFLINE is set")
    line, = push(tiny_folder, {"repo_id": "user/mine"}, HF_TOKEN=TOKEN, HF_ENDPOINT="http://127.0.0.1:1")
    assert line.startswith("HubError The Hub cannot be reached")
    assert not hub.repositories


@pytest.mark.parametrize("repo_id, role, variables, message", [
    ("user/mine", "write", {"HF_TOKEN": TOKEN}, ""),
    ("mine", "write", {"HF_TOKEN": TOKEN}, ""),
    ("hf://lab/ours", "write", {"HF_TOKEN": TOKEN}, ""),
    ("user/mine", "read", {"HF_TOKEN": TOKEN}, "HubError Your token does not permit to write to 'user/mine'"),
    ("other/mine", "write", {"HF_TOKEN": TOKEN}, "HubError Your token does not permit to write to 'other/mine'"),
    ("user/mine", "write", {}, "HubError Nobody is logged in to the Hub, which 'user/mine' needs; log in with"),
    ("user/mine", "write", {"HF_TOKEN": "hf_wrong"}, "HubError The Hub does not know you, or not any more"),
    ("user/mine", "write", {"HF_TOKEN": TOKEN, "HF_ENDPOINT": "http://127.0.0.1:1"}, "HubError The Hub cannot be"),
    ("a/b/c", "write", {"HF_TOKEN": TOKEN}, "HubError 'a/b/c' is no name of a repository"),
    ("user/mine@2", "write", {"HF_TOKEN": TOKEN}, "HubError 'user/mine@2' is no name of a repository"),
])
def test_who_may_upload_shows_before_the_work(hub, run_on_hub, repo_id, role, variables, message):
    hub.role = role
    code = ("import sys; from neuralcodec.zoo.hub import check_upload\n"
            "try:\n"
            "    check_upload(sys.argv[1])\n"
            "except Exception as error:\n"
            "    print(type(error).__name__, error)\n")
    done = run_on_hub("-c", code, repo_id, **variables)
    assert done.returncode == 0 and done.stdout.startswith(message) and bool(done.stdout) == bool(message), done.stderr
