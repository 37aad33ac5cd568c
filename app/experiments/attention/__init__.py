"""One layer of attention: what the scale of its scores makes of the softmax, the outputs and the gradient."""

from ..experiment import Experiment, Preset, Question
from .charts import CHARTS, SECTIONS
from .cost import attention_cost
from .findings import attention_findings
from .gallery import GALLERY
from .picture import attention_picture
from .result import AttentionResult
from .run import run_attention
from .script import attention_script
from .spec import AttentionSpec
from .statistics import LAWS, STATISTICS, marks
from .words import attention_heading, attention_words

ATTENTION = Experiment(
    title="Attention",
    heading=attention_heading,
    spec=AttentionSpec,
    result=AttentionResult,
    run=run_attention,
    cost=attention_cost,
    sizes=("keys", "queries", "head_dim", "repeats"),
    findings=attention_findings,
    charts=CHARTS,
    sections=SECTIONS,
    words=attention_words,
    gallery=GALLERY,
    picture=attention_picture,
    script=attention_script,
    statistics=STATISTICS,
    laws=LAWS,
    marks=marks,
    presets=(
        Preset("Why √D?", ""),
        Preset("A wide head", "head_dim=512"),
        Preset("A long context", "keys=16384&queries=64"),
        Preset("Tokens that resemble each other", "similarity=0.5"),
        Preset("Causal", "causal=true&keys=256"),
    ),
    questions=(
        Question("Why is attention's score divided by √d?", "", "recommendation"),
        Question("What if I divide attention's scores by d?", "scale=1/D", "outputs"),
        Question("Does a longer context need sharper scores?", "", "contexts"),
    ),
)
