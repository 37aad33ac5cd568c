"""Famous stacks: what was published of them, and how the same number is read off a Result."""

from collections.abc import Callable

from ..experiment import Famous, Published
from .result import StackResult

Read = Callable[[StackResult], float | None]


def _std(layer: int) -> Read:
    return lambda result: result.inits[0].layers[layer - 1].activation.std


def _mean(layer: int) -> Read:
    return lambda result: result.inits[0].layers[layer - 1].activation.mean


def _variance(layer: int) -> Read:
    return lambda result: result.inits[0].layers[layer - 1].activation.variance


def _saturated(layer: int) -> Read:
    return lambda result: result.inits[0].layers[layer - 1].activation.saturated


def _factor_forward(result: StackResult) -> float | None:
    layers = result.inits[0].layers
    first, last = (layers[place].preactivation.log10_mean_square for place in (0, -1))
    return None if first is None or last is None else 10 ** ((last - first) / (len(layers) - 1))


def _factor_back(result: StackResult) -> float | None:
    sizes = [layer.gradient.log10_mean_square for layer in result.inits[0].layers if layer.gradient]
    first, last = sizes[0], sizes[-1]
    return None if first is None or last is None else 10 ** ((first - last) / (len(sizes) - 1))


def _largest_stretch(result: StackResult) -> float | None:
    found = result.inits[-1].layers[-1].jacobian
    return found.largest if found else None


def _smallest_stretch(result: StackResult) -> float | None:
    found = result.inits[-1].layers[-1].jacobian
    return found.smallest if found else None


def _weight_variance(result: StackResult) -> float:
    return result.inits[-1].weight_std ** 2 * result.inits[-1].layers[0].fan_in


MAKEMORE = "init=1/sqrt(D)&widths=30&widths=100&widths=100&widths=100&widths=100&widths=100"
KARPATHY = "A. Karpathy, “Building makemore Part 3: Activations & Gradients, BatchNorm”, 2022, its notebook's printout"
CS231N = "CS231n, Stanford, lecture 6 of 2017, the slides on weight initialization"

