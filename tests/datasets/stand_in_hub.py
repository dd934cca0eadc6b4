"""A stand-in for the Hugging Face Hub, for tests: stand_in_hub.py ROOT

Serves ROOT/models/ORG/NAME/ and ROOT/datasets/ORG/NAME/ as repositories whose revision is main (another one
is NAME@REVISION, its slashes as %2F), with what huggingface_hub asks for: a revision's facts, its tree, its
files. A file NAME.parquet.jsonl is served as NAME.parquet. A repository with a file .gated wants the token
let-me-in. A file whose name is in ROOT/cut is sent by halves: the first answer to it breaks off.

Prints its port, logs requests to ROOT/requests.log, and ends when its standard input does.
"""

import hashlib
import http.server
import io
import json
import os
import pathlib
import re
import sys
import threading
import urllib.parse

TOKEN = "let-me-in"


def content(file):
    """A file's bytes as they are served."""
    if not file.name.endswith(".parquet.jsonl"):
        return file.read_bytes()
    import pyarrow
    import pyarrow.parquet

    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


def digest(data):
    """As Git's hashes look."""
    return hashlib.sha1(data).hexdigest()


class Revision:
    """One folder under ROOT, as a commit."""

    def __init__(self, folder):
        self.gated = (folder / ".gated").exists()
        self.files = {}
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder).as_posix()
            if file.is_file() and not name.startswith("."):
                name = name.removesuffix(".jsonl") if name.endswith(".parquet.jsonl") else name
                self.files[name] = content(file)
        told = [folder.as_posix(), *(name + digest(data) for name, data in self.files.items())]
        self.commit = digest("\n".join(told).encode())


class Hub(http.server.ThreadingHTTPServer):
    """Repositories are read once each: tests write them before they start the hub."""

    def __init__(self, root):
        super().__init__(("127.0.0.1", 0), Answer)
        self.root, self.known, self.cut, self.lock = root, {}, set(), threading.Lock()
        if (root / "cut").exists():
            self.cut = set((root / "cut").read_text(encoding="utf-8").split())

    def revision(self, kind, name, wanted):
        """The revision of that name or commit; None, and whether there is such a repository at all."""
        with self.lock:
            folders = sorted((self.root / kind / name).parent.glob(f"{name.split('/')[1]}*"))
            found = False
            for folder in folders:
                base, _, revision = folder.name.partition("@")
                if base != name.split("/")[1]:
                    continue
                found = True
                if folder not in self.known:
                    self.known[folder] = Revision(folder)
                if wanted in (urllib.parse.unquote(revision) or "main", self.known[folder].commit):
                    return self.known[folder], True
            return None, found

    def is_cut_now(self, path):
        """True once for each name in ROOT/cut."""
        with self.lock:
            name = path.rsplit("/", 1)[-1]
            if name not in self.cut:
                return False
            self.cut.remove(name)
            return True

    def log(self, line):
        """One request."""
        with self.lock, (self.root / "requests.log").open("a", encoding="utf-8") as log:
            log.write(line + "\n")


class Answer(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def log_message(self, *_):
        pass

    def answer(self):
        """Finds the repository, then what of it is asked for."""
        path = urllib.parse.urlparse(self.path).path
        self.server.log(f"{self.command} {path} {self.headers.get('Range', '')}".rstrip())
        asked = re.fullmatch(r"/api/(models|datasets)/([^/]+/[^/]+)/(revision|tree)/([^/]+)()", path)
        if asked is None:
            asked = re.fullmatch(r"/(datasets)?/?([^/]+/[^/]+)/(resolve)/([^/]+)/(.+)", path)
        if asked is None:
            return self.send(404, b"{}")
        kind, name, what, wanted, file = asked.groups()
        found, exists = self.server.revision(kind or "models", name, urllib.parse.unquote(wanted))
        if found is None:
            return self.refuse(404, "RevisionNotFound") if exists else self.refuse(401, "RepoNotFound")
        if what == "revision":
            siblings = [{"rfilename": name, "size": len(data)} for name, data in found.files.items()]
            return self.send_json({"id": name, "sha": found.commit, "siblings": siblings})
        if what == "tree":
            return self.send_json([{"type": "file", "path": name, "size": len(data), "oid": digest(data)}
                                   for name, data in found.files.items()])
        return self.send_file(found, urllib.parse.unquote(file))

    def send_file(self, found, name):
        """A file, or a range of it, to those who may have it."""
        token = self.headers.get("Authorization")
        if found.gated and token != f"Bearer {TOKEN}":
            return self.refuse(403 if token else 401, "GatedRepo")
        if name not in found.files:
            return self.refuse(404, "EntryNotFound")
        data = found.files[name]
        headers = {"ETag": f'"{digest(data)}"', "X-Repo-Commit": found.commit,
                   "Accept-Ranges": "bytes"}
        if part := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            begin = int(part[1])
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            return self.send(206, data[begin:], headers)
        return self.send(200, data, headers, self.command == "GET" and self.server.is_cut_now(name))

    def refuse(self, status, code):
        """As the Hub says it."""
        self.send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": code})

    def send_json(self, value):
        """An answer of the API."""
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, status, data, headers=None, cut=False):
        """All of it, or the first half and the end of the connection."""
        self.send_response(status)
        for key, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[:len(data) // 2] if cut else data)
        self.close_connection = self.close_connection or cut


def end_with_input():
    """The test holds the other end: when it ends, however it does, so does this."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    hub = Hub(pathlib.Path(sys.argv[1]))
    threading.Thread(target=end_with_input, daemon=True).start()
    print(hub.server_port, flush=True)
    hub.serve_forever()
