from app.results import Record, Result


class Throw(Record):
    number: int
    eyes: int


class Die(Record):
    die: str
    mean: float
    predicted: float
    last: list[Throw]


class ToyResult(Result):
    dice: list[Die]
