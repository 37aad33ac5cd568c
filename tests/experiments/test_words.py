"""Every Result can be put into words, and the words are about that Result."""

from app.experiments import EXPERIMENTS
from tests.compute.tools import every_preset, lines_of, small_result
from tests.experiments.tools import explained
from tests.figures.tools import edge_result, every_edge


@every_preset
def test_a_preset_is_explained_init_by_init(name: str, query: str) -> None:
    explained(name, small_result(name, query))


@every_edge
def test_the_edges_are_explained_too(name: str, query: str) -> None:
    explained(name, edge_result(name, query))


@every_preset
def test_words_have_a_row_for_every_init(name: str, query: str) -> None:
    result = small_result(name, query)
    said = EXPERIMENTS[name].words(result, EXPERIMENTS[name].findings(result))
    if EXPERIMENTS[name].of_cells:
        return  # its rows are cells
    rows = [next(iter(row.entry.model_dump().values())) for row in said["rows"]]
    assert rows == list(lines_of(result.model_dump()))
