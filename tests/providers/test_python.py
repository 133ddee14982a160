"""`python/FILE.py:FUNCTION`: what a function is given, what it may answer, and what becomes of one that breaks."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import ProviderError, UserError
from evalkit.providers import own
from evalkit.providers.command import Commands
from evalkit.providers.python import MOST_AT_ONCE, Python
from evalkit.providers.python_source import source_of
from evalkit.records.exchange import Reply, Request, Usage
from evalkit.records.machine import Command, Limits
from evalkit.records.spec import Message
from evalkit.settings import Settings
from tests.projects import KEY

ASKED = (Message("system", "Be brief."), Message("user", "Say ä."))
REQUEST = Request("python", "ask.py:ask", ASKED, {"temperature": 0}, draw=2, timeout=20.0, case="c1")
TOLD = {
    "model": "ask.py:ask",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say ä."}],
    "params": {"temperature": 0},
    "case": "c1",
    "draw": 2,
}

Write = Callable[[str], Python]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Writes ask.py and gives the provider; its processes are ended."""
    made: list[Python] = []

    def written(text: str) -> Python:
        (tmp_path / "ask.py").write_text(text, "utf-8")
        made.append(Python(Settings(root=tmp_path, environ=dict(os.environ))))
        return made[-1]

    yield written
    for provider in made:
        provider.close()


def answer(provider: Python | Commands, request: Request = REQUEST) -> Reply:
    """One attempt; what it took is left out."""
    reply = provider.decode(provider.send(request, provider.encode(request)))
    assert reply.seconds > 0
    return replace(reply, seconds=0.0)


def refused(provider: Python | Commands, request: Request = REQUEST) -> tuple[str, str]:
    """The kind and the words of the error."""
    with pytest.raises(ProviderError) as caught:
        answer(provider, request)
    return caught.value.kind, caught.value.message


def test_a_function_is_given_the_request_as_plain_data(write: Write) -> None:
    provider = write("import json\ndef ask(request):\n    return json.dumps(request)\n")
    assert json.loads(answer(provider).text) == TOLD


@pytest.mark.parametrize(
    ("returned", "reply"),
    [
        ("'yes'", Reply("yes")),
        ("''", Reply("")),
        ("{'text': 'yes'}", Reply("yes")),
        ("{'text': 'yes', 'reasoning': None, 'usd': None, 'usage': None, 'error': None}", Reply("yes")),
        (
            "{'text': 'y', 'reasoning': 'r', 'finish_reason': 'length', 'model': 'm', 'usd': 1,"
            " 'usage': {'prompt_tokens': 3, 'completion_tokens': '4', 'reasoning_tokens': 1, 'total_tokens': 7}}",
            Reply("y", "r", (), "length", "m", Usage(3, 4, 1), 1.0),
        ),
        ("{'tool_calls': [{'name': 'f'}]}", Reply("", tool_calls=({"name": "f"},), finish_reason="tools")),
    ],
)
def test_what_a_function_may_return(returned: str, reply: Reply, write: Write) -> None:
    assert answer(write(f"def ask(request):\n    return {returned}\n")) == reply