GALLERY = (
    Famous(
        "tanh-gain-one",
        "The lecture's five tanh layers, gain 1",
        MAKEMORE,
        "signal",
        KARPATHY,
        "https://github.com/karpathy/nn-zero-to-hero",
        (
            Published("std of the activations, layer 1", 0.62, _std(1)),
            Published("std of the activations, layer 3", 0.41, _std(3)),
            Published("std of the activations, layer 5", 0.32, _std(5)),
            Published("share saturated, layer 1", 0.035, _saturated(1), within=0.4),
        ),
        "The numbers are the notebook's printout, and not computed again: its inputs are embeddings of letters, "
        "few and repeated; here they are normal numbers.",
    ),
    Famous(
        "tanh-gain-five-thirds",
        "The same with a gain of 5/3",
        f"gain=1.6666666666666667&{MAKEMORE}",
        "signal",
        KARPATHY,
        "https://github.com/karpathy/nn-zero-to-hero",
        (
            Published("std of the activations, layer 1", 0.75, _std(1)),
            Published("std of the activations, layer 5", 0.66, _std(5)),
            Published("share saturated, layer 1", 0.2025, _saturated(1), within=0.2),
            Published("share saturated, layer 5", 0.0612, _saturated(5), within=0.3),
        ),
        "The notebook's printout again. 5/3 is a rule of thumb: the std settles near 0.65, and gradients grow a "
        "little on their way back.",
    ),
    Famous(
        "tanh-batch-norm",
        "The same with batch norm",
        f"gain=1.6666666666666667&norm=batch&batch=32&{MAKEMORE}",
        "signal",
        KARPATHY,
        "https://github.com/karpathy/nn-zero-to-hero",
        (
            Published("std of the activations, layer 1", 0.63, _std(1)),
            Published("std of the activations, layer 5", 0.65, _std(5)),
            Published("share saturated, layer 1", 0.0262, _saturated(1), within=0.2),
            Published("share saturated, layer 5", 0.0178, _saturated(5), within=0.2),
        ),
        "Redone with torch alone on 32 normal numbers: 3.4 % saturated, and 3.1 % where the unbiased variance "
        "is divided by, as the notebook's own batch norm does. Its inputs, embeddings of letters, leave fewer.",
    ),
    Famous(
        "cs231n-small-weights",
        "Ten layers of 500 at a std of 0.01",
        "init=unscaled&gain=0.01&depth=10&width=500&batch=1000",
        "signal",
        CS231N,
        "http://cs231n.stanford.edu/slides/2017/cs231n_2017_lecture6.pdf",
        (
            Published("std of the activations, layer 1", 0.213081, _std(1)),
            Published("std of the activations, layer 2", 0.047551, _std(2)),
            Published("std of the activations, layer 5", 0.000532, _std(5)),
            Published("std of the activations, layer 10", 0.0, _std(10), within=1e-6),
        ),
        "Redone in NumPy as the slide has it, under other seeds: the same to a part in a hundred. It prints the "
        "last as 0.000000: six digits show nothing of it.",
    ),
    Famous(
        "cs231n-xavier",
        "The same under Xavier",
        "init=xavier_normal&depth=10&width=500&batch=1000",
        "signal",
        CS231N,
        "http://cs231n.stanford.edu/slides/2017/cs231n_2017_lecture6.pdf",
        (
            Published("std of the activations, layer 1, rounded", 0.63, _std(1)),
            Published("std of the activations, layer 2, rounded", 0.49, _std(2)),
            Published("std of the activations, layer 10, rounded", 0.23, _std(10)),
        ),
        "The slide's numbers are given here to two digits, as they come out again in NumPy: Xavier holds the signal no "
        "longer once tanh squeezes it.",
    ),
    Famous(
        "cs231n-large-weights",
        "The same at a std of 0.05",
        "init=unscaled&gain=0.05&depth=10&width=500&batch=1000",
        "signal",
        CS231N,
        "http://cs231n.stanford.edu/slides/2017/cs231n_2017_lecture6.pdf",
        (),
        "Later years' slides show it for six wider layers, as histograms that saturate, without a number. With 500 "
        "units 0.05 is 1.1/√D.",
    ),
    Famous(
        "cs231n-he",
        "Ten ReLU layers of 500 under He",
        "activation=relu&init=kaiming_normal&depth=10&width=500&batch=1000",
        "signal",
        CS231N,
        "http://cs231n.stanford.edu/slides/2017/cs231n_2017_lecture6.pdf",
        (
            Published("mean of the activations, layer 1", 0.562488, _mean(1)),
            Published("std of the activations, layer 1", 0.825232, _std(1)),
            Published("mean of the activations, layer 10", 0.552531, _mean(10), within=0.25),
            Published("std of the activations, layer 10", 0.844523, _std(10), within=0.25),
        ),
        "Redone in NumPy under other seeds: the first layer to a part in a hundred. By the tenth every network "
        "has gone its own way: two seeds differ by a tenth and more.",
    ),
    Famous(
        "he-thirty-layers",
        "Why thirty ReLU layers stall under Xavier",
        "activation=relu&init=xavier_normal&init=kaiming_normal",
        "signal",
        "K. He et al., “Delving Deep into Rectifiers”, 2015, section 2.2",
        "https://arxiv.org/abs/1502.01852",
        (Published("factor a layer on the mean square, Xavier", 0.5, _factor_forward, within=0.05),),
        "The paper's 30-layer network is convolutional; the factor of ½ a layer is the same.",
    ),
    Famous(
        "gpt-2-residuals",
        "GPT-2 scales its residual branches",
        "activation=gelu&init=1/sqrt(D)&norm=layer&residual=true&residual_scale=1/sqrt(2L)",
        "stream",
        "A. Radford et al., “Language Models are Unsupervised Multitask Learners”, 2019, section 2.3",
        "https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf",
        (),
        "The paper gives the factor, 1/√N for N residual layers, and no number.",
    ),
    Famous(
        "selu-fixed-point",
        "SELU finds mean 0 and variance 1",
        "activation=selu&init=lecun_normal",
        "signal",
        "G. Klambauer et al., “Self-Normalizing Neural Networks”, 2017, section 2",
        "https://arxiv.org/abs/1706.02515",
        (
            Published("mean of the activations, layer 30", 0.0, _mean(30), within=0.15),
            Published("variance of the activations, layer 30", 1.0, _variance(30), within=0.25),
        ),
    ),
    Famous(
        "dynamical-isometry",
        "Orthogonal layers keep every length",
        "activation=linear&init=1/sqrt(D)&init=orthogonal&jacobian=true&width=128",
        "isometry",
        "A. Saxe, J. McClelland, S. Ganguli, “Exact solutions to the nonlinear dynamics of learning in deep linear "
        "neural networks”, 2014, section 3",
        "https://arxiv.org/abs/1312.6120",
        (
            Published("largest singular value of the product, orthogonal", 1.0, _largest_stretch, within=1e-3),
            Published("smallest singular value of the product, orthogonal", 1.0, _smallest_stretch, within=1e-3),
        ),
        "Under independent weights of the same variance a few directions take over and the rest are lost, layer by "
        "layer.",
        "orthogonal",
    ),
    Famous(
        "linear-default",
        "nn.Linear's default forgets its input",
        "activation=relu&init=kaiming_normal&init=torch_default",
        "inputs",
        "PyTorch, documentation of torch.nn.Linear: uniform within 1/√in_features, biases too",
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html",
        (Published("fan_in · Var(w) of the default", 1 / 3, _weight_variance, within=0.01),),
        "Uniform within ±a has the variance a²/3. ReLU halves what is left, and the biases, the same for all inputs, "
        "soon are all there is.",
        "torch_default",
    ),
    Famous(
        "edge-of-chaos",
        "The edge of chaos of tanh",
        "init=1/sqrt(D)&gain=1.3266499161421599&bias_std=0.22360679774997896",
        "gradient",
        "S. Schoenholz et al., “Deep Information Propagation”, 2017, section 3: χ = 1 on the critical line",
        "https://arxiv.org/abs/1611.01232",
        (Published("factor a layer on the gradient, χ", 1.0, _factor_back, within=0.05),),
        "A weight variance of 1.76/fan_in and a bias variance of 0.05 lie on that line.",
    ),
)
