"""Presets on the Hugging Face Hub: downloaded, listed, uploaded. The cache and the progress bars are the Hub's own."""

import re
import tempfile
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi, constants, get_token, snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError

from neuralcodec.errors import HubError, PresetError, PresetNotFoundError
from neuralcodec.version import __version__
from neuralcodec.zoo.bundled import nearest_presets
from neuralcodec.zoo.card import model_card
from neuralcodec.zoo.folder import CARD, CONFIG, FILES, METADATA, copy_preset
from neuralcodec.zoo.hub_errors import FAILURES, explained, is_refusal, not_cached
from neuralcodec.zoo.metadata import MAX_BYTES as MAX_TEXT_BYTES
from neuralcodec.zoo.metadata import revision_of
from neuralcodec.zoo.weights import MAX_BYTES as MAX_WEIGHTS_BYTES

SCHEME = "hf://"
LIBRARY = "neuralcodec"

_ADDRESS = re.compile(r"([A-Za-z0-9][\w.-]*/[\w.-]+)(?:@([\w./-]+))?", re.ASCII)
_TOKEN = re.compile("[!-~]+")
_CLIENT = {"library_name": LIBRARY, "library_version": __version__}


def split_address(name):
    """The repository and the revision that an address names, as in the Hub's own `hf://` addresses.

    Args:
        name: `user/name` or `user/name@revision`, with `hf://` before it or without.

    Returns:
        (`user/name`, revision), None in the place of a revision that is not named; None for other names.

    Example:
        >>> split_address("hf://user/my-codec@v1.0")
        ('user/my-codec', 'v1.0')
    """
    match = isinstance(name, str) and _ADDRESS.fullmatch(name.removeprefix(SCHEME))
    return match.groups() if match else None


def checked_token(token):
    """An access token that can be sent; what cannot be would be quoted by the client, in an error or a debug line.

    Args:
        token: str, True or None for that of `hf auth login`, False for none.

    Returns:
        the token, without white space around it.

    Raises:
        HubError: it holds characters that no token has; the message does not show it.
    """
    token = token.strip() if isinstance(token, str) else token
    sent = get_token() if token is None or token is True else token
    if isinstance(sent, str) and not _TOKEN.fullmatch(sent):
        raise HubError("The access token for the Hub is empty or has characters that no token has; log in anew with "
                       "`hf auth login`, or give another.")
    return token


def download_preset(repo_id, *, revision=None, cache_dir=None, token=None, local_files_only=False,
                    force_download=False):
    """Downloads the files of a preset, and no others; what is in the Hub's cache already is not downloaded again.

    Args:
        repo_id: `user/name` or `hf://user/name`, with `@revision` behind it or without.
        revision: branch, tag or commit; by default the one that `repo_id` names, else the main branch.
        cache_dir: folder of the cache; by default the Hub's own.
        token: access token; by default that of `hf auth login`.
        local_files_only: take what is in the cache, without asking the Hub.
        force_download: download again what is in the cache.

    Returns:
        Path of a folder in the cache. It is not checked yet: see `neuralcodec.zoo.presets.load_preset`.

    Raises:
        PresetNotFoundError: there is no such repository.
        PresetError: it holds no preset, or files that are too large for one.
        HubError: the Hub cannot be reached and the preset is not in the cache, the Hub refuses, or two revisions were
            named.

    Example:
        >>> download_preset("user/my-codec", revision="v1.0")
    """
    (repo_id, named), token = split_address(repo_id), checked_token(token)
    if named and revision not in (None, named):
        raise HubError(f"'{repo_id}@{named}' names another revision than '{revision}'; leave out one of them.")
    revision = revision or named
    missing = (f"There is no preset '{repo_id}', neither as a folder nor on the Hub (log in with `hf auth login` to "
               f"see a private one); {nearest_presets(repo_id)}")
    with explained(repo_id, missing, revision):
        unreachable = None if local_files_only else _check_listing(repo_id, revision, token)
        if force_download and (local_files_only or unreachable):
            raise HubError(f"'{repo_id}' cannot be downloaded again without asking the Hub; check the network, and "
                           "leave out local_files_only and HF_HUB_OFFLINE.") from unreachable
        only_cached = bool(local_files_only or unreachable)
        try:
            return Path(snapshot_download(
                repo_id, revision=revision, cache_dir=cache_dir, token=token, local_files_only=only_cached,
                force_download=force_download, allow_patterns=list(FILES), **_CLIENT))
        except LocalEntryNotFoundError as error:
            if not only_cached:
                raise
            raise HubError(not_cached(repo_id, unreachable)) from (unreachable or error)