def test_a_coroutine_is_awaited(write: Write) -> None:
    assert answer(write("async def ask(request):\n    return 'later'\n")) == Reply("later")


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("raise ValueError('no ä')", "rejected", "ValueError: no ä (ask.py:3)"),
        ("import json; json.loads('{')", "rejected", "json.decoder.JSONDecodeError: Expecting property name enclosed in"
         " double quotes: line 1 column 2 (char 1) (ask.py:3)"),
        ("raise SystemExit(4)", "rejected", "SystemExit: 4 (ask.py:3)"),
        ("return {'error': 'busy', 'transient': True}", "transient", "busy"),
        ("return {'error': 'no', 'transient': 1}", "rejected", "no"),
        ("return 5", "rejected", "TypeError: a text or a dict is wanted, and it returned int"),
        ("return None", "rejected", "TypeError: a text or a dict is wanted, and it returned NoneType"),
        ("return {'text': {1}}", "rejected", "TypeError: Object of type set is not JSON serializable"),
        ("return {'text': 'y', 'usd': float('nan')}", "rejected", "ValueError: Out of range float values are not JSON"
         " compliant"),
        ("return {'txt': 'y'}", "rejected", "the reply has a key `txt`; did you mean `text`?"),
        ("return {'text': 5}", "rejected", "the reply has a `text` that is no text; it is 5"),
        ("return {'model': 'm'}", "rejected", "the reply has no `text`; an empty reply is an empty text"),
        ("return {'text': 'y', 'usd': -1}", "rejected", "the reply has a `usd` that is no sum of US dollars; it is -1"),
        ("return {'text': 'y', 'usage': 3}", "rejected", "the reply has a `usage` that is no mapping; its keys are"
         " prompt_tokens, completion_tokens, reasoning_tokens"),
        ("return {'tool_calls': ['f']}", "rejected", "the reply has `tool_calls` that are no list of calls; each is a"
         " mapping"),
        ("print('last words'); import os; os._exit(3)", "rejected", "python/ask.py:ask ended with exit code 3: last"
         " words"),
        ("import os; os.kill(os.getpid(), 9)", "rejected", "python/ask.py:ask was ended by signal 9: it said nothing"),
        ("raise ValueError('x' * 9999)", "rejected", f"ValueError: {'x' * 487}…"),
    ],
)  # fmt: skip
def test_whatever_a_function_gets_wrong_is_an_error_of_this_request(
    body: str, kind: str, message: str, write: Write
) -> None:
    provider = write(f"def ask(request):\n    'It is asked.'\n    {body}\n")
    assert refused(provider) == (kind, message)
    assert refused(provider) == (kind, message)  # the next one has a process to answer it, too


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_that_name\ndef ask(request): ...\n",
         "ModuleNotFoundError: No module named 'nothing_of_that_name' (ask.py:1)"),
        ("def ask(request): ...\nraise RuntimeError('not today')\n", "RuntimeError: not today (ask.py:2)"),
        ("if 0:\n    ask = print\n", "AttributeError: module 'ask' has no attribute 'ask'"),
        ("ask = 5\n", "TypeError: 'int' object is not callable"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_imported_says_why(text: str, message: str, write: Write) -> None:
    assert refused(write(text)) == ("rejected", message)


def test_keys_are_taken_out_of_what_a_function_says_went_wrong(tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(
        "import os\ndef ask(request):\n    raise ValueError(os.environ['OPENAI_API_KEY'])\n"
    )
    provider = Python(Settings(root=tmp_path, environ={**os.environ, "OPENAI_API_KEY": KEY}))
    assert refused(provider) == ("rejected", "ValueError: [redacted] (ask.py:3)")
    provider.close()


@pytest.mark.parametrize(
    "breaks",
    [
        "os.write(2, key.encode() + b'a' * 1980 + b' gone\\n'); os._exit(3)",  # the key's end is within the last words
        "return {'text': ['x' * 60 + key]}",
    ],
)
def test_no_half_of_a_key_is_left_where_what_was_said_is_cut(breaks: str, tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(
        f"import os\ndef ask(request):\n    key = os.environ['OPENAI_API_KEY']\n    {breaks}\n"
    )
    provider = Python(Settings(root=tmp_path, environ={**os.environ, "OPENAI_API_KEY": KEY}))
    _, message = refused(provider)
    assert KEY[:6] not in message
    assert KEY[-6:] not in message
    provider.close()


LOUD = """
import os, sys
print("at import")
def ask(request):
    print("to standard output")
    os.write(1, b"straight to the descriptor")
    os.system("echo from a child")
    return repr((sys.stdin.read(), os.read(0, 5)))
"""


def test_what_a_function_prints_and_reads_is_not_the_protocol(write: Write) -> None:
    provider = write(LOUD)
    assert [answer(provider).text for _ in range(3)] == ["('', b'')"] * 3


def test_a_file_finds_its_neighbours_and_answers_from_the_projects_root(write: Write, tmp_path: Path) -> None:
    (tmp_path / "http.py").write_text("WORD = 'mine'\n", "utf-8")
    provider = write("import os, http\ndef ask(request):\n    return f'{http.WORD} {os.getcwd()}'\n")
    assert answer(provider).text == f"mine {tmp_path.resolve()}"


COUNTS = """
import os, subprocess, sys, time
asked = 0
def ask(request):
    global asked
    asked += 1
    if request["case"] == "hangs":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", request["params"]["mark"]])
        time.sleep(600)
    return f"{asked}"
"""


def test_a_call_that_hangs_is_ended_with_its_children_and_the_next_has_a_new_process(write: Write) -> None:
    provider = write(COUNTS)
    assert [answer(provider).text for _ in range(3)] == ["1", "2", "3"]
    mark = f"evalkit-test-{os.getpid()}-{time.monotonic_ns()}"
    hangs = replace(REQUEST, case="hangs", timeout=0.5, params={"mark": mark})
    assert refused(provider, hangs) == ("transient", "no reply from python/ask.py:ask within 0.5 s")
    assert ends(mark)
    assert answer(provider).text == "1"


def ends(mark: str) -> bool:
    """Whether the processes with this word in their command lines end soon."""
    until = time.monotonic() + 10
    while mark in _running():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _running() -> str:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("there is no /proc to look for processes in")
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue  # it has just ended
    return "\n".join(lines)


def test_calls_at_once_have_a_process_each(write: Write) -> None:
    provider = write("import os, time\ndef ask(request):\n    time.sleep(0.3)\n    return str(os.getpid())\n")
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(answer(provider).text)) for _ in range(MOST_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == MOST_AT_ONCE
    assert {answer(provider).text for _ in range(2)} <= set(found)


def test_the_settings_say_how_many_calls_at_once_there_are(tmp_path: Path) -> None:
    for provider in (Python, Commands):
        assert provider(Settings(root=tmp_path)).capacity == MOST_AT_ONCE
        limits = {provider.name: Limits(concurrency=1)}
        assert provider(Settings(root=tmp_path, limits=limits)).capacity == 1


@pytest.mark.parametrize(
    "change",
    [{"case": "c2"}, {"params": {"temperature": 1}}, {"messages": ASKED[1:]}, {"model": "ask.py:other"}],
)
def test_what_may_change_the_reply_changes_the_question(change: dict[str, Any], write: Write) -> None:
    provider = write("VERSION = 1\ndef ask(request): ...\ndef other(request): ...\n")
    assert provider.encode(replace(REQUEST, **change)) != provider.encode(REQUEST)
    assert provider.encode(replace(REQUEST, draw=1, timeout=1.0)) == provider.encode(REQUEST)


def test_a_stated_version_makes_replies_last_and_none_makes_them_of_this_run_alone(write: Write) -> None:
    stated = "VERSION = {}\ndef ask(request): ...\n"
    first = write(stated.format("'1'")).encode(REQUEST)
    assert write(stated.format("'1'") + "# edited\n").encode(REQUEST) == first
    assert write(stated.format("'2'")).encode(REQUEST) != first
    unstated = write("def ask(request): ...\n")
    assert unstated.encode(REQUEST) == unstated.encode(REQUEST)  # draws of equal questions are counted in a run
    assert unstated.encode(REQUEST) != write("def ask(request): ...\n").encode(REQUEST)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("def ask(r): ...", ""),
        ("VERSION = 'v1'\ndef ask(r): ...", "v1"),
        ("VERSION: str = 'v1'\ndef ask(r): ...", "v1"),
        ("VERSION = 2.5\nasync def ask(r): ...", "2.5"),
        ("VERSION = 'v1'\ndef ask(r): ...\nask.version = 'v2'", "v2"),
        ("def other(r): ...\nother.version = 'v2'\ndef ask(r): ...", ""),
        ("from where import ask", ""),
        ("from where import *", ""),
        ("import where as ask", ""),
        ("try:\n    from where import ask\nexcept ImportError:\n    def ask(r): ...", ""),
        ("if x:\n    ask = make()\nelse:\n    VERSION = 'v1'", "v1"),
        ("class ask: ...", ""),
        ("def __getattr__(name): ...", ""),
    ],
)
def test_a_version_and_a_function_are_found_without_running_the_file(text: str, version: str, tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(text, "utf-8")
    assert source_of("ask.py:ask", tmp_path).version == version


@pytest.mark.parametrize(
    ("model", "text", "message", "help"),
    [
        ("ask.py", "", "`ask.py` names no function", "write python/FILE.py:FUNCTION"),
        ("ask:ask", "", "`ask:ask` names no function", "write python/FILE.py:FUNCTION"),
        ("ask.py:a b", "", "`ask.py:a b` names no function", "write python/FILE.py:FUNCTION"),
        ("sk.py:ask", "", "there is no file `sk.py`", "did you mean `ask.py`?"),
        ("no/where.py:ask", "", "there is no file `no/where.py`", "a path begins at the project's root"),
        ("../ask.py:ask", "", "`../ask.py` is outside the project", "its root is {root}"),
        ("/etc/ask.py:ask", "", "`/etc/ask.py` is outside the project", "its root is {root}"),
        ("ask.py:ask", "def aks(r): ...", "ask.py has no function `ask`", "did you mean `aks`?"),
        ("ask.py:ask", "class A:\n    def ask(r): ...", "ask.py has no function `ask`", "it has none"),
        ("ask.py:ask", "def ask(:", "ask.py is no Python: line 1: invalid syntax", "mend the file"),
        ("ask.py:ask", "VERSION = of()\ndef ask(r): ...", "`VERSION` in ask.py is no plain text",
         'write VERSION = "1" at the top of the file'),
        ("ask.py:ask", "VERSION = ''\ndef ask(r): ...", "`VERSION` in ask.py is no plain text",
         'write VERSION = "1" at the top of the file'),
    ],
)  # fmt: skip
def test_a_model_that_is_no_function_is_explained(
    model: str, text: str, message: str, help: str, tmp_path: Path
) -> None:
    (tmp_path / "ask.py").write_text(text, "utf-8")
    with pytest.raises(UserError) as caught:
        Python(Settings(root=tmp_path)).ready(model)
    assert (caught.value.message, caught.value.help) == (message, help.format(root=tmp_path.resolve()))


def test_a_link_that_leads_outside_is_outside(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("def ask(r): ...", "utf-8")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "ask.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(UserError, match=r"`ask.py` is outside the project"):
        source_of("ask.py:ask", tmp_path / "project")


def test_a_reply_may_be_large_and_a_larger_one_is_refused(write: Write) -> None:
    provider = write("def ask(request):\n    return 'x' * request['params']['size']\n")
    size = 5_000_000
    assert len(answer(provider, replace(REQUEST, params={"size": size})).text) == size
    kind, message = refused(provider, replace(REQUEST, params={"size": 40_000_000}))
    assert (kind, message) == ("rejected", "the reply of python/ask.py:ask is larger than 32 MB")


def test_a_large_request_arrives(write: Write) -> None:
    provider = write("def ask(request):\n    return str(len(request['messages'][0]['content']))\n")
    long = replace(REQUEST, messages=(Message("user", "x" * 3_000_000),))
    assert answer(provider, long).text == "3000000"


def test_an_old_recording_is_read_as_it_was_kept() -> None:
    kept = own.recording({"text": "ä", "usd": 0.5}, 1.5, is_kept=True)
    assert own.decode(kept) == Reply("ä", usd=0.5, seconds=1.5)


# `command/NAME`: a program of the settings.

OF_COMMAND = replace(REQUEST, provider="command", model="mine")


def commands(folder: Path, script: str, version: str = "") -> Commands:
    """The provider, with a Python script for a program."""
    (folder / "program.py").write_text(script, "utf-8")
    mine = Command((sys.executable, "program.py"), version)
    return Commands(Settings(root=folder, environ=dict(os.environ), commands={"mine": mine}))


def test_a_program_is_given_the_request_on_its_input(tmp_path: Path) -> None:
    provider = commands(tmp_path, "import sys\nprint(sys.stdin.read(), end='')")
    assert json.loads(answer(provider, OF_COMMAND).text) == {**TOLD, "model": "mine"}


@pytest.mark.parametrize(
    ("written", "reply"),
    [
        ("yes\n", Reply("yes")),
        ("yes\r\n", Reply("yes")),
        ("two\n\n", Reply("two\n")),
        ("", Reply("")),
        ("ä", Reply("ä")),
        ('{"label": "x"}\n', Reply('{"label": "x"}')),
        ('"quoted"', Reply('"quoted"')),
        ("[1]", Reply("[1]")),
        ("[" * 100_000, Reply("[" * 100_000)),
        ('{"text": "yes", "model": "m"}\n', Reply("yes", model="m")),
        ('{"tool_calls": [{"name": "f"}]}', Reply("", tool_calls=({"name": "f"},), finish_reason="tools")),
    ],
)
def test_output_is_the_text_or_the_parts_of_a_reply(written: str, reply: Reply, tmp_path: Path) -> None:
    script = f"import sys\nsys.stdout.buffer.write({written!r}.encode())"
    assert answer(commands(tmp_path, script), OF_COMMAND) == reply


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        ("import sys\nprint('a\\n\\nb\\nc\\nd', file=sys.stderr)\nsys.exit(7)", "rejected",
         "command/mine ended with exit code 7: b / c / d"),
        ("print('yes')\nraise SystemExit(1)", "rejected", "command/mine ended with exit code 1: it said nothing"),
        ("import os\nos.kill(os.getpid(), 15)", "rejected", "command/mine was ended by signal 15: it said nothing"),
        ("import sys\nsys.stdout.buffer.write(b'\\xff')", "rejected", "the output is no UTF-8"),
        ("print('{\"error\": \"busy\", \"transient\": true}')", "transient", "busy"),
        ("print('{\"text\": \"y\", \"txt\": 1}')", "rejected", "the reply has a key `txt`; did you mean `text`?"),
        ("import time\ntime.sleep(600)", "transient", "no reply from command/mine within 0.5 s"),
        ("import os, time\nos.close(1)\ntime.sleep(600)", "transient", "no reply from command/mine within 0.5 s"),
        ("import sys\nwhile True: sys.stdout.write('y' * 1_000_000)", "rejected",
         "the reply of command/mine is larger than 32 MB"),
    ],
)  # fmt: skip
def test_a_program_that_fails_says_how(script: str, kind: str, message: str, tmp_path: Path) -> None:
    timeout = 0.5 if "within 0.5" in message else 20.0
    assert refused(commands(tmp_path, script), replace(OF_COMMAND, timeout=timeout)) == (kind, message)


def test_a_program_is_ended_with_what_it_started(tmp_path: Path) -> None:
    mark = f"evalkit-test-{os.getpid()}-{time.monotonic_ns()}"
    script = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', {mark!r}])"
    assert refused(commands(tmp_path, script), replace(OF_COMMAND, timeout=1.0))[0] == "transient"
    assert ends(mark)


def test_a_large_request_and_a_large_answer_do_not_wait_for_one_another(tmp_path: Path) -> None:
    script = "import sys\nsys.stdout.write('x' * 3_000_000)\nsys.stdout.write(str(len(sys.stdin.read()) > 3_000_000))"
    long = replace(OF_COMMAND, messages=(Message("user", "x" * 3_000_000),))
    assert answer(commands(tmp_path, script), long).text.endswith("xTrue")


def test_the_version_and_the_words_of_a_command_are_part_of_the_question(tmp_path: Path) -> None:
    first = commands(tmp_path, "", "1").encode(OF_COMMAND)
    assert commands(tmp_path, "# edited", "1").encode(OF_COMMAND) == first
    assert commands(tmp_path, "", "2").encode(OF_COMMAND) != first
    settings = Settings(root=tmp_path, commands={"mine": Command((sys.executable, "program.py", "-v"), "1")})
    assert Commands(settings).encode(OF_COMMAND) != first
    assert commands(tmp_path, "").encode(OF_COMMAND) != commands(tmp_path, "").encode(OF_COMMAND)


@pytest.mark.parametrize(
    ("model", "message", "help"),
    [
        ("gone", "there is no program `no-such-program`", "see the command `gone` in the settings"),
        ("here", "there is no program `./no-such-script`", "see the command `here` in the settings"),
        ("her", "the settings name no command `her`", "did you mean `here`?"),
    ],
)
def test_a_program_that_is_not_there_is_said_before_any_call(
    model: str, message: str, help: str, tmp_path: Path
) -> None:
    known = {"gone": Command(("no-such-program",)), "here": Command(("./no-such-script",))}
    with pytest.raises(UserError) as caught:
        Commands(Settings(root=tmp_path, environ=dict(os.environ), commands=known)).ready(model)
    assert (caught.value.message, caught.value.help) == (message, help)
    missing = replace(OF_COMMAND, model="here")
    provider = Commands(Settings(root=tmp_path, environ=dict(os.environ), commands=known))
    assert refused(provider, missing) == ("rejected", "command/here cannot be started: No such file or directory")
