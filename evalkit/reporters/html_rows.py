"""A trial as HTML: a row that opens. Written here and not by a template, because a page has them by the thousand.

Every text goes through `shown`; a test reads this file and lets nothing else into the HTML.
"""

from __future__ import annotations

from evalkit.reporters.html_pieces import Piece, outcome, shown
from evalkit.reporters.html_trial import CallView, CheckRow, Said, Text, TrialView


def row(trial: TrialView) -> Piece:
    """The row of a trial. The id is inside what opens, so that following a link to it opens the row."""
    return Piece(
        f'<details class="trial trial-{shown(trial.mark.kind)}">\n'
        f"<summary>{outcome(trial.mark)}"
        f'<span class="case"><b>{shown(trial.case)}</b>{_small(*trial.tags)}</span>'
        f'<span class="in-column"><span>{shown(trial.column.prefix)}</span>'
        f"<span>{shown(trial.column.last)}</span></span>"
        f'<span class="{"reply" if trial.has_reply else "reply quiet"}" dir="auto">{shown(trial.first_line)}</span>'
        f'<span class="because">{shown(trial.why)}</span><span class="num">{shown(trial.seconds)}</span></summary>\n'
        f'<div class="opened" id="{shown(trial.anchor)}">\n'
        f'<div class="side">\n{_dialogue(trial.call)}</div>\n'
        f'<div class="side">\n{_error(trial)}{_checks(trial.checks)}'
        f"{_call(trial.call)}{''.join(map(_other_call, trial.other_calls))}{_again(trial)}</div>\n"
        "</div>\n</details>\n"
    )


def _small(*notes: str) -> str:
    return "".join([f" <small>{shown(note)}</small>" for note in notes if note])


def _dialogue(call: CallView | None) -> str:
    if call is None:
        return '<div class="part"><h4>asked</h4><p>nothing</p></div>\n'
    return (
        f'<div class="part"><h4>asked</h4><dl class="messages">\n{_messages(call.asked)}</dl></div>\n'
        f'<div class="part"><h4>replied</h4><div>\n{_reply(call.reply)}{_tools(call.tools)}</div></div>\n'
        f"{_reasoning(call.reasoning, call.reasoning_size)}"
    )


def _messages(asked: tuple[Said, ...]) -> str:
    return "".join([f"<dt>{shown(said.role)}</dt><dd>{_block(said.text)}</dd>\n" for said in asked])


def _reply(text: Text | None) -> str:
    return f"{_block(text)}\n" if text else '<p class="quiet">no reply</p>\n'


def _tools(text: Text | None) -> str:
    return f'<p class="quiet">tool calls</p>{_block(text)}\n' if text else ""


def _reasoning(text: Text | None, size: str) -> str:
    if text is None:
        return ""
    return (
        '<div class="part"><h4>reasoning</h4>'
        f'<details class="fold"><summary>{shown(size)}</summary>{_block(text)}</details></div>\n'
    )


def _block(text: Text) -> str:
    return f'<div class="said" dir="auto">{shown(text.text)}</div>{_note(text.note)}'


def _note(note: str) -> str:
    return f'<p class="quiet">… {shown(note)}</p>' if note else ""


def _error(trial: TrialView) -> str:
    if not trial.error:
        return ""
    return f'<div class="part"><h4>{shown(trial.mark.word)}</h4><p>{shown(trial.error)}</p></div>\n'


def _checks(checks: tuple[CheckRow, ...]) -> str:
    if not checks:
        return ""
    return (
        '<div class="part"><h4>checks</h4><table class="checks"><tbody>\n'
        f"{''.join(map(_check, checks))}</tbody></table>\n</div>\n"
    )


def _check(check: CheckRow) -> str:
    return (
        f'<tr class="depth-{int(check.depth)}"><td>{outcome(check.mark)}</td><td class="name">'
        f"<code>{shown(check.name)}</code>{_small(check.scorer, 'advisory' if check.is_advisory else '')}</td>"
        f'<td class="num">{shown(check.value)}</td><td class="why">{shown(check.reason)}</td></tr>\n'
    )


def _call(call: CallView | None) -> str:
    return f'<div class="part"><h4>call</h4>{_facts(call)}</div>\n' if call else ""


def _other_call(call: CallView) -> str:
    return (
        f'<div class="part"><h4>{shown(call.role)}</h4><details class="fold"><summary>{shown(call.title)}</summary>'
        f"{_dialogue(call)}{_facts(call)}</details></div>\n"
    )


def _facts(call: CallView) -> str:
    return (
        f"<div>\n<p>{shown(call.took)}</p>\n<p><code>{shown(call.request)}</code></p>\n"
        f"{_attempts(call.attempts)}</div>\n"
    )


def _attempts(attempts: tuple[str, ...]) -> str:
    if not attempts:
        return ""
    return f'<ol class="attempts">\n{"".join(map(_attempt, attempts))}</ol>\n'


def _attempt(attempt: str) -> str:
    return f"<li>{shown(attempt)}</li>\n"


def _again(trial: TrialView) -> str:
    return (
        f'<div class="part"><h4>again</h4><div><code>{shown(trial.command)}</code>'
        f'<p class="quiet">{shown(trial.where)} '
        f'<a class="link" href="#{shown(trial.anchor)}">link to this trial</a></p></div></div>\n'
    )
