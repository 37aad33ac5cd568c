"""The spec of a sweep: that of another experiment, with one or two of its fields let run.

There is one model for each experiment that can be swept, made of the fields here and of its own, so that one query,
body, form and link hold both; `of` decides which.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, create_model, model_validator

from ...fields import OneOf, SpecError, shape
from ...spec import Spec, field
from ...statistic import Statistic
from ..experiment import Experiment, Experiments
from .axis import Asked, Axis, axis_of, can_run

FARTHEST = 1e15
MOST_STEPS = 60
SCALES = OneOf({"linear": "equal steps", "log": "equal factors"})
TAKEN = ("repeats",)  # fields of the experiment that the sweep has its own of

End = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST)] | None
Scale = Annotated[str, SCALES] | None


def _end(label: str, does: str) -> Any:
    return field(None, "axes", label, f"Where the axis {does}; left empty, where it suits the field.", main=True)


def _steps(label: str) -> Any:
    help = "Values along the axis, both ends among them."
    return field(6, "axes", label, help, main=True, slider=(2, 30), ge=2, le=MOST_STEPS)


class SweepSpec(Spec):
    """Runs another experiment over one or two of its fields, and follows a statistic of it."""

    name: ClassVar[str] = "sweep"
    decides: ClassVar[str] = "of"
    swept: ClassVar[Experiment[Any, Any]]
    models: ClassVar[Mapping[str, type["SweepSpec"]]]

    of: str
    statistic: str
    x: str
    x_from: End = _end("x from", "begins")
    x_to: End = _end("x to", "ends")
    x_steps: int = _steps("Steps of x")
    x_scale: Scale = field(
        None, "axes", "Spacing of x", "Equal steps or equal factors; left empty, as suits the field."
    )
    y: str | None
    y_from: End = _end("y from", "begins")
    y_to: End = _end("y to", "ends")
    y_steps: int = _steps("Steps of y")
    y_scale: Scale = field(
        None, "axes", "Spacing of y", "Equal steps or equal factors; left empty, as suits the field."
    )
    repeats: int

    @classmethod
    def kinds(cls) -> Mapping[str, type[Self]]:
        return cls.models  # type: ignore[return-value]  # every model of a sweep is a kind of any other

    @classmethod
    def chosen(cls, values: Mapping[str, Any]) -> type[Self]:
        of = values.get(cls.decides, next(iter(cls.models)))
        return cls.kinds().get(of, cls) if isinstance(of, str) else cls

    @property
    def followed(self) -> Statistic:
        """The statistic itself."""
        return self.swept.statistics[self.statistic]

    @property
    def axes(self) -> list[Axis]:
        """The one or two axes, x first."""
        return [axis_of(self.swept.spec, asked) for asked in self._asked]

    @property
    def _asked(self) -> list[Asked]:
        x = Asked("x", self.x, self.x_from, self.x_to, self.x_steps, self.x_scale)
        if self.y is None:
            return [x]
        return [x, Asked("y", self.y, self.y_from, self.y_to, self.y_steps, self.y_scale)]

    @property
    def derived(self) -> frozenset[str]:
        """What runs by itself is left out of the link, and so is how far an axis goes that is not there."""
        unused = [] if self.y else [f"y_{part}" for part in ("from", "to", "steps", "scale")]
        return super().derived | {self.x, *([self.y] if self.y else []), *unused}

    def cell(self, at: Mapping[str, Any], repeat: int = 0) -> Spec:
        """The experiment of one cell, of so many repeats of it. Raises SpecError where there is none."""
        values = {**self._base, **at}
        found: Spec = self.swept.spec.parse(values | {"seed": values["seed"] + repeat})
        return found

    @property
    def _base(self) -> dict[str, Any]:
        """The experiment's own fields, before any runs."""
        fields = self.swept.spec.model_fields
        values = {name: getattr(self, name) for name in fields if name not in TAKEN}
        if "repeats" in fields and self.followed.of_repeats:
            values["repeats"] = self.repeats
        return values

    @property
    def seeds(self) -> int:
        """How often each cell is run: once where the repeats are the experiment's own."""
        return 1 if self.followed.of_repeats else self.repeats

    @model_validator(mode="after")
    def _axes_can_run(self) -> Self:
        wrong = []
        if self.x == self.y:
            wrong.append(("y", "must be another field than x"))
        follows = super().derived
        for name, which in (("x", self.x), ("y", self.y)):
            if which in follows:
                wrong.append((name, f"{which} follows from {self.decided_by[which]}, which is given: leave that out"))
        wrong += [
            ("statistic", f"{self.followed.label} needs {need}=true")
            for need in self.followed.needs
            if not getattr(self, need) and need not in (self.x, self.y)
        ]
        if self.followed.of_repeats and self.repeats < 2:
            wrong.append(("repeats", f"{self.followed.label} is a spread over repeats: give at least 2"))
        for asked in self._asked:
            try:
                axis_of(self.swept.spec, asked)
            except SpecError as error:
                wrong += error.errors
        if wrong:
            raise SpecError(wrong)
        if self.y is None:  # the only way to settle fields of a frozen model from one another
            for part in ("from", "to", "steps", "scale"):
                name = f"y_{part}"
                object.__setattr__(self, name, type(self).model_fields[name].default)
        for running in (self.x, self.y):
            if running is not None:
                object.__setattr__(self, running, type(self).model_fields[running].default)
        return self


