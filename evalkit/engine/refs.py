"""Which commit a name means to git, and what to say where it means none."""

from __future__ import annotations

import os
import re
from collections.abc import Collection

from evalkit.engine.git import Git, Said
from evalkit.errors import UserError, did_you_mean, nearest

NO_GIT_NEEDED = "--against also takes a run: its folder, its run.json, or `latest`"
_IN_ACTIONS = "in GitHub Actions, give actions/checkout `fetch-depth: 0`"
_SHORT_NAME = "--format=%(refname:lstrip=2)"
_AMBIGUOUS_NAME = re.compile(r"refname '(.+)' is ambiguous")
_AMBIGUOUS_ID = re.compile(r"short object ID \w+ is ambiguous")
_FULL = re.compile(r"^refs/(heads|tags|remotes)/")
_PLAIN = re.compile(r"\w[\w./+-]*")  # a ref that a shell takes as it is
_ID = re.compile(r"[0-9a-f]{7,64}")
_COMMIT_HINT = re.compile(r"^hint: +(\w+) commit", re.MULTILINE)


def found(git: Git, ref: str) -> Said:
    """What git says to a name: the full id of the commit that it means, or that it failed."""
    if not ref or ref[0] in "-^" or "\0" in ref:  # an option, a negation: no name begins so
        return Said(failed="no name")
    return git("rev-parse", "--verify", f"{ref}^{{commit}}")


def commit_of(git: Git, ref: str) -> str:
    """The full id of the commit that a name means. Raises UserError for a name of none, or of several."""
    said = found(git, ref)
    if said.failed:
        raise _unknown(git, ref, said)
    ambiguous = _AMBIGUOUS_NAME.search(said.complaints)
    refs = _refs_called(git, ambiguous[1]) if ambiguous else []
    if len(refs) > 1:
        raise UserError(f"several refs are called `{ref}`", "write " + " or ".join(f"`{name}`" for name in refs))
    return said.text


def _refs_called(git: Git, name: str) -> list[str]:
    """The full names of the refs that a short name may mean, as gitrevisions(7) lists them."""
    may_be = [f"refs/{name}", *(f"refs/{kind}/{name}" for kind in ("tags", "heads", "remotes"))]
    there = git("for-each-ref", "--format=%(refname)", *may_be).text.splitlines()
    return [ref for ref in may_be if ref in there]


def _unknown(git: Git, ref: str, said: Said) -> UserError:
    """Why a name means no commit: whatever is likeliest, with what to do about it."""
    if _AMBIGUOUS_ID.search(said.complaints):
        commits = ", ".join(f"`{commit}`" for commit in _COMMIT_HINT.findall(said.complaints))
        return UserError(f"several commits begin with `{ref}`", f"give more of it: {commits}")
    kind = said.complaints and _kind(git, ref)
    if kind:
        return UserError(f"`{ref}` is a {kind}, not a commit", "name a branch, a tag or a commit")
    names = set(git("for-each-ref", _SHORT_NAME, "refs/heads", "refs/tags", "refs/remotes").text.splitlines())
    if not names and found(git, "HEAD").failed:
        return UserError("this git repository has no commit yet", NO_GIT_NEEDED)
    start = _before_steps(ref)
    steps = ref.removeprefix(start)
    is_shallow = git("rev-parse", "--is-shallow-repository").text == "true"
    if steps and not found(git, start).failed:
        if is_shallow and steps[0] in "~^":
            return UserError(f"`{ref}` is not in this shallow clone", f"git fetch --unshallow; {_IN_ACTIONS}")
        return UserError(f"git knows no commit `{ref}`", f"`{start}` is there, and has no `{steps}`")
    near = _near(start, names)
    help = _either(f"did you mean `{near}{steps}`?" if near else "", _fetch(git, start, steps, is_shallow=is_shallow))
    if is_shallow:
        return UserError(f"`{ref}` is not in this shallow clone", help)
    known = "" if os.path.exists(ref) else did_you_mean(ref, names)
    return UserError(f"git knows no commit `{ref}`", help or known or NO_GIT_NEEDED)


def _before_steps(ref: str) -> str:
    """The name that `main~3`, `main^2`, `main:path`, `main@{1}` and `@~3` set out from."""
    return "@" if re.match(r"@(?!{)", ref) else re.split(r"[~^:@]", ref)[0]


def _fetch(git: Git, name: str, steps: str, *, is_shallow: bool) -> str:
    """What may bring a ref that is not here; "" where nothing says that a remote has more.

    A clone that is shallow, or of a single branch, has no name for the other branches: one is made.
    """
    name, remotes = _FULL.sub("", name), git("remote").text.splitlines()
    remote, _, branch = name.partition("/")
    is_named = remote in remotes and branch != ""
    if not is_named:
        remote, branch = next((each for each in ("origin", *remotes) if each in remotes), ""), name
    if not remote or not _PLAIN.fullmatch(branch) or _ID.fullmatch(branch):
        return f"git fetch --unshallow; {_IN_ACTIONS}" if is_shallow else ""
    has_all = "refs/heads/*" in git("config", "--get-all", f"remote.{remote}.fetch").text
    if has_all and not is_named and not is_shallow:
        return ""
    depth = "" if not is_shallow else "--unshallow " if steps else "--depth=1 "
    command = f"git fetch {depth}{remote} {branch}:refs/remotes/{remote}/{branch}"
    then = "" if is_named else f", then --against {remote}/{branch}{steps}"
    return f"{command} ({_IN_ACTIONS}){then}" if is_shallow else f"`{command}` may bring it{then}"


def _kind(git: Git, name: str) -> str:
    """What kind of object a name means (blob, tree); "" for none. A tag is what it is put on."""
    kind = git("cat-file", "-t", name).text
    return git("cat-file", "-t", f"{name}^{{}}").text if kind == "tag" else kind


def _near(name: str, names: Collection[str]) -> str:
    """The ref that a name may be a slip of; "" for none.

    `origin/` makes no two names alike, so what counts is the last part of each; a namesake at the same remote is
    nearer than one elsewhere.
    """
    where, _, last = name.rpartition("/")
    by_last = {each.rpartition("/")[2]: each for each in sorted(names, key=lambda each: each.startswith(f"{where}/"))}
    near = nearest(last, by_last)
    return by_last[near] if near else "" if where else nearest(name, names)


def _either(first: str, second: str) -> str:
    return " if not, ".join(help for help in (first, second) if help)