def _check_listing(repo_id, revision, token):
    """Refuses what is no preset before any of it is downloaded.

    Returns:
        None, or the exception that says why the Hub cannot be asked.
    """
    try:
        listing = HfApi(token=token, **_CLIENT).model_info(repo_id, revision=revision, files_metadata=True,
                                                           timeout=constants.HF_HUB_ETAG_TIMEOUT)
    except FAILURES as error:
        if is_refusal(error):
            raise
        return error
    sizes = {file.rfilename: file.size for file in listing.siblings or () if file.rfilename in FILES}
    if METADATA not in sizes:
        raise PresetError(f"'{repo_id}' on the Hub is not a preset of neuralcodec: it has no {METADATA}; "
                          "give a repository that `push_to_hub` wrote.")
    for name, size in sizes.items():
        bound = MAX_TEXT_BYTES if name in (CONFIG, METADATA, CARD) else MAX_WEIGHTS_BYTES
        if size is None or size > bound:
            raise PresetError(f"'{repo_id}' on the Hub is not downloaded: its {name} is larger than any preset's may "
                              f"be ({bound:,} bytes); update neuralcodec, or ask its author.")
    return None


def list_remote_presets(author):
    """Repositories of presets on the Hub.

    Args:
        author: user or organisation.

    Returns:
        list of dicts with name, updated (date, None where the Hub does not say) and downloads, sorted by name.

    Raises:
        PresetNotFoundError: there are none.
        HubError: the Hub cannot be reached, or refuses.
    """
    missing = f"There is no preset of neuralcodec by '{author}' on the Hub; check the name."
    with explained(author, missing):
        found = list(HfApi(token=checked_token(None), **_CLIENT).list_models(author=author, filter=LIBRARY, full=True))
    if not found:
        raise PresetNotFoundError(missing)
    return sorted(({"name": model.id, "updated": model.last_modified and model.last_modified.date(),
                    "downloads": model.downloads or 0} for model in found), key=lambda row: row["name"])


def check_upload(repo_id, token=None):
    """Makes sure, before long work, that there is an account which may upload to a repository.

    Args:
        repo_id: `user/name`, or `name` for the account that is logged in.
        token: access token; by default that of `hf auth login`.

    Raises:
        HubError: nobody is logged in, the account or its token may not, or the Hub cannot be reached.
    """
    repo_id, token = repo_id.removeprefix(SCHEME), checked_token(token)
    address = split_address(f"user/{repo_id}" if "/" not in repo_id else repo_id)
    if not address or address[1]:
        raise HubError(f"'{repo_id}' is no name of a repository on the Hub; give one like user/name.")
    if token is None and get_token() is None:
        raise HubError(f"Nobody is logged in to the Hub, which '{repo_id}' needs; log in with `hf auth login`.")
    with explained(repo_id, f"There is no account for '{repo_id}' on the Hub; log in with `hf auth login`."):
        account = HfApi(token=token, **_CLIENT).whoami()
    names = [account.get("name"), *(group.get("name") for group in account.get("orgs") or ())]
    role = ((account.get("auth") or {}).get("accessToken") or {}).get("role")
    if "/" in repo_id and repo_id.split("/")[0] not in names or role == "read":
        raise HubError(f"Your token does not permit to write to '{repo_id}'; use one that may, from an account that "
                       "may.")


def upload_preset(preset, repo_id, *, private=False, revision=None, commit_message=None, create_pr=False, token=None):
    """Uploads a preset in one commit, to a repository that is created if need be, with a card written anew.

    On the main branch the commit is tagged with the number of the preset's revision; a tag that is there stays where it
    is, so that `user/name@1` goes on being what it was.

    Args:
        preset: Preset.
        repo_id: `user/name`, or `name` for the account that is logged in.
        private: whether a new repository is for its owner only.
        revision: branch, created if need be; by default the main branch.
        commit_message: by default one that names the preset.
        create_pr: open a pull request against the main branch instead.
        token: access token; by default that of `hf auth login`.

    Returns:
        str, the address of the commit or pull request.

    Raises:
        PresetError: the preset has changed on disk since it was loaded.
        PresetNotFoundError, HubError: the Hub cannot be reached, or refuses.

    Example:
        >>> upload_preset(load_preset("runs/mine/mine"), "user/mine")
    """
    if create_pr and revision:
        raise HubError("A pull request goes to the main branch; leave out revision, or create_pr.")
    repo_id, api = repo_id.removeprefix(SCHEME), HfApi(token=checked_token(token), **_CLIENT)
    missing = f"There is no repository '{repo_id}' on the Hub that you may write to; check the name and your token."
    with explained(repo_id, missing, revision), tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "preset"
        copy_preset(preset, folder)
        repo_id = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
        (folder / CARD).write_text(model_card(preset.metadata, repo_id), encoding="utf-8")
        if revision and not revision.startswith("refs/"):  # a pull request's branch is there already
            api.create_branch(repo_id, branch=revision, exist_ok=True)
        files = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=folder / name) for name in FILES]
        commit = api.create_commit(repo_id, files, commit_message=commit_message or f"Upload {preset.name}",
                                   revision=revision, create_pr=create_pr)
        if not create_pr and not revision:
            api.create_tag(repo_id, tag=str(revision_of(preset.metadata)), revision=commit.oid, exist_ok=True)
    return commit.pr_url or commit.commit_url
