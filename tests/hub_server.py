"""The Hugging Face Hub on loopback: as much of it as `huggingface_hub` needs to download, list and upload models.

Small files are redirected to a place of their own on the same host and large ones to a store, as the Hub does it.
"""

import base64
import dataclasses
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_of_the_test"
LARGE = (".h5", ".npz")


@dataclasses.dataclass
class Repository:
    """Files by commit, commits by branch."""

    gated: bool = False
    private: bool = False
    commits: dict = dataclasses.field(default_factory=dict)  # commit -> {path: bytes}
    branches: dict = dataclasses.field(default_factory=dict)  # branch -> commit
    tags: dict = dataclasses.field(default_factory=dict)  # tag -> commit
    messages: list = dataclasses.field(default_factory=list)

    def commit(self, files, branch="main", message=""):
        """Adds files to a branch and returns the commit."""
        self.messages.append(message)
        files = {**self.commits.get(self.branches.get(branch), {}), **files}
        sha = hashlib.sha1(repr((len(self.commits), sorted(files))).encode()).hexdigest()
        self.commits[sha], self.branches[branch] = files, sha
        return sha

    def resolve(self, revision):
        """Commit of a branch, tag or commit, None if there is no such thing."""
        return {**self.tags, **self.branches}.get(revision, revision if revision in self.commits else None)


