"""What a page says first: a verdict on each init, and of each section what its findings come to, in one line."""

from collections.abc import Mapping, Sequence
from itertools import islice

from ..figures.axes import LEAST, reach
from ..figures.chart import Section
from ..figures.numbers import listed
from ..figures.palette import LINES, Line, line_of
from ..finding import Finding, verdicts
from ..results import Record

MOST = 3  # inits named in a line, before it would no longer be one


class Verdict(Record):
    """The first finding on an init, short, and the course of its number from place to place, between 0 and 1."""

    init: str | None
    label: str
    word: str
    brief: str
    sentence: str
    course: list[float | None]


class Answer(Record):
    """The verdicts, and each section's line."""

    verdicts: list[Verdict]
    summaries: dict[str, str]


def answer(
    findings: Sequence[Finding],
    courses: Mapping[str, Sequence[float | None]],
    sections: Sequence[Section],
    lines: Mapping[str, Line] = LINES,
) -> Answer:
    """What matters most first: findings come in that order."""
    low, high = reach(courses.values())
    drawn = {init: [_within(value, low, high) for value in course] for init, course in courses.items()}
    return Answer(
        verdicts=[_verdict(finding, drawn, lines) for finding in verdicts(findings)],
        summaries={section.name: summary(findings, section.about, lines) for section in sections},
    )


def summary(findings: Sequence[Finding], about: str, lines: Mapping[str, Line] = LINES) -> str:
    """What the findings about this come to, in one line; empty where there are none."""
    found = [finding for finding in findings if finding.about == about]
    by_word: dict[str, list[Finding]] = {}
    for finding in found:
        by_word.setdefault(finding.word, []).append(finding)
    if not found or found[0].init is None or found[0].brief is None:
        return found[0].sentence if found else ""
    return "; ".join(_alike(group, lines) for group in islice(by_word.values(), MOST)) + "."


def _alike(group: Sequence[Finding], lines: Mapping[str, Line]) -> str:
    """Those that share a word, with their numbers."""
    numbers = list(dict.fromkeys(finding.brief for finding in group if finding.brief))
    beside = f" ({', '.join(numbers)})" if numbers and len(group) <= MOST else ""
    return f"{listed([_label(finding.init, lines) for finding in group])}: {group[0].word}{beside}"


def _within(value: float | None, low: float, high: float) -> float | None:
    if value is None:
        return None
    middle, span = (low + high) / 2, max(high - low, LEAST)
    return round(min(max((value - middle) / span + 0.5, 0.0), 1.0), 3)


def _verdict(finding: Finding, courses: Mapping[str, Sequence[float | None]], lines: Mapping[str, Line]) -> Verdict:
    return Verdict(
        init=finding.init,
        label=_label(finding.init, lines),
        word=finding.word,
        brief=finding.brief or "",
        sentence=finding.sentence,
        course=list(courses.get(finding.init or "", ())),
    )


def _label(init: str | None, lines: Mapping[str, Line]) -> str:
    line = line_of(lines, init)
    return line.label if line else init or ""
