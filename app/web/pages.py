"""The pages: a form from a spec, charts that the browser fills from the API, and the API's documentation."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    pass_context,
    select_autoescape,
)
from starlette.responses import Response

from .. import __version__
from ..compute.runner import Runner
from ..experiments.experiment import Experiment, Experiments
from ..fields import SpecError, shape
from ..figures.numbers import between, number, off, percent, power
from ..figures.palette import LINES, PREDICTED, TEMPLATES
from ..finding import COURSES
from ..folders import folder
from ..lab.activations import ACTIVATIONS
from ..network.store import Store
from ..spec import Spec
from ..view import AXES, HIDDEN, View
from . import gallery, network
from .assets import Assets
from .encoding import accepts_gzip, compressed
from .forms import attempted, form, given
from .glossary import GLOSSARY
from .headers import FRAMED
from .prefix import base_of, root_of, route_path
from .preview import Preview, preview_of, preview_of_page
from .problems import Problem
from .requests import query_string

AS_ASKED = "draws=fresh&seed=88829"  # of all seeds one that gives what whoever asked first was given
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
    lines = dict(LINES)
    for experiment in experiments.values():
        lines = {**experiment.lines, **lines}
    environment.globals.update(
        asset=pass_context(lambda context, name: context["root"] + assets.url(name)),
        experiments=experiments,
        styles={name: line.style for name, line in lines.items()},
        colors={name: line.style.color for name, line in lines.items()},
        predicted=PREDICTED,
        plot_templates=TEMPLATES,
        initializers=lines,
        activations={name: entry.label for name, entry in ACTIVATIONS.items()},
        version=__version__,
        glossary=GLOSSARY,
        courses=COURSES,
        hidden=HIDDEN,
        axes=AXES,
        view_fields=list(View.model_fields),
    )
    environment.filters.update(number=number, power=power, percent=percent, between=between, off=off)
    return environment


def explainer(environment: Environment) -> Explain:
    """Writes a Result's account in words, as a fragment of HTML."""

    def explain(experiment: Experiment[Any, Any], result: Any) -> bytes:
        template = environment.select_template([f"{experiment.name}/why.html", "why.html"])
        findings = experiment.findings(result)
        return template.render(result=result, findings=findings, **experiment.words(result, findings)).encode()

    return explain


def problem_page(environment: Environment, experiments: Experiments) -> Callable[[Request, Problem], Response]:
    """Says what is wrong to whoever reads pages."""

    preview = preview_of_page("/", experiments)

    def show(request: Request, problem: Problem) -> Response:
        answer = _page(environment, experiments, request, "problem.html", problem.status, preview, problem=problem)
        answer.headers.update(problem.headers)
        return answer

    return show


def _page(
    environment: Environment,
    experiments: Experiments,
    request: Request,
    template: str,
    status: int = 200,
    preview: Preview | None = None,
    framed: bool = False,
    **context: object,
) -> Response:
    context |= {"root": root_of(request), "base": base_of(request)}
    preview = preview or preview_of_page(route_path(request.scope), experiments)
    content = environment.get_template(template).render(preview=preview, **context).encode()
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"} | (FRAMED if framed else {})
    if accepts_gzip(request):
        content, headers["Content-Encoding"] = compressed(content), "gzip"
    return Response(content, status, headers, "text/html")


def router(environment: Environment, experiments: Experiments, runner: Runner, store: Store | None) -> APIRouter:
    """The pages of every experiment, the way in, and the API's documentation."""
    pages = APIRouter(include_in_schema=False)

    page = partial(_page, environment, experiments)

    @pages.get("/")
    async def home(request: Request) -> Response:
        said = {name: entry.page(entry.spec()) for name, entry in experiments.items()}
        return page(request, "home.html", asked=AS_ASKED, said=said)

    @pages.get("/questions")
    async def questions(request: Request) -> Response:
        return page(request, "questions.html")

    @pages.get("/glossary")
    async def glossary(request: Request) -> Response:
        return page(request, "glossary.html")

    @pages.get("/docs")
    async def docs(request: Request) -> Response:
        return page(request, "docs.html", shape=shape, view=View.model_fields)

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
            controls = form(model.chosen({name: texts[-1] for name, texts in values.items() if texts}), values, errors)
            drawn = {control.name for group in controls.values() for control in group}
            elsewhere = {field: message for field, message in errors.items() if field not in drawn}
            return page(
                request,
                "experiment.html",
                422 if errors else 200,
                preview=preview_of(experiment, spec, runner),
                framed=view.embed,
                name=experiment.name,
                spec=spec,
                view=view,
                said=experiment.page(spec),
                groups=controls,
                runs=not errors,
                elsewhere=elsewhere,
            )

        return show

    pages.include_router(gallery.router(page, experiments, runner))
    pages.include_router(network.router(page, store))
    for name, experiment in experiments.items():
        pages.add_api_route(f"/{name}", experiment_page(experiment), methods=["GET"], response_class=Response)
    return pages
