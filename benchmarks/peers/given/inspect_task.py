"""The task that Inspect is given; it is copied beside its cases and loaded by Inspect, not by us."""

from inspect_ai import Task, task
from inspect_ai.dataset import FieldSpec, csv_dataset
from inspect_ai.scorer import includes
from inspect_ai.solver import generate, prompt_template


@task
def reviews() -> Task:
    """Label every review."""
    return Task(
        dataset=csv_dataset("reviews.csv", FieldSpec(input="review", target="label")),
        solver=[prompt_template("ASKS {prompt}"), generate()],
        scorer=includes(),
    )
