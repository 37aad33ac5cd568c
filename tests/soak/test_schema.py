"""As tests/web/test_schema.py, with every boundary of every field and thousands of cases."""

from tests.web.described import check_description


def test_thousands_of_answers_are_as_described() -> None:
    checked = check_description("examples,coverage,fuzzing,stateful", 150)
    assert not checked.failed, checked.report
    assert checked.cases >= 2000
