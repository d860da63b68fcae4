"""A stand-in for the Hugging Face Hub: the part of its HTTP API that huggingface_hub calls for data sets.

Repositories live in memory, each a list of commits. Files of the suffixes in BINARY are asked for as LFS objects, as
the Hub asks, and all others within the commit.
"""

import base64
import hashlib
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_the_user"
BINARY = (".parquet", ".png", ".pt")


@dataclass
class Stored:
    """commits: {name: content} after each, the first one with what the Hub itself puts there."""

    private: bool
    commits: list = field(default_factory=lambda: [{".gitattributes": b"*.parquet filter=lfs\n"}])

    def sha(self, number=-1):
        number %= len(self.commits)
        return hashlib.sha1(f"commit {number}".encode()).hexdigest()

    def at(self, revision):
        """(commit, files) of a revision, or None."""
        known = {self.sha(number): files for number, files in enumerate(self.commits)}
        commit = self.sha() if revision == "main" else revision
        return (commit, known[commit]) if commit in known else None


class Hub:
    """The stand-in as a test sees it. refuse: {pattern of a path: (status, headers)} that are answered so; asked: the
    requests so far; objects: LFS objects by their SHA256."""

    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.clear()

    def clear(self):
        self.repos, self.objects, self.refuse, self.asked = {}, {}, {}, []

    def files(self, repo):
        """The files of the newest commit."""
        return self.repos[repo].commits[-1]

    def add(self, repo, files, private=True):
        """A commit of ``files``, {name: content}, as somebody with other software than ours makes it."""
        stored = self.repos.setdefault(repo, Stored(private))
        stored.commits.append(stored.commits[-1] | files)


@contextmanager
def running():
    hub = Hub()
    thread = Thread(target=hub.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.server.shutdown()
        hub.server.server_close()
        thread.join()


def handler_of(hub):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, value=None, status=200, content=None, headers=None):
            body = content if content is not None else json.dumps(value).encode()
            self.send_response(status)
            for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def missing(self, code="RepoNotFound"):
            self.answer({"error": "not found"}, 404, headers={"X-Error-Code": code})

        def handle_request(self):
            path = unquote(urlsplit(self.path).path)
            self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hub.asked.append(f"{self.command} {path}")
            self.known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            for pattern, (status, headers) in hub.refuse.items():
                if re.search(pattern, hub.asked[-1]):
                    return self.answer({"error": "it is a test"}, status, headers=headers)
            for pattern, function in ROUTES.items():
                if found := re.fullmatch(pattern, hub.asked[-1]):
                    return getattr(self, function)(*found.groups())
            return self.missing("EntryNotFound")

        do_GET = do_HEAD = do_POST = do_PUT = handle_request

        def stored(self, repo):
            """The repository, or None and an answer that says so, as the Hub gives it to those who may not read it."""
            stored = hub.repos.get(repo)
            if stored is None or (stored.private and not self.known):
                return self.missing()
            return stored

        def whoami(self):
            self.answer({"name": "user"} if self.known else {"error": "Invalid token"}, 200 if self.known else 401)

        def create(self):
            asked = json.loads(self.content)
            repo = f"{asked.get('organization') or 'user'}/{asked['name']}"
            if repo.partition("/")[0] != "user":
                return self.answer({"error": "You don't have the rights"}, 403)
            hub.repos[repo] = Stored(asked.get("private") or asked.get("visibility") == "private")
            return self.answer({"url": f"{hub.url}/datasets/{repo}"})

        def validate(self):
            self.answer({"errors": [], "warnings": []})

        def info(self, repo, revision="main"):
            if (stored := self.stored(repo)) is None:
                return None
            if (found := stored.at(revision)) is None:
                return self.missing("RevisionNotFound")
            return self.answer({"id": repo, "sha": found[0], "private": stored.private, "tags": [], "siblings": []})

        def tree(self, repo, revision):
            if (stored := self.stored(repo)) is not None:
                self.answer([entry(name, content) for name, content in stored.at(revision)[1].items()])

        def preupload(self, repo):
            files = hub.files(repo)
            modes = []
            for name in (file["path"] for file in json.loads(self.content)["files"]):
                mode = "lfs" if name.endswith(BINARY) else "regular"
                oid = oid_of(name, files[name]) if name in files else None
                modes.append({"path": name, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
            self.answer({"files": modes})

        def batch(self):
            objects = []
            for wanted in json.loads(self.content)["objects"]:
                oid = wanted["oid"]
                actions = {} if oid in hub.objects else {"actions": {"upload": {"href": f"{hub.url}/objects/{oid}"}}}
                objects.append({**wanted, **actions})
            self.answer({"transfer": "basic", "objects": objects})

        def upload(self, oid):
            assert hashlib.sha256(self.content).hexdigest() == oid
            hub.objects[oid] = self.content
            self.answer({})

        def commit(self, repo):
            files = dict(hub.files(repo))
            for line in map(json.loads, self.content.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    files[value["path"]] = hub.objects[value["oid"]]
                elif line["key"] == "deletedFile":
                    del files[value["path"]]
            hub.repos[repo].commits.append(files)
            sha = hub.repos[repo].sha()
            self.answer({"commitUrl": f"{hub.url}/datasets/{repo}/commit/{sha}", "commitOid": sha})

        def resolve(self, repo, revision, name):
            if (stored := self.stored(repo)) is None:
                return
            commit, files = stored.at(revision)
            headers = {"X-Repo-Commit": commit, "ETag": f'"{oid_of(name, files[name])}"'}
            self.answer(content=files[name], headers=headers)

    return Handler


ROUTES = {
    r"GET /api/whoami-v2": "whoami",
    r"POST /api/repos/create": "create",
    r"POST /api/validate-yaml": "validate",
    r"GET /api/datasets/([^/]+/[^/]+)": "info",
    r"GET /api/datasets/([^/]+/[^/]+)/revision/(.+)": "info",
    r"GET /api/datasets/([^/]+/[^/]+)/tree/([^/]+)": "tree",
    r"POST /api/datasets/([^/]+/[^/]+)/preupload/main": "preupload",
    r"POST /api/datasets/([^/]+/[^/]+)/commit/main": "commit",
    r"POST /datasets/[^/]+/[^/]+\.git/info/lfs/objects/batch": "batch",
    r"PUT /objects/(\w+)": "upload",
    r"(?:GET|HEAD) /datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)": "resolve",
}


def oid_of(name, content):
    """The name that the Hub gives a content: of git's blob, or of the LFS object."""
    if name.endswith(BINARY):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def entry(name, content):
    """A file as the listing of a tree has it."""
    oid = oid_of(name, content)
    lfs = {"lfs": {"oid": oid, "size": len(content), "pointerSize": 134}} if name.endswith(BINARY) else {}
    return {"type": "file", "path": name, "size": len(content), "oid": oid, **lfs}
