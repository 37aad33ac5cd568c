"""A sweep as a script in PyTorch alone: the experiment's own, run at every place, and a column of what it prints."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile

from ...fields import SpecError
from .plan import Place, places
from .spec import SweepSpec
from .words import sweep_heading

MOST_PLACES = 400  # of a script that is read

SCRIPT = '''"""{heading}

In PyTorch alone, with draws of its own: run it, change it. The sweep is
{address}
A cell is the program below, with the lines of its place in it and a seed of its own.
"""

import contextlib
import io
import re
import statistics

BEGINNING = r\'\'\'{beginning}\'\'\'
PLACES = {{  # {fields}: the lines that differ from place to place
{places}
}}
END = r\'\'\'{end}\'\'\'


def cell(lines, repeat):
    """What the program prints of every series, in one column of its table."""
    program = re.sub(r"(?<=manual_seed\\()\\d+", lambda seed: str(int(seed[0]) + repeat), BEGINNING + lines + END)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(program, {{}})
    rows = [line.split() for line in out.getvalue().partition("\\n\\n")[0].splitlines()]
    return {{name: float(numbers[{column}]) for name, *numbers in rows if name in {series}}}


print("{fields}, series, {label}: mean over {repeats} seeds")
for place, lines in PLACES.items():
    cells = [cell(lines, repeat) for repeat in range({repeats})]
    for name in cells[0]:
        value = statistics.{mean}(each[name] for each in cells)
        print(*place, name, f"{{value:.5g}}", sep=", ", flush=True)
'''


def sweep_script(spec: SweepSpec) -> str:
    """A program that prints the statistic of every series at every place.

    Raises SpecError where there is none.
    """
    if refused := unscripted(spec):
        raise refused
    programs = _programs(spec)
    beginning = _shared([lines for _, lines in programs])
    end = _shared([lines[len(beginning) :][::-1] for _, lines in programs])[::-1]
    return SCRIPT.format(
        heading=sweep_heading(spec),
        address=spec.links["page"],
        beginning=_text(beginning),
        places="\n".join(
            f"    {tuple(place.at.values())!r}: r'''{_text(lines[len(beginning) : len(lines) - len(end)])}''',"
            for place, lines in programs
        ),
        end=_text(end),
        fields=", ".join(axis.field for axis in spec.axes),
        column=spec.followed.printed,
        series=tuple(spec.compared),
        label=spec.followed.label,
        repeats=spec.seeds,
        mean="geometric_mean" if spec.followed.by_factors else "fmean",
    )


def unscripted(spec: SweepSpec) -> SpecError | None:
    """Where there is no script: the experiment's own does not print the statistic, or there are too many places."""
    if spec.followed.printed is None:
        printed = [name for name, statistic in spec.swept.statistics.items() if statistic.printed is not None]
        said = f"no script prints the {spec.followed.label}: choose from {', '.join(printed)}"
        return SpecError([("statistic", said)])
    if (number := len(places(spec))) > MOST_PLACES:
        return SpecError([("x_steps", f"a script has {MOST_PLACES} places at most, and these are {number:,}")])
    return None


def _programs(spec: SweepSpec) -> list[tuple[Place, list[str]]]:
    """The experiment's script at every place where there is one, without its heading, line by line."""
    script, there = spec.swept.script, sorted(places(spec), key=lambda place: place.where)
    assert script is not None
    found = []
    for place in there:
        with suppress(SpecError):
            found.append((place, script(spec.cell(place.at)).partition('"""\n\n')[2].splitlines()))
    return found


def _shared(programs: Sequence[Sequence[str]]) -> list[str]:
    """The lines with which all of them begin."""
    return [line for line, *_ in takewhile(lambda lines: len(set(lines)) == 1, zip(*programs, strict=False))]


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
