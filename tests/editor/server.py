"""An editor's side of the Language Server Protocol, as small as it can be: open documents, ask, be told."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

CARET = "‸"  # where the caret stands in the documents of these tests
PATIENCE = 30  # seconds of silence after which a server counts as stuck

Message = dict[str, Any]


@dataclass(frozen=True, order=True)
class Complaint:
    """A diagnostic as a user sees it: where it begins, both from 1, and its text."""

    line: int
    column: int
    message: str


class LanguageServer:
    """A language server of its own process, with one workspace open. Leaving the context ends it."""

    def __init__(self, command: Sequence[str], workspace: Path, settings: Mapping[str, Any]) -> None:
        self._workspace = workspace
        self._settings = settings
        self._is_configured = False
        self._versions: dict[str, int] = {}
        self._complaints: dict[str, list[Complaint]] = {}
        self._asked = 0
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._out: IO[bytes] = self._process.stdin
        self._in: IO[bytes] = self._process.stdout
        self._inbox: queue.Queue[Message | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        folder = {"uri": self._workspace.as_uri(), "name": self._workspace.name}
        can = {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
        }
        self._ask("initialize", processId=None, rootUri=folder["uri"], workspaceFolders=[folder], capabilities=can)
        self._tell("initialized")
        while not self._is_configured:  # before that, no schema belongs to any document
            self._take(self._next())
        return self

    def __exit__(self, *_: object) -> None:
        self._ask("shutdown")
        self._tell("exit")
        self._out.close()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._in.close()

    def open(self, name: str, text: str) -> None:
        """Shows the server a document, or what it has become. `name` is its path; it need not be on disk."""
        self._complaints.pop(name, None)
        version = self._versions[name] = self._versions.get(name, 0) + 1
        document = {"uri": self._uri(name), "version": version}
        if version == 1:
            self._tell("textDocument/didOpen", textDocument={**document, "languageId": "yaml", "text": text})
        else:
            self._tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def complaints(self, name: str) -> list[Complaint]:
        """What the server has to say of an open document, in the order of its places. Waits until it has said it."""
        while name not in self._complaints:
            self._take(self._next())
        return self._complaints[name]

    def completions(self, name: str, text: str) -> list[Message]:
        """What is offered at the caret of a document."""
        found: Message = self._ask("textDocument/completion", **self._at_caret(name, text))
        items: list[Message] = found["items"]
        return items

    def hover(self, name: str, text: str) -> str:
        """What is shown, in Markdown, where the caret of a document is; "" when that is nothing."""
        found: Message | None = self._ask("textDocument/hover", **self._at_caret(name, text))
        return str(found["contents"]["value"]) if found else ""

    def _at_caret(self, name: str, text: str) -> Message:
        before, _, after = text.partition(CARET)
        self.open(name, before + after)
        lines = before.split("\n")
        position = {"line": len(lines) - 1, "character": len(lines[-1])}
        return {"textDocument": {"uri": self._uri(name)}, "position": position}

    def _uri(self, name: str) -> str:
        return (self._workspace / name).as_uri()

    def _ask(self, method: str, **params: Any) -> Any:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            message = self._next()
            if "method" in message:
                self._take(message)
            elif message["id"] == self._asked:
                assert "error" not in message, message
                return message["result"]

    def _tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _take(self, message: Message) -> None:
        """Does what the server asks for, and keeps what it tells."""
        if message["method"] == "textDocument/publishDiagnostics":
            name = message["params"]["uri"].removeprefix(f"{self._workspace.as_uri()}/")
            self._complaints[name] = sorted(map(_complaint, message["params"]["diagnostics"]))
        elif message["method"] == "workspace/configuration":
            sections = [item["section"] for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": [self._settings.get(section) for section in sections]})
            self._is_configured = True
        elif "id" in message:
            self._send({"id": message["id"], "result": None})

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._out.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._out.flush()

    def _next(self) -> Message:
        message = self._inbox.get(timeout=PATIENCE)
        assert message is not None, "the language server has ended"
        return message

    def _read(self) -> None:
        while header := self._in.readline():
            length = int(header.removeprefix(b"Content-Length:"))
            while self._in.readline().strip():
                pass  # other headers, up to the empty line
            self._inbox.put(json.loads(self._in.read(length)))
        self._inbox.put(None)


def _complaint(diagnostic: Message) -> Complaint:
    start = diagnostic["range"]["start"]
    return Complaint(start["line"] + 1, start["character"] + 1, diagnostic["message"])
