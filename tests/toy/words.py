from app.finding import Finding
from tests.toy.result import Die, ToyResult
from tests.toy.spec import ToySpec


def toy_heading(spec: ToySpec) -> str:
    return f"What is the mean of {spec.throws:,} throws?"


def toy_findings(result: ToyResult) -> list[Finding]:
    return [_finding(die) for die in result.dice]


def _finding(die: Die) -> Finding:
    said = f"The mean of {die.die} is {die.mean}, and should be {die.predicted}."
    return Finding(about="mean", word="near", sentence=said, value=die.mean, predicted=die.predicted)
