"""Networks that learn: side by side, from the same batches of real examples, differing in initialization alone."""

from ..experiment import Experiment, Preset, Question
from .charts import CHARTS, SECTIONS
from .cost import training_cost
from .findings import training_findings
from .gallery import GALLERY
from .picture import training_picture
from .readings import loss_courses, training_readings
from .result import TrainingResult
from .run import run_training
from .script import training_script
from .spec import TrainingSpec
from .statistics import LAWS, STATISTICS
from .words import training_heading, training_words

ADAM = "learning_rate=0.003&optimizer=adam"
LINEAR = "init=kaiming_normal&init=torch_default&activation=relu&depth=12&output_gain=0.1"

TRAINING = Experiment(
    title="Networks that learn",
    heading=training_heading,
    spec=TrainingSpec,
    result=TrainingResult,
    run=run_training,
    cost=training_cost,
    sizes=("steps", "width", "depth", "batch"),
    findings=training_findings,
    charts=CHARTS,
    sections=SECTIONS,
    courses=loss_courses,
    readings=training_readings,
    words=training_words,
    picture=training_picture,
    script=training_script,
    statistics=STATISTICS,
    laws=LAWS,
    partial_seconds=0.1,
    gallery=GALLERY,
    presets=(
        Preset("Three networks learn", ""),
        Preset("Overconfident output layer", "init=unscaled&init=1/sqrt(D)&depth=2&width=200"),
        Preset("Saturated tanh", "init=unscaled&init=1/sqrt(D)&depth=2&output_gain=0.01&width=200"),
        Preset("Gain 5/3", "init=1/sqrt(D)&gain=1.6666666666666667&output_gain=0.1"),
        Preset("Batch norm forgives", "output_gain=0.1&norm=batch"),
        Preset("He for ReLU", "init=1/sqrt(D)&init=kaiming_normal&depth=12&activation=relu&output_gain=0.1"),
        Preset("nn.Linear's default", LINEAR),
        Preset("Adam forgives small weights", ADAM),
        Preset("Handwritten digits", "data=digits"),
    ),
    questions=(
        Question("What should the loss be before the first step?", "depth=2&width=200", "start"),
        Question("How large should an update be beside the weights?", "output_gain=0.1&norm=batch", "updates"),
        Question("Does batch norm forgive a wrong scale of the weights?", "output_gain=0.1&norm=batch", "norm"),
        Question("Does Adam forgive weights that are too small?", ADAM, "optimizer"),
    ),
)
