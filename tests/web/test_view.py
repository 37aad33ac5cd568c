"""The API takes an address with a view in it and leaves the view aside."""

import httpx
import pytest

from tests.compute.tools import every_experiment
from tests.web.tools import a_small, address


@pytest.mark.parametrize("suffix", ["", ".csv", "/findings"])
@every_experiment
def test_a_page_s_address_with_api_before_it_gives_the_numbers(client: httpx.Client, name: str, suffix: str) -> None:
    plain = address(a_small(name), suffix)
    looked_at = client.get(f"{plain}&layer=2&open=all&axes=std&embed=true&hide=predicted&ask=What%3F")
    assert looked_at.status_code == 200
    assert looked_at.content == client.get(plain).content
    assert looked_at.headers["etag"] == client.get(plain).headers["etag"]


@every_experiment
def test_an_unknown_key_beside_a_view_is_still_an_error(client: httpx.Client, name: str) -> None:
    answer = client.get(f"{address(a_small(name))}&layer=2&colour=red")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["colour"]
