"""The hard cases of the reply store: older layouts, folders that cannot be written, damage, many hands on one file."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread, Timer

import pytest

from evalkit.engine.claims import claims_at
from evalkit.engine.question import Question
from evalkit.engine.replies import KeptReply, ReplyStore, StoreStats
from evalkit.engine.store_layout import LAYOUT
from evalkit.errors import UserError
from evalkit.records.exchange import Recording
from tests.disks import read_only, small_disk
from tests.projects import Project, keyed, yes_spec
from tests.servers import Answer, Server, reply

OLD_TABLES = """
CREATE TABLE replies (
    key BLOB PRIMARY KEY, provider TEXT NOT NULL, model TEXT NOT NULL, series TEXT NOT NULL, draw INTEGER NOT NULL,
    request BLOB NOT NULL, body BLOB NOT NULL, headers TEXT NOT NULL, seconds REAL NOT NULL, time TEXT NOT NULL
) WITHOUT ROWID;
"""
TODAY = datetime.now(UTC).date()
MONTHS_AGO = "2026-01-02T03:04:05+00:00"


def question(number: int, draw: int = 1) -> Question:
    """One of many questions."""
    return Question("aimlapi", f"m{number % 3}", f'{{"messages":[{number}]}}'.encode(), draw)


def recording(number: int, time: str = MONTHS_AGO) -> Recording:
    """What was answered to it: nothing that compresses well."""
    return Recording(random.Random(number).randbytes(600), {"x-request-id": str(number)}, 0.25, time)


def filled(path: Path, many: int) -> None:
    """A store with so many replies."""
    with closing(ReplyStore(path)) as store:
        for number in range(many):
            store.put(question(number), recording(number))


def old_store(path: Path, many: int) -> None:
    """A store of layout 1."""
    filled(path, many)
    with closing(sqlite3.connect(path)) as db, db:
        rows = db.execute(
            "SELECT key, provider, model, series, draw, request, body, headers, seconds, time FROM replies"
        ).fetchall()
        db.execute("DROP TABLE replies")
        db.execute("DROP TABLE uses")
        db.execute(OLD_TABLES)
        db.executemany("INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        db.execute("PRAGMA user_version = 1")


def layout_of(path: Path) -> int:
    """What a file says of itself."""
    with closing(sqlite3.connect(path)) as db:
        (layout,) = db.execute("PRAGMA user_version").fetchone()
    return int(layout)


def found_in(store: ReplyStore, many: int) -> list[int]:
    """The questions to which a store has the right answer."""
    return [number for number in range(many) if store.get(question(number)) == recording(number)]


def test_a_store_of_the_layout_before_is_migrated_with_all_that_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    old_store(path, 50)
    with closing(ReplyStore(path)) as store:
        assert found_in(store, 50) == list(range(50))
        store.put(question(50), recording(50))
    assert layout_of(path) == LAYOUT
    with closing(ReplyStore(path)) as store:
        assert found_in(store, 51) == list(range(51))


OPENING = """
import sys
from contextlib import closing, suppress
from pathlib import Path
from evalkit.engine.replies import ReplyStore
with closing(ReplyStore(Path(sys.argv[1]))) as store:
    print(store.stats().replies)
"""


def opened_elsewhere(path: Path) -> subprocess.Popen[str]:
    """A process that opens a store, and prints how many replies it has."""
    return subprocess.Popen([sys.executable, "-c", OPENING, str(path)], stdout=subprocess.PIPE, text=True)


def test_processes_that_open_a_store_of_the_layout_before_at_once_all_find_it_migrated(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    old_store(path, 200)
    opening = [opened_elsewhere(path) for _ in range(4)]
    assert [process.communicate(timeout=60)[0] for process in opening] == ["200\n"] * 4
    assert layout_of(path) == LAYOUT


def test_who_finds_a_store_in_migration_waits_and_a_kill_leaves_it_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    old_store(path, 20)
    migrating = f"""
