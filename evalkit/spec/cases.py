"""From the nodes of one case to a Case, with all it has from its spec and from the entry that brings it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.documents.nodes import Node
from evalkit.records.spec import Case, Check, Trials
from evalkit.spec.checks import CheckReader
from evalkit.spec.identity import Names, digest_of
from evalkit.spec.parts import Complaints, text_list, text_of, trials_of, variables_of


@dataclass(frozen=True, slots=True)
class Around:
    """What a case has from around it. `asked` is how often all cases are asked whatever the specs say."""

    checks: tuple[Check, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    group: str = ""
    skip: str = ""
    trials: Trials | None = None
    asked: int | None = None

    def with_own(self, node: Node, checks: CheckReader) -> Around:
        """The same with what stands in a mapping besides: nearer values win, checks and tags add up."""
        complain = checks.complain
        group, skip = node.get("group"), node.get("skip")
        return Around(
            checks=self.checks + checks.read(node.get("expect")),
            vars={**self.vars, **variables_of(node.get("vars"), complain)},
            tags=self.tags + text_list(node.get("tags")),
            group=text_of(group, complain) if group else self.group,
            skip=str(skip.value) if skip else self.skip,
            trials=trials_of(node.get("trials"), complain) or self.trials,
            asked=self.asked,
        )

    def draws(self, own: Trials | None = None) -> Trials:
        """How often a case is asked."""
        trials = own or self.trials or Trials()
        if self.asked is None:
            return trials
        rule = min(trials.rule, self.asked) if isinstance(trials.rule, int) else trials.rule
        return Trials(self.asked, rule)


def case_of(node: Node, around: Around, checks: CheckReader, names: Names, *, is_data: bool = False) -> Case:
    """A case as it stands in a spec, or (`is_data`) in a row that is a whole case."""
    complain = Complaints() if is_data else checks.complain
    own, name = node.get("vars"), node.get("id")
    variables = variables_of(own, complain)
    files = {key: item.file for key, item in own.value.items() if item.file} if own else {}
    named = {**variables, **files}  # what a file holds may change, and the case stays the same
    group, skip = node.get("group"), node.get("skip")
    return Case(
        id=text_of(name, complain) if name else names.of(named),
        vars={**around.vars, **variables},
        own=tuple(variables),
        content=digest_of(named) if name else "",
        checks=around.checks + checks.read(node.get("expect"), is_data=is_data),
        tags=around.tags + text_list(node.get("tags")),
        group=text_of(group, complain) if group else around.group,
        skip=str(skip.value) if skip else around.skip,
        trials=around.draws(trials_of(node.get("trials"), complain)),
        place=node.place,
    )