class HubServer(ThreadingHTTPServer):
    """What the Hub knows, and what it was asked.

    Attributes:
        repositories: dict of "user/name" -> Repository.
        store: dict of SHA-256 -> bytes, the large files.
        requests: list of (method, path, headers).
        downloads: list of paths whose content was sent, each time it was.
        cut: number of bytes after which the next download from the store breaks off, 0 for none.
        role: of the token, "write" or "read".
        broken: HTTP status that every request is answered with, 0 for none.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories, self.store = {}, {}
        self.requests, self.downloads = [], []
        self.cut = self.broken = 0
        self.cards = []  # that were to be validated
        self.role = "write"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def store_url(self):
        """Another host to a client, which leaves the Hub by a redirect to it."""
        return f"http://localhost:{self.server_port}/store"

    def add(self, repo_id, folder, **kind):
        """Puts the files of a folder into a new repository, and returns that."""
        repository = self.repositories[repo_id] = Repository(**kind)
        repository.commit({path.name: path.read_bytes() for path in folder.iterdir()})
        return repository


@contextmanager
def running_hub():
    """Yields a HubServer that answers until the end of the block."""
    with HubServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _entry(path, content):
    """A file as the Hub describes it: large ones by a pointer to the store."""
    entry = {"oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(), "size": len(content)}
    if path.endswith(LARGE):
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": sha256, "sha256": sha256, "size": len(content), "pointerSize": 134}
    return entry


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _answer(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        url = urlsplit(self.path)
        self.query = parse_qs(url.query)
        if self.server.broken:
            return self._reply(self.server.broken, b"broken")
        if "Authorization" in self.headers and not self._knows_user():
            return self._refuse(401, "", "Invalid credentials in Authorization header")
        for method, pattern, handle in _ROUTES:
            match = re.fullmatch(pattern, url.path)
            if match and self.command in method.split():
                return handle(self, *map(unquote, match.groups()))
        return self._reply(404, b"no such place")

    do_GET = do_HEAD = do_POST = do_PUT = _answer

    def _reply(self, status, content=b"", **headers):
        if not isinstance(content, bytes):
            content, headers = json.dumps(content).encode(), {**headers, "Content_Type": "application/json"}
        self.send_response(status)
        for name, value in {"Content_Length": len(content), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _refuse(self, status, code, message):
        self._reply(status, {"error": message}, X_Error_Code=code, X_Error_Message=message)

    def _knows_user(self):
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _find(self, repo_id, revision=None, files=False):
        """(repository, commit), or None after a refusal."""
        repository = self.server.repositories.get(repo_id)
        if repository is None or repository.private and not self._knows_user():
            return self._refuse(401, "RepoNotFound", "Repository not found")
        if files and repository.gated and not self._knows_user():
            return self._refuse(401, "GatedRepo", f"Access to model {repo_id} is restricted.")
        commit = repository.resolve(revision or "main")
        if commit is None and revision:
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return repository, commit

    def model_info(self, repo_id, revision=None):
        found = self._find(repo_id, revision)
        if found:
            siblings = [{"rfilename": path, "blobId": entry["oid"], **entry}
                        for path, entry in ((path, _entry(path, content))
                                            for path, content in found[0].commits.get(found[1], {}).items())]
            self._reply(200, {**_summary(repo_id, found[0]), "sha": found[1], "siblings": siblings})

    def tree(self, repo_id, revision):
        found = self._find(repo_id, revision)
        if found:
            files = found[0].commits[found[1]]
            self._reply(200, [{"type": "file", "path": path, **_entry(path, files[path])} for path in sorted(files)])

    def resolve(self, repo_id, revision, path):
        found = self._find(repo_id, revision, files=True)
        if not found:
            return
        repository, commit = found
        content = repository.commits[commit].get(path)
        if content is None:
            self._refuse(404, "EntryNotFound", "Entry not found")
        elif path.endswith(LARGE):
            sha256 = hashlib.sha256(content).hexdigest()
            self.server.store[sha256] = content
            self._reply(302, Location=f"{self.server.store_url}/{sha256}", X_Repo_Commit=commit,
                        X_Linked_Size=len(content), X_Linked_ETag=f'"{sha256}"')
        else:
            self._reply(307, Location=f"/api/resolve-cache/models/{repo_id}/{commit}/{path}", X_Repo_Commit=commit)

    def small_file(self, repo_id, commit, path):
        if self.command == "GET":
            self.server.downloads.append(path)
        content = self.server.repositories[repo_id].commits[commit][path]
        self._reply(200, content, ETag=f'"{_entry(path, content)["oid"]}"', X_Repo_Commit=commit)

    def large_file(self, sha256):
        self.server.downloads.append(sha256)
        content, wanted = self.server.store[sha256], self.headers.get("Range")
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        end = len(content)
        if 0 < self.server.cut < end:  # only a file that is longer can be cut there; files come in any order
            end, self.server.cut = self.server.cut, 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[start:end])
        self.close_connection = end < len(content)

    def whoami(self):
        if not self._knows_user():
            return self._refuse(401, "", "Invalid username or password.")
        self._reply(200, {"name": "user", "type": "user", "orgs": [{"name": "lab"}],
                          "auth": {"accessToken": {"role": self.server.role}}})

    def list_models(self):
        author, tag = self.query["author"][0], self.query["filter"][0]
        self._reply(200, [_summary(repo_id, repository) for repo_id, repository in self.server.repositories.items()
                          if repo_id.startswith(f"{author}/") and _has_library(repository, tag)])

    def create(self):
        asked = json.loads(self.body)
        repo_id = f"{asked.get('organization') or 'user'}/{asked['name']}"
        if not self._knows_user():
            return self._refuse(401, "", "Invalid username or password.")
        if not repo_id.startswith("user/"):
            return self._refuse(403, "", "You don't have the rights to create a model under this namespace")
        status = 409 if repo_id in self.server.repositories else 200
        if status == 200:
            self.server.repositories[repo_id] = Repository(
                private=asked.get("private", asked.get("visibility") == "private"))
            self.server.repositories[repo_id].commit({".gitattributes": b"*.h5 filter=lfs\n"})
        return self._reply(status, {"url": f"{self.server.url}/{repo_id}", "name": repo_id})

    def create_branch(self, repo_id, branch):
        repository = self.server.repositories[repo_id]
        known = branch in repository.branches
        if not known:
            repository.branches[branch] = repository.branches["main"]
        self._reply(409 if known else 200, {})

    def create_tag(self, repo_id, revision):
        repository, tag = self.server.repositories[repo_id], json.loads(self.body)["tag"]
        known = tag in repository.tags
        if not known:
            repository.tags[tag] = repository.resolve(revision)
        self._reply(409 if known else 200, {})

    def validate_card(self):
        self.server.cards.append(json.loads(self.body)["content"])
        self._reply(200, {"errors": [], "warnings": []})

    def preupload(self, repo_id, revision):
        if self._find(repo_id, revision):
            files = json.loads(self.body)["files"]
            self._reply(200, {"files": [{"path": file["path"], "shouldIgnore": False,
                                         "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular"}
                                        for file in files]})

    def upload_places(self, _):
        objects = [{**wanted, "actions": {"upload": {"href": f"{self.server.store_url}/{wanted['oid']}"}}}
                   for wanted in json.loads(self.body)["objects"]]
        self._reply(200, {"transfer": "basic", "objects": objects})

    def upload(self, sha256):
        right = hashlib.sha256(self.body).hexdigest() == sha256
        if right:
            self.server.store[sha256] = self.body
        self._reply(200 if right else 400)

    def commit(self, repo_id, revision):
        if not self._knows_user():
            return self._refuse(403, "", "You don't have the rights to write here")
        files, message = {}, ""
        for line in map(json.loads, self.body.splitlines()):
            if line["key"] == "header":
                message = line["value"]["summary"]
            elif line["key"] == "file":
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "lfsFile":
                files[line["value"]["path"]] = self.server.store[line["value"]["oid"]]
        request = "create_pr" in self.query
        sha = self.server.repositories[repo_id].commit(files, "refs/pr/1" if request else revision, message)
        return self._reply(200, {"commitUrl": f"{self.server.url}/{repo_id}/commit/{sha}", "commitOid": sha,
                                 "pullRequestUrl": f"{self.server.url}/{repo_id}/discussions/1" if request else None})


def _summary(repo_id, repository):
    return {"_id": "0", "id": repo_id, "modelId": repo_id, "private": repository.private, "tags": [], "downloads": 12,
            "gated": "manual" if repository.gated else False, "likes": 0, "lastModified": "2025-03-01T12:00:00.000Z"}


def _has_library(repository, name):
    card = repository.commits[repository.branches["main"]].get("README.md", b"").decode()
    return f"library_name: {name}\n" in card


_REPO = r"([\w.-]+/[\w.-]+)"
_ROUTES = (
    ("GET", "/api/whoami-v2", _Handler.whoami),
    ("GET", "/api/models", _Handler.list_models),
    ("GET", rf"/api/models/{_REPO}", _Handler.model_info),
    ("GET", rf"/api/models/{_REPO}/revision/([^/]+)", _Handler.model_info),
    ("GET", rf"/api/models/{_REPO}/tree/([^/]+)", _Handler.tree),
    ("GET HEAD", rf"/{_REPO}/resolve/([^/]+)/(.+)", _Handler.resolve),
    ("GET HEAD", rf"/api/resolve-cache/models/{_REPO}/([^/]+)/(.+)", _Handler.small_file),
    ("GET", "/store/([0-9a-f]{64})", _Handler.large_file),
    ("POST", "/api/repos/create", _Handler.create),
    ("POST", "/api/validate-yaml", _Handler.validate_card),
    ("POST", rf"/api/models/{_REPO}/branch/([^/]+)", _Handler.create_branch),
    ("POST", rf"/api/models/{_REPO}/tag/([^/]+)", _Handler.create_tag),
    ("POST", rf"/api/models/{_REPO}/preupload/([^/]+)", _Handler.preupload),
    ("POST", rf"/{_REPO}\.git/info/lfs/objects/batch", _Handler.upload_places),
    ("PUT", "/store/([0-9a-f]{64})", _Handler.upload),
    ("POST", rf"/api/models/{_REPO}/commit/([^/]+)", _Handler.commit),
)
