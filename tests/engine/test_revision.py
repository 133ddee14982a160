"""A project is laid out as it stood at a commit: as a checkout would have it, and with no trace in the repository."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from evalkit.engine.git import git_in
from evalkit.engine.revision import Revision, is_ref, laid_out
from evalkit.errors import UserError

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")

TAKES_RUNS = "--against also takes a run: its folder, its run.json, or `latest`"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, in a world without any configuration but its own."""

    folder: Path
    environ: Mapping[str, str]

    def git(self, *words: str, given: str = "") -> str:
        """What git says in it."""
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
        done = subprocess.run(
            ["git", *who, *words],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            check=True,
            input=given.encode(),
        )
        return os.fsdecode(done.stdout).strip()

    def write(self, name: str, text: str) -> Path:
        """Write a file of the work tree."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def commit(self, subject: str, **texts: str) -> str:
        """Commit all, with these files; the full id."""
        for name, text in texts.items():
            self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def clone(self, name: str, *options: str) -> Repository:
        """A clone of it, as from a server."""
        self.git("clone", "-q", *options, f"file://{self.folder}", str(self.folder.parent / name))
        return Repository(self.folder.parent / name, self.environ)

    def files_at(self, ref: str, below: str = "") -> dict[str, str]:
        """What is laid out for a ref."""
        with laid_out(self.folder / below, ref, self.environ) as revision:
            return files_in(revision.folder)

    def missing_at(self, ref: str, below: str = "") -> Mapping[str, str]:
        """What is said to be missing, after a look that none of it is there."""
        with laid_out(self.folder / below, ref, self.environ) as revision:
            assert [path for path in revision.missing if (revision.folder / path).is_file()] == []
            return revision.missing

    def error_at(self, ref: str, below: str = "") -> tuple[str, str]:
        """How laying out fails."""
        with pytest.raises(UserError) as caught, laid_out(self.folder / below, ref, self.environ):
            pass
        return caught.value.message, caught.value.help


def files_in(folder: Path) -> dict[str, str]:
    """The files below a folder, without git's own."""
    paths = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in paths}


