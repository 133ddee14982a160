"""What the user wrote, read and checked: a Spec and its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evalkit.records.problem import Place

NOWHERE = Place("", 1, 1)

PassRule = Literal["all", "any", "majority"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. In a spec `content` is a template, in a request it is text.

    `place` is where it was written, `body` where its first character stands, if the file holds it as it is.
    """

    role: str
    content: str
    place: Place = field(default=NOWHERE, compare=False)
    body: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class History:
    """Messages that a variable holds; `template` gives the list. What they say is data, never a template."""

    template: str
    place: Place = field(default=NOWHERE, compare=False)
    body: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Variant:
    """One prompt of a spec. The only prompt of a spec has the name ""."""

    name: str
    messages: tuple[Message | History, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A tested model: `name` is what columns show, `provider` and `id` say whom to ask for what.

    `timeout` is in seconds for one attempt; None leaves it to the settings.
    """

    name: str
    provider: str
    id: str
    params: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of extraction: `strip`, `json`, `regex`, ... with its argument and options."""

    kind: str
    argument: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation. `argument` and `options` may hold templates until they are rendered for a case.

    `source` is what is judged instead of the reply, "" for the reply. `parts` are the checks inside a group
    (`not`, `any_of`, `all_of`, `average`); inside an average each counts `weight` times. `is_static` says that
    nothing in it depends on the case, so that its scorer is made once.
    """

    scorer: str
    argument: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    is_advisory: bool = False
    source: str = ""
    extract: tuple[Step, ...] = ()
    path: str = ""
    parts: tuple[Check, ...] = ()
    weight: float = 1.0
    is_static: bool = True
    place: Place = field(default=NOWHERE, compare=False)

    @property
    def label(self) -> str:
        """The name it goes by in reports and metrics."""
        return self.name or self.scorer


@dataclass(frozen=True, slots=True)
class Trials:
    """How often a case is asked, and how many passes make the case pass (`rule` may be that number)."""

    count: int = 1
    rule: PassRule | int = "all"

    @property
    def needed(self) -> int:
        """Passes that make the case pass."""
        counts = {"all": self.count, "any": 1, "majority": self.count // 2 + 1}
        return self.rule if isinstance(self.rule, int) else counts[self.rule]


@dataclass(frozen=True, slots=True)
class Case:
    """One input with what is expected of the reply.

    `vars` holds every variable (the spec's, the entry's, its own), `own` the names that are its own: an id
    stays with them. `content` is a digest of these, "" where the id was made from them. `skip` is the user's reason
    not to ask, "" if there is none.
    """

    id: str
    vars: Mapping[str, Any]
    checks: tuple[Check, ...]
    own: tuple[str, ...] = ()
    content: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""
    skip: str = ""
    trials: Trials = Trials()
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """From `low` to `high`, both included; None where there is no such end."""

    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"at most {self.high:g}" if self.low is None else f"{self.low:g}"
        return f"{self.low:g} to {self.high:g}"


Method = Literal["confirm", "rounds", "fixed"]
Required = Literal["", "no worse"]


@dataclass(frozen=True, slots=True)
class Regression:
    """What counts as worse than a baseline, and how many draws may be bought to find out.

    `margin` is a drop of the pass rate, in (0, 1), that still counts as no worse; `alpha` the chance of a false alarm,
    in (0, 0.5). `max_trials` is how many draws of a case a comparison may go to; `confirm` takes that many more of
    the cases that differed. With `require` "no worse" anything else fails. `against` is a variant or a model of the
    same spec, "" for the baseline of the run.
    """

    margin: float = 0.05
    alpha: float = 0.05
    method: Method = "confirm"
    max_trials: int = 5
    require: Required = ""
    against: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One gate rule, held by every column by itself.

    `pass_rate` is a share of cases and `mean_score` a mean of the trials' scores, in [0, 1]; `metrics` limits
    metrics by name; `p95_seconds` is about fresh replies; None adds no such rule. `max_errors` counts trials
    without a verdict. `where` is an expression over a case's variables: the rule is about the cases for which it
    holds. `each` is a variable: the rule is held by the cases of each of its values. `regression` is about the column
    as a whole. `places` tells where its keys' values stand, those of metrics by the metric's name.
    """

    pass_rate: float | None = None
    max_errors: int = 0
    mean_score: float | None = None
    p95_seconds: float | None = None
    metrics: Mapping[str, Limit] = field(default_factory=dict)
    where: str = ""
    each: str = ""
    regression: Regression | None = None
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    @property
    def is_scoped(self) -> bool:
        """Whether it is about some of the cases only, or about several groups of them."""
        return bool(self.where or self.each)


@dataclass(frozen=True, slots=True)
class Spec:
    """One YAML file. `cases` can be iterated again and again, and streams what lies in data files.

    `metrics` are expressions over other metrics, by the name they give. `max_usd` is the most US dollars that its
    calls may cost in a run; None for no such bound.
    """

    name: str
    file: str
    models: tuple[Model, ...]
    variants: tuple[Variant, ...]
    cases: Iterable[Case]
    gate: tuple[Rule, ...] = ()
    metrics: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    tags: tuple[str, ...] = ()
    digest: str = ""
    max_usd: float | None = None
