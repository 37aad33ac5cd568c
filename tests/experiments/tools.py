"""What the page says of a Result."""

import re

from app.experiments import EXPERIMENTS
from app.results import Result
from app.web.assets import Assets
from app.web.pages import explainer, templates

EXPLAIN = explainer(templates(Assets(), EXPERIMENTS))


def explained(name: str, result: Result) -> None:
    text = EXPLAIN(EXPERIMENTS[name], result).decode()
    measured = re.findall(r'data-measured="([^"]*)"', text)
    assert measured == [entry["init"] for entry in result.model_dump().get("inits", [])]
    assert not re.search(r"\b(nan|inf|None|True|False)\b", text), text
    assert "<math" in text
