"""The pages: a form from a spec, charts that the browser fills from the API, and the API's documentation."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, select_autoescape
from starlette.responses import Response

from .. import __version__
from ..experiments.experiment import Experiment, Experiments
from ..fields import SpecError, shape
from ..figures.numbers import number, power
from ..figures.palette import PREDICTED, STYLES, TEMPLATES
from ..lab.initializers import INITIALIZERS
from ..spec import Spec
from ..view import AXES, View
from .assets import Assets, folder
from .forms import attempted, form, given
from .requests import query_string

AS_ASKED = "draws=fresh&seed=651587"  # of all seeds one that gives what whoever asked first was given
Explain = Callable[[Experiment[Any, Any], Any], bytes]


def templates(assets: Assets, experiments: Experiments) -> Environment:
    """The templates, each experiment's own under its name, with what every one of them may use."""
    own = {name: FileSystemLoader(experiment.folder) for name, experiment in experiments.items()}
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder("templates")), PrefixLoader(own)]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        asset=assets.url,
        experiments=experiments,
        styles=STYLES,
        colors={name: style.color for name, style in STYLES.items()},
        predicted=PREDICTED,
        plot_templates=TEMPLATES,
        initializers=INITIALIZERS,
        version=__version__,
        axes=AXES,
        view_fields=list(View.model_fields),
    )
    environment.filters.update(number=number, power=power)
    return environment


def explainer(environment: Environment) -> Explain:
    """Writes a Result's account in words, as a fragment of HTML."""

    def explain(experiment: Experiment[Any, Any], result: Any) -> bytes:
        template = environment.select_template([f"{experiment.name}/why.html", "why.html"])
        findings = experiment.findings(result)
        return template.render(result=result, findings=findings, **experiment.words(result, findings)).encode()

    return explain


def router(environment: Environment, experiments: Experiments) -> APIRouter:
    """The pages of every experiment, the way in, and the API's documentation."""
    pages = APIRouter(include_in_schema=False)

    def page(template: str, status: int = 200, **context: object) -> Response:
        content = environment.get_template(template).render(**context)
        return Response(content, status, {"Cache-Control": "no-cache"}, "text/html")

    @pages.get("/")
    async def home() -> Response:
        return page(
            "home.html", asked=AS_ASKED, said={name: entry.page(entry.spec()) for name, entry in experiments.items()}
        )

    @pages.get("/questions")
    async def questions() -> Response:
        return page("questions.html")

    @pages.get("/docs")
    async def docs() -> Response:
        return page("docs.html", shape=shape, view=View.model_fields)

    def experiment_page(experiment: Experiment[Any, Any]) -> Callable[[Request], object]:
        model: type[Spec] = experiment.spec

        async def show(request: Request) -> Response:
            errors: dict[str, str] = {}
            spec, view = model(), View()
            try:
                spec, view = experiment.address(query_string(request))
                values = given(spec)
            except SpecError as error:
                errors = dict(error.errors)
                values = attempted(request.scope["query_string"].decode(errors="replace"))
            controls = form(model, values, errors)
            drawn = {control.name for group in controls.values() for control in group}
            elsewhere = {field: message for field, message in errors.items() if field not in drawn}
            return page(
                "experiment.html",
                422 if errors else 200,
                name=experiment.name,
                spec=spec,
                view=view,
                said=experiment.page(spec),
                groups=controls,
                runs=not errors,
                elsewhere=elsewhere,
            )

        return show

    for name, experiment in experiments.items():
        pages.add_api_route(f"/{name}", experiment_page(experiment), methods=["GET"], response_class=Response)
    return pages
