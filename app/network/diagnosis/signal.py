"""What chains of layers do to the signal on its way, and to the gradient on its way back."""

from collections.abc import Sequence
from itertools import pairwise

from ...figures.numbers import number, power
from ...finding import by_chance, course, in_spreads
from ...lab.activations import ACTIVATIONS
from ..chains import Chain, Link
from .item import Diagnosis, named
from .mending import ALIKE, blamed, code, off, rule_of, wanted_std

TELLING = 0.5  # of an even share of the whole: less is not what a layer is blamed for
WORDS = {
    "vanishes": "loses the signal",
    "fades": "lets the signal fade",
    "grows": "lets the signal grow",
    "explodes": "lets the signal explode",
}
BACK = 2.0  # decades of a gradient's sum of squares, ten times its size: less, an optimizer makes up for
RIGHT = "Its weights have the scale theory asks for; a norm after it would set the size."
PASSED = 0.02  # decades: less is not worth a word
ASSUMED = "assuming weights independent of what comes in"


def signal(found: Sequence[Chain]) -> list[Diagnosis]:
    """Of every chain whose growth over the depth is beyond what holds: the first layer that is to blame."""
    return [_grown(chain) for chain in found if _judged(chain) and course(chain.total) != "holds"]


def _judged(chain: Chain) -> bool:
    """What is added to something else may well be small."""
    return bool(chain.growths) and not (chain.branch and chain.total < 0)


def _grown(chain: Chain) -> Diagnosis:
    grown = chain.growths
    share = chain.total / len(grown)
    link, growth = next(
        (each for each in grown if each[1] * chain.total > 0 and abs(each[1]) >= TELLING * abs(share)), grown[0]
    )
    predicted, word = link.predicted_growth, course(chain.total)
    said = f"{named(link.layer)} is the first that {WORDS[word]}: from before it to before the next layer of weights "
    said += f"the mean square is multiplied by {power(growth)}"
    if predicted is not None:
        said += f" ({power(predicted)} predicted from its weights{_past(link)}, {ASSUMED})"
    if len(grown) > 1:
        said += f"; over the {len(grown)} layers from `{grown[0][0].layer.name}` on that makes {power(chain.total)}"
    return Diagnosis(
        about="signal",
        word=word,
        sentence=f"{said}.",
        value=growth,
        predicted=predicted,
        by_chance=by_chance(in_spreads(growth, predicted, link.layer.expected.spread)),
        layer=link.number,
        **mended([each for each, _ in grown], link),
    )


def _past(link: Link) -> str:
    """What its prediction goes past."""
    said = f" and {ACTIVATIONS[link.activation].label}" if link.activation else ""
    return said + (", with what lies between as measured" if abs(link.passed) > PASSED else "")


def mended(links: Sequence[Link], first: Link) -> dict[str, str | None]:
    """`advice` and `code`, where the weights' scale is what is off; else what else there is to do."""
    weights = first.layer.weights
    if weights is None or not weights.std or abs(off(first) - 1) <= ALIKE:
        return {"advice": RIGHT, "code": None}
    off_too = blamed(links, first)
    more = len(off_too) - 1
    others = f"; {more} more {'are' if more > 1 else 'is'} off" if more else ""
    advice = (
        f"Its weights have a std of {number(weights.std, 3)}{rule_of(weights)}; {number(wanted_std(first), 3)} would "
        f"hold the size{others}:"
    )
    return {"advice": advice, "code": code(off_too)}


def gradient(found: Sequence[Chain]) -> list[Diagnosis]:
    """Of every chain that holds the signal and not the gradient: the layer nearest the loss that is to blame."""
    wrong = []
    for chain in found:
        total = chain.gradient_total
        if total is None or chain.branch or abs(total) <= BACK or course(chain.total) != "holds":
            continue
        known = [link for link in chain.links if link.energy is not None]
        steps = [(before, (before.energy or 0.0) - (after.energy or 0.0)) for before, after in pairwise(known)]
        share = total / len(steps)
        link, step = next(
            (each for each in reversed(steps) if each[1] * total > 0 and abs(each[1]) >= TELLING * abs(share)),
            steps[-1],
        )
        word = course(total)
        said = (
            f"On its way back the gradient {word}: past {named(link.layer)} its sum of squares is multiplied by "
            f"{power(step)}, the first from the loss that does so, and over {len(steps)} "
            f"{'layers' if len(steps) > 1 else 'layer'} by {power(total)}."
        )
        wrong.append(
            Diagnosis(
                about="gradient",
                word=word,
                sentence=said,
                value=step,
                layer=link.number,
                **mended(chain.links, link),
            )
        )
    return wrong
