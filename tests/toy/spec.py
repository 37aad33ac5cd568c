from typing import Annotated, ClassVar

from app.fields import OneOf
from app.spec import Spec, field

SIDES = {"d6": 6, "d20": 20}


class ToySpec(Spec):
    """Throws some dice."""

    name: ClassVar[str] = "toy"

    dice: list[Annotated[str, OneOf({name: f"{sides} sides" for name, sides in SIDES.items()})]] = field(
        ["d6"], "shape", "Dice", "Which dice are thrown.", min_length=1, max_length=len(SIDES)
    )
    throws: int = field(100, "run", "Throws", "How often each is thrown.", ge=1, le=10**12)
    seed: int = field(0, "run", "Seed", "The same seed throws the same.", ge=0, le=1000)
