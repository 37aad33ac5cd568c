"""The OpenAPI document tells the truth: what it allows is accepted, what it forbids refused, as it says."""

import httpx

from app.experiments import EXPERIMENTS
from tests.web.described import check_description
from tests.web.tools import every_address

GET = {"200", "304", "422", "429", "503", "504"}
POST = {"200", "413", "415", "422", "429", "503", "504"}


@every_address
def test_every_status_is_described_and_every_error_is_a_problem(client: httpx.Client, name: str, suffix: str) -> None:
    document = client.get("/openapi.json").json()
    operations = document["paths"][f"/api/{name}{suffix}"]
    statuses = {method: operations[method]["responses"].keys() for method in operations}
    never = {"304", "504"} if suffix == "/stream" else set()
    assert statuses == {"get": GET - never, "post": POST - never}
    for operation in operations.values():
        for status, said in operation["responses"].items():
            if status >= "400":
                assert said["content"].keys() == {"application/problem+json"}
    assert "Problem" in document["components"]["schemas"]


@every_address
def test_what_an_address_takes_is_described_to_the_last_limit(client: httpx.Client, name: str, suffix: str) -> None:
    operations = client.get("/openapi.json").json()["paths"][f"/api/{name}{suffix}"]
    schema = operations["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert all(model["additionalProperties"] is False for model in schema.get("anyOf", [schema]))
    models = EXPERIMENTS[name].spec.kinds().values()
    for parameter in operations["get"]["parameters"]:
        fields = [model.model_fields[parameter["name"]] for model in models if parameter["name"] in model.model_fields]
        whole = parameter["schema"]
        for described in whole.get("anyOf", [whole]):
            if described.get("type") == "array":
                assert (parameter["style"], parameter["explode"]) == ("form", True)
                assert {"minItems", "maxItems", "items"} <= described.keys()
            elif described.get("type") in ("integer", "number"):
                assert {"minimum", "maximum"} <= described.keys()
            assert "null" not in str(described), "a query has no null"
            assert described.get("default", whole.get("default")) in [field.default for field in fields]


def test_answers_are_as_described() -> None:
    checked = check_description("fuzzing", 8, "--generation-deterministic")
    assert not checked.failed, checked.report
    assert checked.cases >= 100
