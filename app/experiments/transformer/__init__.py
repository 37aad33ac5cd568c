"""A stack of transformer blocks: tokens through attention and MLPs, added to a stream, and a gradient back."""

from ...figures.palette import lines_of
from ..experiment import Experiment, Preset, Question
from .charts import CHARTS, SECTIONS
from .cost import transformer_cost
from .findings import transformer_findings
from .gallery import GALLERY
from .inits import INITS
from .picture import transformer_picture
from .readings import stream_courses, transformer_readings
from .result import TransformerResult
from .run import run_transformer
from .script import transformer_script
from .spec import TransformerSpec
from .statistics import LAWS, STATISTICS
from .words import transformer_heading, transformer_words

TRANSFORMER = Experiment(
    title="A transformer",
    heading=transformer_heading,
    spec=TransformerSpec,
    result=TransformerResult,
    run=run_transformer,
    cost=transformer_cost,
    sizes=("depth", "tokens", "batch", "mlp_ratio", "bins"),
    findings=transformer_findings,
    charts=CHARTS,
    sections=SECTIONS,
    courses=stream_courses,
    readings=transformer_readings,
    words=transformer_words,
    gallery=GALLERY,
    picture=transformer_picture,
    script=transformer_script,
    statistics=STATISTICS,
    laws=LAWS,
    lines=lines_of(INITS),
    presets=(
        Preset("Pre-norm's stream grows", ""),
        Preset("GPT-2's weights beside it", "init=gpt2&init=1/sqrt(D)"),
        Preset("Branches as large as the input: 1 + 2L", "activation=linear&init=1/sqrt(D)&similarity=1"),
        Preset("Scaled by 1/√(2L): 2", "activation=linear&init=1/sqrt(D)&residual_scale=1/sqrt(2L)&similarity=1"),
        Preset("Rank collapse", "activation=relu&init=1/sqrt(D)&init=deepnet&norm=post"),
        Preset("Entropy collapse", "init=1/sqrt(D)&init=xavier&score_scale=unscaled"),
        Preset(
            "Post-norm's gradients shrink",
            "activation=relu&depth=12&init=xavier&init=deepnet&norm=post&residual_scale=0.5&similarity=0.5",
        ),
        Preset("Blocks that do next to nothing", "init=gpt2&init=deepnet&similarity=0.5"),
        Preset("No norm at all", "depth=8&init=gpt2&init=xavier&init=deepnet&norm=none"),
        Preset("Scores by 1/D: hardly a choice", "init=1/sqrt(D)&init=mup&similarity=0.3"),
        Preset("A causal mask", "causal=true&init=gpt2&init=1/sqrt(D)"),
    ),
    questions=(
        Question(
            "And in a whole transformer: what does GPT-2's 1/√(2L) do?",
            "activation=linear&init=1/sqrt(D)&similarity=1",
            "branches",
        ),
        Question("Do all the blocks of a transformer count at initialization?", "init=gpt2&init=deepnet", "idle"),
        Question("Why do the tokens of a deep transformer become the same?", "init=1/sqrt(D)&norm=post", "tokens"),
        Question(
            "What does attention do when its scores are not divided by √d?",
            "init=1/sqrt(D)&score_scale=unscaled",
            "attention",
        ),
        Question("Why does post-norm need a warm-up?", "activation=relu&init=xavier&norm=post", "gradient"),
    ),
)
