"""Networks that learn: one an initialization, all at once from the same batches, measured as they go."""

from collections.abc import Generator

from ...lab.threads import pin
from ...results import Step
from .lesson import Lesson
from .result import TrainingResult
from .spec import TrainingSpec


def run_training(spec: TrainingSpec) -> Generator[Step[TrainingResult]]:
    """Let the networks learn, and look at them before and after. Yields after every step."""
    pin()
    lesson = Lesson(spec)
    for step in range(spec.steps):
        lesson.learn(step)
        yield Step(step + 1, spec.steps + 1, lesson.result)
    lesson.end()
    yield Step(spec.steps + 1, spec.steps + 1, lesson.result)
