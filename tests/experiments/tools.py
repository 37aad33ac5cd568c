"""What the page says of a Result."""

import re

from app.experiments import EXPERIMENTS
from app.results import Result
from app.web.assets import Assets
from app.web.pages import explainer, templates
from tests.compute.tools import lines_of

EXPLAIN = explainer(templates(Assets(), EXPERIMENTS))


def explained(name: str, result: Result) -> None:
    text = EXPLAIN(EXPERIMENTS[name], result).decode()
    measured = re.findall(r'data-measured="([^"]*)"', text)
    assert measured == ([] if EXPERIMENTS[name].of_cells else list(lines_of(result.model_dump())))
    assert not re.search(r"\b(nan|inf|None|True|False)\b", text), text
    assert "<math" in text