import sqlite3, sys, time
db = sqlite3.connect({str(path)!r}, isolation_level=None)
db.execute("BEGIN IMMEDIATE")
db.execute("ALTER TABLE replies ADD COLUMN kept REAL NOT NULL DEFAULT 0")
db.execute("PRAGMA user_version = 2")
print("begun", flush=True)
time.sleep(60)
"""
    killed = subprocess.Popen([sys.executable, "-c", migrating], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "begun\n"
    waiting = opened_elsewhere(path)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.5)
    assert layout_of(path) == 1
    killed.kill()
    killed.communicate()
    assert waiting.communicate(timeout=60)[0] == "20\n"
    assert layout_of(path) == LAYOUT


@pytest.mark.parametrize("made", [filled, old_store], ids=["today's layout", "the one before"])
def test_a_store_that_cannot_be_written_is_read(made: Callable[[Path, int], None], tmp_path: Path) -> None:
    path = tmp_path / ".evalkit" / "replies.db"
    made(path, 10)
    before = path.read_bytes()
    with read_only(tmp_path), closing(ReplyStore(path)) as store:
        assert store.why_read_only is not None
        assert store.why_read_only.message.startswith(f"the reply store {path} cannot be written: ")
        assert found_in(store, 11) == list(range(10))
        assert (store.stats().replies, len(list(store.keys())), store.found(question(3).key.hex())) == (
            10, 10, [question(3).key],
        )  # fmt: skip
        with pytest.raises(UserError, match="cannot be written"):
            store.put(question(11), recording(11))
        with pytest.raises(UserError, match="cannot be written"):
            store.shrink()
    assert path.read_bytes() == before


LEAVING = (
    "import os, sys\nfrom pathlib import Path\nfrom evalkit.engine.replies import ReplyStore\n"
    "from tests.engine.test_store import question, recording\n"
    "store = ReplyStore(Path(sys.argv[1]))\nstore.put(question(0), recording(0))\nos._exit(0)\n"
)


def test_what_a_killed_process_left_in_the_log_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    subprocess.run([sys.executable, "-c", LEAVING, str(path)], check=True)
    assert Path(f"{path}-wal").stat().st_size > 0
    with read_only(tmp_path), closing(ReplyStore(path)) as store:
        assert found_in(store, 1) == [0]


def test_where_nothing_was_kept_and_nothing_can_be_written_nothing_is_found(tmp_path: Path) -> None:
    with read_only(tmp_path), closing(ReplyStore(tmp_path / ".evalkit" / "replies.db")) as store:
        assert (store.get(question(1)), store.stats().replies) == (None, 0)
        with pytest.raises(UserError, match="cannot be written"):
            store.put(question(1), recording(1))


def scribbled(path: Path, *places: float) -> None:
    """Write over pages of a closed file, at so far from its beginning to its end."""
    with open(path, "r+b") as file:
        pages = path.stat().st_size // 4096
        for place in places:
            file.seek(max(int(pages * place), 1) * 4096)
            file.write(b"\xa5" * 4096)


@pytest.mark.parametrize(
    ("places", "least"),
    [((0.5,), 385), ((0.2, 0.5, 0.8), 340), ((0.999,), 385)],
    ids=["one page", "three pages", "the last page"],
)
def test_what_is_still_whole_in_a_damaged_file_is_taken_over(
    places: tuple[float, ...], least: int, tmp_path: Path
) -> None:
    path = tmp_path / "replies.db"
    filled(path, 400)
    scribbled(path, *places)
    damaged = path.read_bytes()
    with closing(ReplyStore(path)) as store:
        saved = found_in(store, 400)
        assert least <= len(saved) < 400
        store.put(question(1000), recording(1000))
        (note,) = store.notes
    (aside,) = tmp_path.glob("replies.damaged-*.db")
    assert note == (
        f"The reply store {path} was damaged: it is now {aside.name}, and {len(saved)} replies could be taken over "
        "from it."
    )
    assert aside.read_bytes() == damaged
    with closing(ReplyStore(path)) as store:
        assert (found_in(store, 400), store.notes) == (saved, [])
        assert store.get(question(1000)) == recording(1000)


def edited(path: Path, *statements: str) -> None:
    """Run statements on a closed file."""
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def overwritten(path: Path, place: int, old: bytes, new: bytes) -> None:
    """Write over bytes of a closed file, from `place` on."""
    data = path.read_bytes()
    assert old in data
    at = data.index(old, place)
    path.write_bytes(data[:at] + new + data[at + len(new) :])


@pytest.mark.parametrize(
    ("damage", "saved"),
    [
        (lambda path: overwritten(path, 0, b"TABLE replies", b"TA\xffLE"), 9),
        (lambda path: overwritten(path, 0, b"headers TEXT", b"head\xfe"), 9),
        (lambda path: overwritten(path, 44, b"\0\0\0\4", b"\0\0\0\x99"), 9),
        (lambda path: edited(path, "ALTER TABLE replies RENAME COLUMN key TO id"), 9),
        (lambda path: edited(path, "ALTER TABLE replies RENAME COLUMN kept TO since"), 9),
        (lambda path: edited(path, "DROP TABLE uses"), 9),
        (lambda path: edited(path, "DROP TABLE replies"), 0),
        (lambda path: edited(path, "DROP TABLE replies", "PRAGMA user_version = 1"), 0),
    ],
    ids=["schema", "column", "format", "key", "kept", "uses", "replies", "layout 1"],
)
def test_a_file_without_our_tables_is_moved_aside_whatever_sqlite_calls_it(
    damage: Callable[[Path], None], saved: int, tmp_path: Path
) -> None:
    path = tmp_path / "replies.db"
    filled(path, 9)
    edited(path, "UPDATE replies SET kept = 1767323045")  # so that it is noted that they are used
    damage(path)
    with closing(ReplyStore(path)) as store:
        assert found_in(store, 9) == list(range(saved))
        list(store.unused_since("2026-01-01"))
        store.put(question(100), recording(100))
        assert store.get(question(100)) == recording(100)
        assert [note.split(", and ")[1].split()[0] for note in store.notes] == [str(saved)]
    assert len(list(tmp_path.glob("replies.damaged-*.db"))) == 1


NO_UTF_8 = "cast(x'7bff7d' AS TEXT)"


@pytest.mark.parametrize(
    "change",
    [
        f"headers = {NO_UTF_8}",
        f"time = {NO_UTF_8}",
        "headers = x'00'",
        "body = x'00'",
        "body = 'text'",
        "seconds = 'long'",
        "time = x'00'",
    ],
)
def test_a_row_that_is_damaged_is_no_reply_and_the_others_are(change: str, tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    filled(path, 5)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE replies SET {change} WHERE key = ?", (question(3).key,))
    with closing(ReplyStore(path)) as store:
        whole = [0, 1, 2, 4]
        assert found_in(store, 5) == whole
        keys = [question(number).key for number in range(5)]
        assert store.known(keys) == {keys[number] for number in whole}
        assert [number for number in range(5) if store.kept(question(number).key)] == whole
        assert (store.stats().replies, store.notes) == (5, [])
        store.put(question(3), recording(3))
        assert found_in(store, 5) == list(range(5))


@pytest.mark.parametrize("column", ["model", "provider", "series"])
def test_a_row_whose_question_is_damaged_is_found_by_its_key_and_shown_as_nothing(column: str, tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    filled(path, 5)
    edited(path, f"UPDATE replies SET {column} = {NO_UTF_8}")
    with closing(ReplyStore(path)) as store:
        assert found_in(store, 5) == list(range(5))
        assert [store.kept(question(number).key) for number in range(5)] == [None] * 5
        assert sum(many for _, _, many in store.stats().models) == 5


def test_what_is_no_store_at_all_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    path.write_bytes(b"this is no database, but it is long enough to be looked at closely" * 20)
    with closing(ReplyStore(path)) as store:
        store.put(question(1), recording(1))
        assert [note.endswith("and 0 replies could be taken over from it.") for note in store.notes] == [True]
    (aside,) = tmp_path.glob("replies.damaged-*.db")
    assert aside.read_bytes().startswith(b"this is no database")


def test_a_kill_between_the_damaged_file_and_its_successor_loses_neither(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    filled(path, 5)
    os.rename(path, tmp_path / "replies.db.new")  # the successor is whole before the damaged one is moved
    with closing(ReplyStore(path)) as store:
        assert found_in(store, 5) == list(range(5))


def test_damage_that_another_process_finds_too_is_mended_once_and_no_reply_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    filled(path, 300)
    with closing(ReplyStore(path)) as one, closing(ReplyStore(path)) as other:
        assert one.get(question(0)) == other.get(question(0)) == recording(0)
        scribbled(path, 0.3, 0.6)
        both = [Thread(target=found_in, args=(store, 300)) for store in (one, other)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        one.put(question(1001), recording(1001))
        other.put(question(1002), recording(1002))
        assert one.get(question(1002)) == recording(1002)
        assert other.get(question(1001)) == recording(1001)
        assert len(one.notes + other.notes) == len(list(tmp_path.glob("replies.damaged-*.db"))) == 1


def test_what_is_put_into_a_file_that_another_process_moved_aside_is_in_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    filled(path, 300)
    finding = (
        "import sys\nfrom contextlib import closing\nfrom pathlib import Path\n"
        "from evalkit.engine.replies import ReplyStore\nfrom tests.engine.test_store import found_in\n"
        "with closing(ReplyStore(Path(sys.argv[1]))) as store:\n    found_in(store, 300)\n    print(len(store.notes))\n"
    )
    with closing(ReplyStore(path)) as store:
        scribbled(path, 0.3, 0.6)
        done = subprocess.run([sys.executable, "-c", finding, str(path)], check=True, capture_output=True, text=True)
        store.put(question(1001), recording(1001))
        assert (done.stdout, store.notes) == ("1\n", [])
    with closing(ReplyStore(path)) as store:
        assert store.get(question(1001)) == recording(1001)


def test_a_store_that_is_deleted_under_a_run_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / ".evalkit" / "replies.db"
    with closing(ReplyStore(path)) as store:
        for file in path.parent.iterdir():
            file.unlink()
        path.parent.rmdir()
        store.put(question(1), recording(1))
    with closing(ReplyStore(path)) as store:
        assert found_in(store, 3) == [1]


def store_is_waiting(writing: Thread) -> bool:
    """Whether a thread is still at it."""
    writing.join(0.3)
    return writing.is_alive()


def test_a_locked_store_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    filled(path, 3)
    with closing(ReplyStore(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = Thread(target=store.put, args=(question(4), recording(4)))
        writing.start()
        assert store_is_waiting(writing)
        other.execute("COMMIT")
        writing.join()
        assert store.get(question(4)) == recording(4)
    assert list(tmp_path.glob("replies.damaged-*")) == []


def test_once_a_lock_was_waited_for_in_vain_the_next_do_not_wait_until_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalkit.engine.store_layout.WAIT", 0.5)
    path = tmp_path / "replies.db"
    filled(path, 1)
    with (
        closing(ReplyStore(path)) as store,
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        gone = Timer(1.5, other.execute, ("COMMIT",))
        gone.start()
        for number in range(1, 9):  # if each waited, the third would find the lock gone
            with pytest.raises(UserError, match="cannot be written: database is locked"):
                store.put(question(number), recording(number))
        gone.join()
        store.put(question(1), recording(1))
        other.execute("BEGIN IMMEDIATE")
        writing = Thread(target=store.put, args=(question(2), recording(2)))
        writing.start()
        assert store_is_waiting(writing)
        other.execute("COMMIT")
        writing.join()
        assert found_in(store, 9) == [0, 1, 2]


def test_a_store_that_another_program_holds_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalkit.engine.store_layout.WAIT", 0.2)
    path = tmp_path / "replies.db"
    filled(path, 3)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(ReplyStore(path)) as store:
            assert (found_in(store, 4), store.notes) == ([0, 1, 2], [])
            with pytest.raises(UserError) as told:
                store.put(question(3), recording(3))
    assert (told.value.message, told.value.help) == (
        f"the reply store {path} cannot be written: database is locked",
        "let the other program end that holds it; --offline replays what is kept already",
    )


def linked(tmp_path: Path) -> tuple[Path, Path]:
    """Where a store is to be, and a link to it from elsewhere."""
    path, link = tmp_path / "there" / "replies.db", tmp_path / "here" / "replies.db"
    for folder in (path.parent, link.parent):
        folder.mkdir()
    link.symlink_to(path)
    return path, link


def test_a_link_to_a_store_is_that_store_with_all_that_lies_beside_it(tmp_path: Path) -> None:
    path, link = linked(tmp_path)
    with closing(ReplyStore(link)) as store:  # it leads to nothing yet
        store.put(question(0), recording(0))
        with closing(ReplyStore(path)) as other:
            assert (store.claims is other.claims, found_in(other, 1), store.path) == (True, [0], path)
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(("replies.db", "replies.db-wal", "replies.db-shm", "replies.lock"), 0o600)
    assert [file.name for file in link.parent.iterdir()] == ["replies.db"]


def test_what_a_killed_process_left_in_the_log_beside_a_linked_store_is_not_overlooked(tmp_path: Path) -> None:
    path, link = linked(tmp_path)
    subprocess.run([sys.executable, "-c", LEAVING, str(path)], check=True)
    Path(f"{path}-shm").unlink()  # without it nobody can read the log who cannot write
    with read_only(path.parent), pytest.raises(UserError, match=r"there/replies.db cannot be read"):
        ReplyStore(link)


@contextmanager
def closed_to_us(folder: Path) -> Iterator[None]:
    """A folder as it is for anybody but its owner."""
    folder.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="there, folders have no mode")
def test_a_store_in_a_folder_of_another_user_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / ".evalkit" / "replies.db"
    filled(path, 1)
    with closed_to_us(path.parent), pytest.raises(UserError) as told:
        ReplyStore(path)
    assert told.value.message == f"the reply store {path} cannot be read: Permission denied"
    assert told.value.help == "may you read it, and what lies beside it?"


def test_a_damaged_store_that_cannot_be_replaced_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    path.write_bytes(b"this is no database, but it is long enough to be looked at closely" * 20)
    with read_only(tmp_path), pytest.raises(UserError) as told:
        ReplyStore(path)
    assert (told.value.message, told.value.help) == (
        f"the reply store {path} cannot be read: file is not a database",
        "make its folder writable, and what is whole in it is saved; or move it away",
    )


def test_when_a_reply_was_last_asked_for_is_known_to_the_day(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    filled(path, 4)
    with closing(sqlite3.connect(path)) as db, db:  # as they would be, had they been kept months ago
        db.execute("UPDATE replies SET kept = 1767323045")
    tomorrow = (TODAY + timedelta(days=1)).isoformat()

    def unused(day: str) -> set[bytes]:
        with closing(ReplyStore(path)) as store:
            return set(store.unused_since(day))

    keys = [question(number).key for number in range(4)]
    assert (unused("2026-01-02"), unused("2026-01-03")) == (set(), set(keys))
    with closing(ReplyStore(path)) as store:
        assert found_in(store, 2) == [0, 1]
        assert store.known(keys[2:3]) == {keys[2]}  # a plan looks, and uses nothing
    assert (unused("2026-01-03"), unused(tomorrow)) == ({keys[2], keys[3]}, set(keys))
    with closing(ReplyStore(path)) as store:
        assert [kept.used for kept in map(store.kept, keys) if kept] == [TODAY.isoformat()] * 2 + ["2026-01-02"] * 2


def test_what_is_kept_is_counted_found_shown_deleted_and_put_back(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    filled(path, 2500)
    with closing(ReplyStore(path)) as store:
        stats, keys = store.stats(), list(store.keys())
        assert stats == StoreStats(
            2500, stats.bytes_on_disk, stats.body_bytes, MONTHS_AGO, MONTHS_AGO,
            (("aimlapi", "m0", 834), ("aimlapi", "m1", 833), ("aimlapi", "m2", 833)),
        )  # fmt: skip
        assert stats.bytes_on_disk > stats.body_bytes > 2500 * 600
        assert keys == sorted(question(number).key for number in range(2500))
        key = question(7).key
        assert store.found(key.hex()) == store.found(key.hex()[:20].upper()) == [key]
        assert (len(store.found("")), store.found("no hex"), store.found(key.hex() + "0")) == (3, [], [])
        kept = store.kept(key)
        assert kept == KeptReply(question(7), recording(7), TODAY.isoformat())
        assert kept is not None
        assert store.remove([key, question(8).key, b"not there"]) == 2
        assert (store.kept(key), store.get(question(7)), store.stats().replies) == (None, None, 2498)
        assert (store.put_kept(kept), store.put_kept(kept)) == (True, False)
        assert store.get(question(7)) == recording(7)
        store.remove(keys)
        store.shrink()
        assert store.stats() == StoreStats(0, store.stats().bytes_on_disk, 0, "", "", ())
        assert store.stats().bytes_on_disk < stats.bytes_on_disk / 10


def test_a_session_that_ends_drops_no_claim_of_another_in_its_process(tmp_path: Path) -> None:
    path = tmp_path / "replies.lock"
    claiming = (
        "import sys, threading\nfrom pathlib import Path\nfrom evalkit.engine.claims import claims_at\n"
        "claims = claims_at(Path(sys.argv[1]))\nprint(claims._is_taken(int.from_bytes(b'k' * 7, 'big')))\n"
    )

    def is_free() -> str:
        done = subprocess.run([sys.executable, "-c", claiming, str(path)], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    one, other = claims_at(path), claims_at(path)
    with one.among_processes(b"k" * 32, Event()):
        other.close()
        assert is_free() == "False"
    assert is_free() == "True"
    one.close()


def test_a_store_that_cannot_grow_is_still_read(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=600):
        path = tmp_path / "disk" / "replies.db"
        filled(path, 20)
        with suppress(OSError), open(tmp_path / "disk" / "filler", "wb") as file:
            while True:
                file.write(bytes(1024))
                file.flush()
        with closing(ReplyStore(path)) as store:
            assert found_in(store, 20) == list(range(20))


def test_two_sessions_in_one_process_and_a_third_elsewhere_ask_each_draw_once(project: Project) -> None:
    words = [f"w{number}" for number in range(30)]
    with Server(lambda *_: reply("yes", delay=0.05)) as server:
        project = replace(project, environ=keyed(server))
        project.write("a.yaml", yes_spec(*words))
        project.write("one.yaml", yes_spec("w0"))
        elsewhere = project.start("run", "a.yaml", "-m", "aimlapi/m", "-j", "4")
        codes: list[int | None] = []

        def ran(path: str) -> None:
            codes.append(
                project.session(path, models="aimlapi/m", workers=4, out=project.folder / path[:-5]).info.exit_code
            )

        threads = [Thread(target=ran, args=(path,)) for path in ("a.yaml", "one.yaml")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _, err = elsewhere.communicate(timeout=60)
    assert (codes, elsewhere.returncode) == ([0, 0], 0), err
    assert server.times_asked() == Counter(f"Say {word}." for word in words)


def test_a_store_that_is_damaged_under_a_run_stops_nothing_and_is_told(project: Project) -> None:
    words = [f"w{number}" for number in range(40)]
    path = project.folder / ".evalkit" / "replies.db"

    def answer(number: int, body: object, headers: Mapping[str, str]) -> Answer:
        if number == 20:
            scribbled(path, *(place / 20 for place in range(1, 20)))
            with closing(sqlite3.connect(path)) as db, db:  # so that nobody goes by what he has read before
                db.execute("INSERT INTO uses VALUES (x'00', '')")
        return reply("yes")

    with Server(answer) as server:
        project = replace(project, environ=keyed(server))
        project.write("a.yaml", yes_spec(*words))
        filled(path, 300)
        ran = project.evalkit("run", "a.yaml", "-m", "aimlapi/m", "-j", "1")
        assert (ran.code, "Every gate holds." in ran.out) == (0, True), ran
        assert [note for note in project.latest().info.notes if "was damaged" in note]
        again = project.evalkit("run", "a.yaml", "-m", "aimlapi/m", "-j", "1")
        assert again.code == 0
    assert server.times_asked().keys() == {f"Say {word}." for word in words}