def bytes_in(folder: Path) -> dict[Path, bytes]:
    """All that lies below a folder, byte by byte."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether something is so within half a minute."""
    end = time.monotonic() + 30
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
    return is_so()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which git has no configuration, and temporary folders are seen."""
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "HOME": str(tmp_path / "home"), "GIT_CONFIG_NOSYSTEM": "1", "TMPDIR": str(tmp_path / "temporary")}


@pytest.fixture
def repository(tmp_path: Path, environ: dict[str, str]) -> Repository:
    """A repository with nothing in it."""
    (tmp_path / "origin").mkdir()
    repository = Repository(tmp_path / "origin", environ)
    repository.git("init", "-q", "-b", "main")
    return repository


def test_a_revision_tells_what_it_is_of_and_goes_with_the_context(repository: Repository) -> None:
    commit = repository.commit("Shorter prompt\n\nIt was long.", prompt="old")
    repository.commit("Longer prompt", prompt="new", added="new")
    with laid_out(repository.folder, "HEAD~1", repository.environ) as revision:
        assert revision == Revision("HEAD~1", commit, f"{commit[:7]} Shorter prompt", revision.folder, {})
        assert files_in(revision.folder) == {"prompt": "old"}
    assert not revision.folder.exists()
    with pytest.raises(ZeroDivisionError), laid_out(repository.folder, "main", repository.environ) as revision:
        raise ZeroDivisionError
    assert not revision.folder.exists()


def test_work_tree_and_repository_are_left_as_they_are_byte_by_byte(repository: Repository) -> None:
    repository.commit("one", prompt="old", other="old")
    repository.git("config", "core.splitIndex", "true")
    repository.git("config", "core.untrackedCache", "true")
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        repository.write(f".git/hooks/{hook}", '#!/bin/sh\ntouch "$(dirname "$0")/ran"\n').chmod(0o755)
    repository.write("prompt", "staged")
    repository.git("-c", "core.hooksPath=/dev/null", "add", "prompt")
    repository.write("prompt", "dirty")
    repository.write("untracked", "untracked")
    (repository.folder / "other").unlink()
    before = bytes_in(repository.folder)
    assert repository.files_at("main") == {"prompt": "old", "other": "old"}
    assert bytes_in(repository.folder) == before


def test_files_are_as_a_checkout_has_them(repository: Repository) -> None:
    repository.git("config", "filter.shout.smudge", "tr a-z A-Z")
    repository.write(".gitattributes", "*.crlf text eol=crlf\n*.id ident\n*.shout filter=shout\nsecret export-ignore\n")
    repository.write("run.sh", "exit").chmod(0o755)
    repository.write("deep/er/plain", "x")
    (repository.folder / "link").symlink_to("deep/er/plain")
    (repository.folder / "outside").symlink_to("../../elsewhere")
    odd = ["with space", "ünï", "line\nbreak", '"quoted"', "*", ":(top)"]
    texts = {"a.crlf": "a\nb\n", "a.id": "$Id$", "a.shout": "loud", "secret": "kept"}
    repository.commit("one", **texts, **dict.fromkeys(odd, "odd"))
    repository.commit("other attributes since", **{".gitattributes": "*.crlf -text\n"})
    repository.write(".gitattributes", "* filter=gone\n")
    with laid_out(repository.folder, "HEAD~1", repository.environ) as revision:
        found = files_in(revision.folder)
        blob = repository.git("rev-parse", "HEAD~1:a.id")
        assert {name: found[name] for name in texts} == {
            "a.crlf": "a\r\nb\r\n",
            "a.id": f"$Id: {blob} $",
            "a.shout": "LOUD",
            "secret": "kept",
        }
        assert [found[name] for name in odd] == ["odd"] * len(odd)
        assert (revision.folder / "run.sh").stat().st_mode & stat.S_IXUSR
        assert not (revision.folder / "deep/er/plain").stat().st_mode & stat.S_IXUSR
        assert os.readlink(revision.folder / "link") == "deep/er/plain"
        assert os.readlink(revision.folder / "outside") == "../../elsewhere"


def test_the_folder_stands_for_a_root_below_the_top_and_the_rest_is_not_laid_out(repository: Repository) -> None:
    repository.write("apps/*/specs/a.yaml", "a\n")
    repository.write("apps/b/specs/b.yaml", "b\n")
    repository.commit("one", **{".gitattributes": "*.yaml text eol=crlf\n"})
    with laid_out(repository.folder / "apps" / "*", "HEAD", repository.environ) as revision:
        assert files_in(revision.folder) == {"specs/a.yaml": "a\r\n"}
        assert files_in(revision.folder.parent) == {"*/specs/a.yaml": "a\r\n"}


def test_a_root_that_was_not_there_yet_is_named(repository: Repository) -> None:
    repository.commit("one", apps="a file")
    (repository.folder / "apps").unlink()
    repository.write("apps/bot/a.yaml", "a")
    assert repository.error_at("main", "apps/bot") == (
        "there is no folder `apps/bot/` at `main`",
        f"name a later commit than `main`, or a run: {TAKES_RUNS}",
    )
    repository.git("init", "-q", "apps/bot/new")  # a repository inside is one of its own
    assert repository.error_at("main", "apps/bot/new") == ("this git repository has no commit yet", TAKES_RUNS)
    assert repository.error_at("main", "apps") == (
        "there is no folder `apps/` at `main`",
        f"name a later commit than `main`, or a run: {TAKES_RUNS}",
    )


def test_a_linked_work_tree_and_a_sparse_one_have_all_commits(repository: Repository) -> None:
    repository.commit("one", **{"a/x": "old", "b/x": "old"})
    repository.git("worktree", "add", "-q", "--detach", "../linked")
    linked = Repository(repository.folder.parent / "linked", repository.environ)
    linked.commit("two", **{"a/x": "new"})
    assert linked.files_at("main") == {"a/x": "old", "b/x": "old"}
    assert linked.files_at("HEAD", "a") == {"x": "new"}
    linked.git("sparse-checkout", "set", "--sparse-index", "a")
    assert files_in(linked.folder) == {"a/x": "new"}
    assert linked.files_at("HEAD") == {"a/x": "new", "b/x": "old"}


def test_what_a_hook_finds_in_its_environment_neither_misleads_nor_comes_to_harm(repository: Repository) -> None:
    repository.commit("one", **{"apps/bot/a.yaml": "old"})
    repository.write("apps/bot/a.yaml", "new")
    probe = "import os, sys; from pathlib import Path; from evalkit.engine.revision import laid_out\n"
    probe += "with laid_out(Path('apps/bot'), 'HEAD', os.environ) as it: print((it.folder / 'a.yaml').read_text())"
    repository.write(".git/hooks/pre-commit", f'#!/bin/sh\nexec "{sys.executable}" -c "{probe}" > .git/said\n')
    (repository.folder / ".git/hooks/pre-commit").chmod(0o755)
    inside = Repository(repository.folder, {**repository.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
    inside.git("commit", "-q", "-m", "two", "apps/bot/a.yaml")  # by name: git makes an index for the occasion
    assert (repository.folder / ".git/said").read_text() == "old\n"
    assert repository.git("show", "HEAD:apps/bot/a.yaml") == "new"
    assert repository.git("status", "--porcelain") == ""


def test_a_submodule_is_laid_out_at_its_commit_or_its_command_is_named(repository: Repository) -> None:
    library = Repository(repository.folder.parent / "library", repository.environ)
    library.folder.mkdir()
    library.git("init", "-q", "-b", "main")
    library.commit("library", words="old")
    repository.git("submodule", "--quiet", "add", f"file://{library.folder}", "app/the words")
    repository.commit("one", **{"app/a.yaml": "a"})
    assert repository.files_at("main", "app") == {"a.yaml": "a", "the words/words": "old"}
    clone = repository.clone("clone")
    update = "git submodule update --init 'the words'"
    assert clone.missing_at("main", "app") == {"the words": update}
    Repository(clone.folder / "app", clone.environ).git("submodule", "--quiet", "update", "--init", "the words")
    assert clone.files_at("main", "app") == {"a.yaml": "a", "the words/words": "old"}
    recorded = library.commit("newer", words="new")
    repository.git("-C", "app/the words", "pull", "-q")
    repository.commit("two")
    clone.git("fetch", "-q", "--no-recurse-submodules")
    fetch = f"git -C 'the words' fetch origin {recorded}"
    assert clone.missing_at("origin/main", "app") == {"the words": fetch}
    Repository(clone.folder / "app", clone.environ).git("-C", "the words", "fetch", "-q", "origin", recorded)
    assert clone.files_at("origin/main", "app") == {"a.yaml": "a", "the words/words": "new"}


@pytest.mark.parametrize("program", ["", "git-lfs-that-is-not-installed filter-process"])
def test_what_lfs_does_not_bring_is_missing_and_not_a_pointer(program: str, repository: Repository) -> None:
    texts = {
        ".gitattributes": "*.bin filter=lfs -text\n",
        "a/big.bin": POINTER,
        "a/small.bin": "small",
        "a/text": POINTER,
    }
    commit = repository.commit("one", **texts)
    if program:
        repository.git("config", "filter.lfs.process", program)
        repository.git("config", "filter.lfs.required", "true")
    set_up = "" if program else "git lfs install && "
    assert repository.missing_at("main", "a") == {"big.bin": f"{set_up}git lfs fetch origin {commit}"}
    assert repository.files_at("main", "a") == {"small.bin": "small", "text": POINTER}


ACTIONS = "in GitHub Actions, give actions/checkout `fetch-depth: 0`"


def test_a_shallow_clone_names_the_command_that_brings_the_commit(repository: Repository) -> None:
    repository.git("branch", "-m", "trunk")
    old = repository.commit("one", prompt="old")
    repository.commit("two", prompt="new")
    clone = repository.clone("clone", "--depth", "1")
    assert clone.files_at("origin/trunk") == {"prompt": "new"}
    for ref in ("HEAD~1", "@~1", "HEAD^2", "trunk~1", "origin/trunk~1", old, old[:8]):
        said = (f"`{ref}` is not in this shallow clone", f"git fetch --unshallow; {ACTIONS}")
        assert clone.error_at(ref) == said, ref
    clone.git("fetch", "--unshallow")
    for ref in ("HEAD~1", "@~1", "trunk~1", old):
        assert clone.files_at(ref) == {"prompt": "old"}
    for ref, start in (("HEAD~5", "HEAD"), ("@~5", "@"), (f"{old[:8]}~5", old[:8]), ("origin/trunk^2", "origin/trunk")):
        steps = ref.removeprefix(start)
        assert clone.error_at(ref) == (f"git knows no commit `{ref}`", f"`{start}` is there, and has no `{steps}`")


@pytest.mark.parametrize(
    ("options", "ref", "depth", "then"),
    [
        (("--depth", "1"), "release/1.0", "--depth=1 ", "origin/release/1.0"),
        (("--depth", "1"), "refs/heads/release/1.0", "--depth=1 ", "origin/release/1.0"),
        (("--depth", "1"), "release/1.0~1", "--unshallow ", "origin/release/1.0~1"),
        (("--depth", "1"), "origin/release/1.0", "--depth=1 ", ""),
        (("--depth", "1"), "v1", "--depth=1 ", "origin/v1"),
        (("--single-branch",), "release/1.0", "", "origin/release/1.0"),
        (("--single-branch",), "origin/release/1.0~1", "", ""),
    ],
)
def test_a_clone_of_a_single_branch_names_the_command_that_brings_another(
    options: tuple[str, ...], ref: str, depth: str, then: str, repository: Repository
) -> None:
    """And what to call it then: after the command it is there."""
    repository.git("branch", "-m", "trunk")
    repository.commit("root")
    repository.git("checkout", "-q", "-b", "release/1.0")
    repository.commit("one", prompt="older")
    repository.commit("two", prompt="old")
    repository.git("tag", "v1")
    repository.git("checkout", "-q", "trunk")
    repository.commit("three", prompt="new")
    clone = repository.clone("clone", "--no-tags", *options)
    name = "v1" if ref == "v1" else "release/1.0"
    command = f"git fetch {depth}origin {name}:refs/remotes/origin/{name}"
    how = f"{command} ({ACTIONS})" if depth else f"`{command}` may bring it"
    message = f"`{ref}` is not in this shallow clone" if depth else f"git knows no commit `{ref}`"
    assert clone.error_at(ref) == (message, how + (f", then --against {then}" if then else ""))
    clone.git(*command.split()[1:])
    assert clone.files_at(then or ref) == {"prompt": "older" if ref.endswith("~1") else "old"}


def test_a_partial_clone_fetches_what_it_lacks_or_says_that_it_cannot(repository: Repository) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repository.commit("one", prompt="old")
    repository.commit("two", prompt="new")
    clone = repository.clone("clone", "--filter=blob:none")
    repository.folder.rename(repository.folder.parent / "away")
    message, help = clone.error_at("HEAD~1")
    assert message.startswith(f"git cannot lay out commit {clone.git('rev-parse', 'HEAD~1')[:10]}: ")
    assert help == "the clone is partial, and fetches files from its remote: can that be reached?"
    (repository.folder.parent / "away").rename(repository.folder)
    assert clone.files_at("HEAD~1") == {"prompt": "old"}


@pytest.mark.parametrize(
    ("ref", "message", "help"),
    [
        ("mian", "git knows no commit `mian`", "did you mean `main`?"),
        ("develop", "git knows no commit `develop`", "did you mean `origin/develop`?"),
        ("upstream/main", "git knows no commit `upstream/main`", "did you mean `main`?"),
        (
            "origin/devlop",
            "git knows no commit `origin/devlop`",
            "did you mean `origin/develop`? if not, `git fetch origin devlop:refs/remotes/origin/devlop` may bring it",
        ),
        ("mian~2", "git knows no commit `mian~2`", "did you mean `main~2`?"),
        (
            "origin/x",
            "git knows no commit `origin/x`",
            "`git fetch origin x:refs/remotes/origin/x` may bring it",
        ),
        ("zzzzzzz", "git knows no commit `zzzzzzz`", "known: `main`, `origin/develop`, `twice`, `v1`, `words`"),
        ("main~7", "git knows no commit `main~7`", "`main` is there, and has no `~7`"),
        ("--all", "git knows no commit `--all`", "known: `main`, `origin/develop`, `twice`, `v1`, `words`"),
        ("^main", "git knows no commit `^main`", "did you mean `main`?"),
        ("main..v1", "git knows no commit `main..v1`", "did you mean `main`?"),
        ("", "git knows no commit ``", "known: `main`, `origin/develop`, `twice`, `v1`, `words`"),
        ("a\0b", "git knows no commit `a\0b`", "known: `main`, `origin/develop`, `twice`, `v1`, `words`"),
        ("words", "`words` is a blob, not a commit", "name a branch, a tag or a commit"),
        ("main:deep", "`main:deep` is a tree, not a commit", "name a branch, a tag or a commit"),
        ("twice", "several refs are called `twice`", "write `refs/tags/twice` or `refs/heads/twice`"),
    ],
)
def test_what_is_said_of_a_name_that_means_no_commit(ref: str, message: str, help: str, repository: Repository) -> None:
    commit = repository.commit("one", **{"deep/file": "x"})
    repository.git("tag", "-a", "v1", "-m", "v1")
    repository.git("tag", "-a", "words", "-m", "words", "HEAD:deep/file")
    repository.git("branch", "twice")
    repository.git("tag", "twice")
    repository.git("remote", "add", "origin", "file:///nowhere")
    repository.git("update-ref", "refs/remotes/origin/develop", commit)
    assert repository.error_at(ref) == (message, help)
    assert is_ref(repository.folder, ref, repository.environ) == (ref == "twice")
    for good in ("main", "v1", "HEAD", "@", commit[:7], "origin/develop", "refs/heads/twice"):
        assert is_ref(repository.folder, good, repository.environ)


def test_an_id_that_several_commits_begin_with_is_shown_with_them(repository: Repository) -> None:
    commits = "".join(
        f"commit refs/heads/main\ncommitter a <a@example.org> {second} +0000\ndata 0\n\n" for second in range(2000)
    )
    repository.git("fast-import", "--quiet", given=commits)
    ids = sorted(repository.git("rev-list", "main").splitlines())
    start = next(one[:4] for one, other in pairwise(ids) if one[:4] == other[:4])
    message, help = repository.error_at(start)
    assert message == f"several commits begin with `{start}`"
    shown = help.removeprefix("give more of it: ").replace("`", "").split(", ")
    assert [[id for id in ids if id.startswith(short)] for short in shown] == [
        [id] for id in ids if id.startswith(start)
    ]


def test_without_a_repository_that_can_be_read_the_error_says_what_to_do(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "plain").mkdir()
    plain = Repository(tmp_path / "plain", repository.environ)
    assert plain.error_at("main") == (f"{plain.folder} is in no git repository", TAKES_RUNS)
    assert not is_ref(plain.folder, "main", plain.environ)
    assert repository.error_at("main") == ("this git repository has no commit yet", TAKES_RUNS)
    repository.commit("one", prompt="old")
    bare = repository.clone("bare", "--bare")
    assert bare.error_at("main") == (
        f"{bare.folder} is in a git repository without a work tree",
        "run evalkit in a clone of it",
    )
    strange = Repository(repository.folder, {**repository.environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert strange.error_at("main") == (
        "git does not trust this repository, which another user owns",
        f"git config --global --add safe.directory {repository.folder}",
    )
    ungitted = Repository(repository.folder, {**repository.environ, "PATH": str(tmp_path / "plain")})
    assert ungitted.error_at("main") == (
        "git is not installed, and only git knows commits",
        f"install it; {TAKES_RUNS}",
    )


def test_a_required_filter_that_fails_is_named(repository: Repository) -> None:
    commit = repository.commit("one", **{".gitattributes": "secret filter=crypt\n", "secret": "x"})
    repository.git("config", "filter.crypt.smudge", "exit 3")
    repository.git("config", "filter.crypt.required", "true")
    message, help = repository.error_at("main")
    assert message == f"git cannot lay out commit {commit[:10]}: secret: smudge filter crypt failed"
    assert help == "git fsck says whether the repository is whole"


def test_two_at_once_do_not_meet(repository: Repository) -> None:
    for number in range(6):
        repository.commit(str(number), **{f"file-{number}": str(number)})
    found: dict[int, dict[str, str]] = {}
    threads = [
        threading.Thread(target=lambda back=back: found.update({back: repository.files_at(f"HEAD~{back}")}))
        for back in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {back: {f"file-{n}": str(n) for n in range(6 - back)} for back in range(6)}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("moment", ["git writes", "the folder is used"])
def test_ctrl_c_removes_the_folder(moment: str, repository: Repository) -> None:
    repository.commit("one", **{".gitattributes": "slow filter=slow\n", "slow": "x"})
    if moment == "git writes":
        repository.git("config", "filter.slow.smudge", f"touch '{repository.folder.parent}/waiting'; sleep 600")
    probe = "import os, sys, time; from pathlib import Path; from evalkit.engine.revision import laid_out\n"
    probe += "with laid_out(Path(), 'main', os.environ):\n    Path('../waiting').touch(); time.sleep(600)"
    environ = {**repository.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", probe], cwd=repository.folder, env=environ, stderr=subprocess.PIPE
    )
    temporary = Path(environ["TMPDIR"])
    with process:
        assert eventually((repository.folder.parent / "waiting").exists)
        assert [path.name.startswith("evalkit-") for path in temporary.iterdir()] == [True]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert said.decode().endswith("KeyboardInterrupt\n")
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="shell of Unix")
def test_git_that_hangs_is_ended_with_all_that_it_started(repository: Repository) -> None:
    repository.git("config", "alias.hang", "!sleep 600 & echo $! > child; wait")
    assert git_in(repository.folder, repository.environ)("hang", seconds=0.5).failed == "it did not end within 0.5 s"
    child = int((repository.folder / "child").read_text())
    assert eventually(lambda: is_gone(child))


def is_gone(process: int) -> bool:
    """Whether a process has ended; one that nobody has asked after is a zombie, and has."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_password_in_the_address_of_a_remote_is_not_repeated(repository: Repository) -> None:
    said = git_in(repository.folder, repository.environ)("ls-remote", "https://me:secret-token@127.0.0.1:1/x")
    assert "127.0.0.1" in said.complaints + said.failed
    assert "secret-token" not in said.complaints + said.failed
