"""The program that pydantic-evals is a library of.

python pydantic_run.py URL MODEL CONCURRENCY ASKS LABEL
"""

import asyncio
import csv
import sys
from pathlib import Path

import aiohttp
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Contains

URL, MODEL, AT_ONCE, ASKS, LABEL = sys.argv[1:]


async def main() -> None:
    """Ask and check every review; every one is to pass."""
    with Path("reviews.csv").open(encoding="utf-8", newline="") as file:
        cases = [Case(name=f"case-{i}", inputs=row["review"]) for i, row in enumerate(csv.DictReader(file))]
    dataset = Dataset(name="reviews", cases=cases, evaluators=[Contains(value=LABEL)])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=int(AT_ONCE))) as session:

        async def ask(review: str) -> str:
            messages = [{"role": "user", "content": f"{ASKS} {review}"}]
            body = {"model": MODEL, "messages": messages, "temperature": 0, "max_tokens": 8}
            async with session.post(f"{URL}/chat/completions", json=body) as response:
                response.raise_for_status()
                said: str = (await response.json())["choices"][0]["message"]["content"]
                return said

        report = await dataset.evaluate(ask, max_concurrency=int(AT_ONCE), progress=False)
    averages = report.averages()
    if report.failures or averages is None or averages.assertions != 1:
        raise SystemExit(f"not all passed: {averages}")


asyncio.run(main())