def sweeps_of(experiments: Experiments) -> type[SweepSpec]:
    """The model of sweeps of the first of these that has statistics; `chosen` gives those of the others."""
    can = {name: experiment for name, experiment in experiments.items() if experiment.statistics}
    titles = OneOf({name: experiment.title for name, experiment in can.items()})
    models: dict[str, type[SweepSpec]] = {}
    for name, experiment in can.items():
        models[name] = _model(experiment, titles, next(iter(can)), models)
    return next(iter(models.values()))


def _model(
    experiment: Experiment[Any, Any], titles: OneOf, first: str, models: Mapping[str, type[SweepSpec]]
) -> type[SweepSpec]:
    base: type[Spec] = experiment.spec
    fields = {
        name: each.title or name
        for name, each in base.model_fields.items()
        if name not in TAKEN and can_run(shape(each))
    }
    statistics = {name: statistic.short or statistic.label for name, statistic in experiment.statistics.items()}
    running = Annotated[str, OneOf(fields)]
    own: dict[str, Any] = {
        "name": (ClassVar[str], SweepSpec.name),
        "swept": (ClassVar[Any], experiment),
        "models": (ClassVar[Any], models),
        "of": (
            Annotated[str, titles],
            field(first, "axes", "Experiment", "What is run in every cell.", main=True),
        ),
        "statistic": (
            Annotated[str, OneOf(statistics)],
            field(next(iter(statistics)), "axes", "Statistic", "The number that is followed.", main=True),
        ),
        "x": (running, field(_first_axis(base, fields), "axes", "x", "The field that runs along x.", main=True)),
        "y": (
            running | None,
            field(None, "axes", "y", "A second field, that runs along y: the result is a map.", main=True),
        ),
        "repeats": (
            int,
            field(
                4,
                "axes",
                "Repeats",
                "Runs each cell with so many seeds; a spread over repeats is taken over so many.",
                main=True,
                slider=(1, 100),
                ge=1,
                le=200,
            ),
        ),
    }
    make: Any = create_model  # whose types know no two bases
    made: type[SweepSpec] = make(
        f"{base.__name__}Sweep", __base__=(base, SweepSpec), __doc__=SweepSpec.__doc__, __module__=__name__, **own
    )
    return made


def _first_axis(base: type[Spec], fields: Mapping[str, str]) -> str:
    """The first field that says how far it is swept, else the first of all."""
    extras: dict[str, Any] = {name: base.model_fields[name].json_schema_extra for name in fields}
    return next((name for name, extra in extras.items() if extra["swept"]), next(iter(fields)))
