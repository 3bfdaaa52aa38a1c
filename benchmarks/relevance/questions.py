"""How often needs are recognised in real questions: the concern that a question is filed under, among the first three.

    python -m benchmarks.relevance.questions [FILE] [--part read|unread|all] [--misses]

FILE is a CSV with `question_id,topic,title,text` (../shared/data/queries/client_questions.csv beside the checkout: real
questions of clients to counselors, MIT). `topics.csv` says which concern codes each topic may mean, the main one first;
a topic without codes says nothing of a concern and is left out, and counted. "Any" counts any of the codes, "main"
only the first.

Nothing here is fitted: the phrases of `vocabularies/needs.yaml` were written by hand, before which a third of the
questions had been read (`read`, told by a hash of the id), and the list of topics. The other two thirds (`unread`) are
the honest figure; single misses are shown of the read part only, so that it stays one.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time_ns
from typing import Final

from directory.parameters import MAX_QUERY_LENGTH
from directory.query import understand
from directory.vocabulary import vocabulary

QUESTIONS: Final = Path(__file__).parents[3] / "shared" / "data" / "queries" / "client_questions.csv"
TOPICS: Final = Path(__file__).with_name("topics.csv")
FIRST: Final = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the topic that it was filed under."""

    id: str
    topic: str
    title: str
    text: str

    @property
    def read(self) -> bool:
        """Whether it is of the third that was read before the phrases were written."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 3 == 0

    def forms(self) -> Mapping[str, str]:
        """What may be typed of it."""
        whole = f"{self.title} {self.text}"
        return {"title": self.title, "title and text, cut": whole[:MAX_QUERY_LENGTH], "whole": whole}


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one form of `questions`: shares with any and the main concern among the first three, and with any of them
    first; CPU milliseconds of understanding a question, at the 95th percentile."""

    questions: int
    any: float
    main: float
    first: float
    p95_ms: float


def topics(path: Path = TOPICS) -> Mapping[str, tuple[str, ...]]:
    """Topic -> concern codes; none for topics that say nothing of a concern. Raises ValueError for an unknown code."""
    with path.open(encoding="utf-8", newline="") as file:
        found = {row["topic"]: tuple(row["codes"].split("|")) if row["codes"] else () for row in csv.DictReader(file)}
    known = vocabulary("concerns")
    for topic, codes in found.items():
        for code in codes:
            if code not in known:
                raise ValueError(f"{path}: {code!r} of topic {topic!r} is not a code of concerns")
    return found


def questions(path: Path) -> Iterator[Question]:
    """The questions in a file."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Question(row["question_id"], row["topic"], row["title"], row["text"])


def figures(asked: Sequence[Question], meant: Mapping[str, tuple[str, ...]], form: str) -> Figures:
    """The figures of `asked` in one of their forms."""
    hits = {"any": 0, "main": 0, "first": 0}
    times = []
    for question in asked:
        text, codes = question.forms()[form], meant[question.topic]
        start = process_time_ns()
        found = [c.code for c in understand(text).concepts][:FIRST]
        times.append((process_time_ns() - start) / 1e6)
        hits["any"] += not set(codes).isdisjoint(found)
        hits["main"] += codes[0] in found
        hits["first"] += bool(found) and found[0] in codes
    shares = {name: count / len(asked) for name, count in hits.items()}
    return Figures(len(asked), **shares, p95_ms=sorted(times)[int(len(times) * 0.95)])


def main() -> None:
    """Read, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relevance.questions", description="Needs recognised.")
    parser.add_argument("file", nargs="?", type=Path, default=QUESTIONS)
    parser.add_argument("--part", choices=("read", "unread", "all"), default="unread")
    parser.add_argument("--misses", action="store_true", help="list the misses of the read part")
    asked = parser.parse_args()
    meant = topics()
    every = list(questions(asked.file))
    unknown = sorted({q.topic for q in every} - meant.keys())
    mapped = [q for q in every if meant.get(q.topic)]
    chosen = [q for q in mapped if asked.part == "all" or q.read == (asked.part == "read")]
    print(f"{len(every)} questions; {len(every) - len(mapped)} left out, of topics without a concern")
    if unknown:
        print(f"topics that topics.csv does not have: {', '.join(unknown)}")
    print(f"\n| {asked.part} | questions | any in {FIRST} | main in {FIRST} | any first | p95 ms |")
    print("|---|---|---|---|---|---|")
    for form in every[0].forms():
        f = figures(chosen, meant, form)
        print(f"| {form} | {f.questions} | {f.any:.1%} | {f.main:.1%} | {f.first:.1%} | {f.p95_ms:.2f} |")
    if asked.misses:
        for question in mapped:
            text = question.forms()["title and text, cut"]
            found = [c.code for c in understand(text).concepts][:FIRST]
            if question.read and set(meant[question.topic]).isdisjoint(found):
                print(f"\n{question.topic}: {', '.join(found)}\n  {' '.join(text.split())}")


if __name__ == "__main__":
    main()
