"""The formula of an operation of PyTorch, read as NumPy, computes what the operation computed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tracer.graph.expression import Name, Opaque  # noqa: E402
from tracer.graph.formula import parse_template  # noqa: E402
from tracer.graph.record import Literal  # noqa: E402
from tracer.ops.foreign.names import base_name  # noqa: E402
from tracer.recording.source import Files  # noqa: E402
from tracer.torch.dispatch import RecordingMode  # noqa: E402
from tracer.torch.formulas import FORMULAS  # noqa: E402
from tracer.torch.frames import Frames  # noqa: E402
from tracer.torch.names import TensorNames  # noqa: E402
from tracer.torch.operation import (  # noqa: E402
    Operation,
    foreign_operation,
    parameters_of,
)
from tracer.torch.snapshots import array_of  # noqa: E402
from tracer.torch.steps.calls import KnownCalls  # noqa: E402
from tracer.torch.tape import StepTape  # noqa: E402

PROGRAMS = """
x + y; x - y; x * y; x / p; x ** 2; p ** x; 2 ** x; torch.add(x, y, alpha=0.25); torch.sub(x, y, alpha=3)
torch.rsub(x, y, alpha=2)
1 - x; 1 / p; -x; abs(x); x.floor(); x.ceil(); x.round(); x.trunc(); x.frac(); x.sign(); torch.sgn(x); x.square(); p.rsqrt()
torch.div(x, p, rounding_mode="floor"); torch.div(x, p, rounding_mode="trunc"); x % p; torch.fmod(x, p); x.detach() // p.detach()
x.exp(); p.log(); p.sqrt(); p.log2(); p.log10(); p.log1p(); x.expm1(); x.exp2(); p.reciprocal(); x.sin(); x.cos(); x.tan()
x.tanh()
(x / 9).asin(); (x / 9).acos(); x.atan(); x.sinh(); x.cosh(); x.asinh(); (p + 1).acosh(); (x / 9).atanh(); x.erf(); x.erfc()
p.lgamma(); torch.special.digamma(p); torch.logit(p / 20); x.sinc(); torch.atan2(x, p); torch.hypot(x, y); torch.logaddexp(x, y)
torch.xlogy(p, p); x.maximum(y); x.minimum(y); x.clamp(-0.5, 0.5); x.clamp(min=0.1); x.clamp(max=0.1); x.clamp_min(0.2)
x > y; x < y; x >= y; x <= y; x == y; x != y; x > 0.5; torch.where(x > 0, x, y); x.masked_fill(x > 0, 2.0); x.nan_to_num()
torch.isfinite(x); torch.isnan(x); (x > 0) & (y > 0); (x > 0) | (y > 0); ~(x > 0); torch.logical_not(x > 0)
torch.addcmul(x, y, p, value=0.5); torch.addcmul(x, y, p); torch.addcdiv(x, y, p, value=-0.1); torch.lerp(x, y, 0.3)
F.relu(x); F.sigmoid(x); F.silu(x); F.gelu(x); F.gelu(x, approximate="tanh"); F.leaky_relu(x, 0.2); F.elu(x); F.elu(x, alpha=0.5)
F.selu(x); F.celu(x, alpha=0.5); F.hardtanh(x); F.hardswish(x); F.hardsigmoid(x); F.softplus(x); F.softplus(x, beta=2)
F.logsigmoid(x); F.mish(x); F.threshold(x, 0.1, -2.0); F.prelu(x, w[0, :1]); F.relu6(x); F.softsign(x); F.tanhshrink(x); F.glu(x)
x @ w; torch.mm(x, w); torch.addmm(b, x, w); torch.addmm(b, x, w, beta=0.5, alpha=2); torch.addmm(b, x, w, beta=0)
torch.bmm(t, t.mT); torch.baddbmm(t @ t.mT, t, t.mT, alpha=0.5); x @ v; x[0] @ v; torch.addmv(x[:, 0], x, v, alpha=2)
torch.outer(v, v); torch.addr(x[:3, :3], v[:3], v[:3]); F.linear(x, w.T, b); F.linear(t, w.T, b); torch.einsum("ij,jk->ik", x, w)
x.sum(); x.sum(0); x.sum(1, keepdim=True); t.sum((0, 2)); x.mean(); x.mean(0, keepdim=True); x.prod(); x.prod(1); x.amax(1)
x.amin(0)
x.max(); x.max(1)[0]; x.min(1)[0]; x.argmax(1); x.argmin(); x.var(); x.var(0, unbiased=False); x.std(1, keepdim=True)
torch.var_mean(x, 1)[1]; torch.std_mean(x, 1)[0]; x.norm(); x.norm(1); x.norm(3); x.norm(float("inf")); x.norm(2, 1)
torch.linalg.vector_norm(x, dim=0); x.cumsum(1); x.cumprod(0); x.logsumexp(1); (x > 0).any(); (x > 0).all(1); x.sort(1)[0]
x.argsort(1)
x.median(); x.topk(2)[0]; torch.count_nonzero(x)
x.t(); x.transpose(0, 1); t.transpose(1, 2); t.transpose(0, 2); t.permute(2, 0, 1); x.view(4, 3); x.reshape(-1); x.unsqueeze(1)
x[None].squeeze(0); x.expand(2, 3, 4); x[1]; x[:, 2]; x[0:2]; x[:, 1:3]; x[:, ::2]; x[i]; x[:, i]; x[i, i]; x.index_select(1, i)
x.gather(1, j); torch.cat([x, y]); torch.cat([x, y], 1); torch.stack([x, y], 1); x.split(2, 1)[1]; x.chunk(2)[0]; x.unbind(1)[1]
x.flip(0); x.roll(1, 0); x.repeat(2, 1); F.pad(x, (1, 2)); F.pad(x, (1, 0, 2, 0), value=3.0); x.tril(); x.triu(1); x.diagonal()
x.trace()
x[x > 0]; x.clone(); x.float(); x.to(torch.float32); torch.zeros_like(x); torch.full((2, 3), 7.0); torch.arange(5)
torch.arange(1, 9, 2)
torch.take(x, i); x.scatter(1, j, y[:, :2]); x.scatter_add(1, j, y[:, :2]); x.index_add(0, i, x[:2]); x.index_put((i,), y[:2])
x.index_put((i,), y[:2], accumulate=True)
F.softmax(x, 1); F.log_softmax(x, 0); F.softmin(x, 1); F.layer_norm(x, (4,)); F.layer_norm(t, (4,), v, v); F.layer_norm(t, (3, 4))
F.batch_norm(x, None, None, training=True); F.batch_norm(x, v.detach().clone(), p[0].detach().clone(), v, v, training=True)
F.batch_norm(m, z.detach().clone(), z.detach().clone() + 2, z, z, training=True)
F.batch_norm(m, z.detach(), z.detach() + 2, z, z); F.batch_norm(m, None, None, z, z, True, 0.1); F.rms_norm(x, (4,), v)
F.embedding(j, w); F.cross_entropy(x, c); F.cross_entropy(x, c, reduction="sum"); F.cross_entropy(x, c, reduction="none")
F.cross_entropy(x, c, weight=p[0].detach()); F.cross_entropy(m, c2, weight=p[0, :3].detach()); F.cross_entropy(m, c2)
F.cross_entropy(m, c2, reduction="none"); F.cross_entropy(x, c, label_smoothing=0.1); F.nll_loss(x, c, ignore_index=1)
F.mse_loss(x, y); F.mse_loss(x, y, reduction="sum"); F.mse_loss(x, y, reduction="none"); F.l1_loss(x, y); F.smooth_l1_loss(x, y)
F.smooth_l1_loss(x, y, beta=0.5); F.huber_loss(x, y); F.huber_loss(x, y, delta=0.5); F.binary_cross_entropy(q, q.detach() / 2)
F.binary_cross_entropy(q, q.detach() / 2, weight=p.detach()); F.binary_cross_entropy_with_logits(x, q.detach())
F.binary_cross_entropy_with_logits(x, q.detach(), pos_weight=p[0].detach()); F.kl_div(x, q.detach())
F.soft_margin_loss(x, y.sign().detach())
F.cosine_similarity(x, y); F.hinge_embedding_loss(x, y.sign().detach()); F.poisson_nll_loss(x, p.detach())
F.gaussian_nll_loss(x, y, p)
F.scaled_dot_product_attention(a, a, a); F.scaled_dot_product_attention(a, a, a, is_causal=True)
F.scaled_dot_product_attention(a, a, a, attn_mask=y[:, :3].detach()); F.scaled_dot_product_attention(a, a, a, scale=0.3)
F.conv2d(m, k); F.conv2d(m, k, z[:2], stride=2, padding=1); F.max_pool2d(m, 2); F.max_pool2d(m, 3, 2, 1); F.avg_pool2d(m, 2)
F.adaptive_avg_pool2d(m, 1); torch.linalg.inv(s); torch.linalg.solve(s, x.T @ x); torch.linalg.det(s); torch.linalg.cholesky(s)
optimize(torch.optim.SGD, lr=0.1); optimize(torch.optim.SGD, lr=0.1, momentum=0.9, weight_decay=0.1, foreach=True)
optimize(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True, dampening=0, fused=True)
optimize(torch.optim.Adam, lr=0.1, foreach=False); optimize(torch.optim.Adam, lr=0.1, foreach=True, amsgrad=True)
optimize(torch.optim.Adam, lr=0.1, fused=True, weight_decay=0.1); optimize(torch.optim.AdamW, lr=0.1, fused=True, amsgrad=True)
optimize(torch.optim.AdamW, lr=0.1, foreach=True); optimize(torch.optim.RMSprop, lr=0.1, momentum=0.9)
optimize(torch.optim.Adagrad, lr=0.1)
optimize(torch.optim.Adagrad, lr=0.1, fused=True, weight_decay=0.1, lr_decay=0.1)
optimize(torch.optim.Adadelta, lr=0.1, foreach=True)
optimize(torch.optim.NAdam, lr=0.1); optimize(torch.optim.Adamax, lr=0.1); optimize(torch.optim.RAdam, lr=0.1)
"""

CALLS = [call.strip() for line in PROGRAMS.splitlines() for call in line.split(";") if call.strip()]

NOT_NUMPY = {
    "uniform", "normal", "bernoulli", "randint", "permutation", "empty", "empty_like", "conv_transpose2d", "conv2d_weight",
    "attention_backward", "avg_pool2d_backward", "reflection_pad", "item", "polygamma", "glu", "glu_backward",
}  # fmt: skip
"""Functions in formulas that are no more than names here."""


def tensors() -> dict[str, Any]:
    generator = torch.Generator().manual_seed(5)

    def drawn(*shape: int) -> Any:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()

    q = torch.sigmoid(drawn(3, 4)).detach().requires_grad_()
    root = drawn(4, 4).detach()
    return {
        "torch": torch, "F": torch.nn.functional, "x": drawn(3, 4), "y": drawn(3, 4), "p": (drawn(3,
        4).detach() ** 2 + 0.5).requires_grad_(),
        "w": drawn(4, 5), "b": drawn(5), "v": drawn(4), "t": drawn(2, 3, 4), "m": drawn(2, 3, 6, 6), "k": drawn(2, 3, 3, 3),
        "z": drawn(3),
        "a": drawn(2, 2, 3, 4), "q": q, "s": (root @ root.T + torch.eye(4, dtype=torch.float64)).requires_grad_(),
        "i": torch.tensor([2, 0]), "j": torch.tensor([[0, 1], [2, 3], [1, 0]]), "c": torch.tensor([1, 0, 3]),
        "c2": torch.randint(0, 3, (2, 6, 6), generator=generator), "optimize": optimize,
    }  # fmt: skip


def optimize(kind: Callable[..., Any], **settings: Any) -> None:
    weights = [torch.nn.Parameter(torch.tensor([[1.0, -2.0], [0.5, 0.25]], dtype=torch.float64)) for _ in range(2)]
    optimizer = kind(weights, **settings)
    for number in range(3):
        for weight in weights:
            weight.grad = torch.cos(weight.detach() + number)
        optimizer.step()


def recorded(call: str) -> StepTape:
    """The operations of a call and of the backward pass of its result."""
    tape = StepTape(Frames(Files(None)), TensorNames(), KnownCalls(), keep=True)
    names = tensors()
    with RecordingMode(lambda: tape):
        result = eval(call, names)
        if isinstance(result, torch.Tensor) and result.requires_grad:
            (result * torch.linspace(0.5, 1.5, result.numel(), dtype=result.dtype).reshape(result.shape)).sum().backward()
    return tape


def templates(tape: StepTape) -> Iterator[tuple[Operation, str]]:
    for each in tape.operations:
        if each.schema is not None:
            yield each, foreign_operation(each, tape.operations).template(len(each.inputs), parameters_of(each))


def softmax(x: Any, axis: int) -> Any:
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def logsumexp(x: Any, axis: Any) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis))


def add_at(what: Any, values: Any) -> Any:
    array, index = what
    copy = array.copy()
    np.add.at(copy, index, values)
    return copy


def write(what: Any, values: Any) -> Any:
    array, index = what
    copy = array.copy()
    copy[index] = values
    return copy


def unpool(g: Any, indices: Any, shape: Any) -> Any:
    planes = np.zeros((math.prod(shape[:2]), math.prod(shape[2:])))
    for plane, position, each in zip(planes, indices.reshape(len(planes), -1), g.reshape(len(planes), -1), strict=True):
        np.add.at(plane, position, each)
    return planes.reshape(shape)


def put_along_axis(x: Any, index: Any, values: Any, axis: int) -> Any:
    copy = x.copy()
    np.put_along_axis(copy, index, values[tuple(map(slice, index.shape))] if np.ndim(values) else values, axis)
    return copy


class Sub:
    """An array whose subscript is itself and the index, for functions that write at it."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> Any:
        return self.array, index


def conv2d(x: Any, w: Any, b: Any = None, stride: Any = 1, padding: Any = 0) -> Any:
    return torch.conv2d(*(None if each is None else torch.as_tensor(each) for each in (x, w, b)), stride, padding).numpy()


def max_pool2d(x: Any, *arguments: Any, **options: Any) -> Any:
    return torch.nn.functional.max_pool2d(torch.as_tensor(x), *arguments, **options).numpy()


def avg_pool2d(x: Any, *arguments: Any) -> Any:
    return torch.nn.functional.avg_pool2d(torch.as_tensor(x), *arguments).numpy()


def causal(scores: Any) -> Any:
    return np.where(np.tril(np.ones(scores.shape[-2:], dtype=bool)), scores, -np.inf)


def through_torch(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: function(*(torch.as_tensor(each) for each in arguments)).numpy()


NAMESPACE: dict[str, Any] = {
    **{name: getattr(np, name) for name in np.__all__ if name not in ("put_along_axis",)},
    **{name: through_torch(getattr(torch, name)) for name in ("erf", "erfc", "digamma", "logit", "sigmoid", "erfinv")},
    **{name: through_torch(getattr(torch.nn.functional, name)) for name in ("mish", "silu", "hardswish", "hardsigmoid", "relu6",
    "gelu")},
    "softmax": softmax, "log_softmax": lambda x, axis: np.log(softmax(x, axis)), "logsumexp": logsumexp, "pi": math.pi,
    "max": np.max, "min": np.min, "abs": np.abs, "sum": np.sum, "round": np.round, "any": np.any, "all": np.all, "pow": np.power,
    "one_hot": lambda y, n, axis=-1: np.moveaxis(np.eye(n)[y], -1, axis), "unpool": unpool, "add_at": add_at, "write": write,
    "put_along_axis": put_along_axis, "conv2d": conv2d, "max_pool2d": max_pool2d, "avg_pool2d": avg_pool2d,
    "causal": causal, "ndtr": through_torch(torch.special.ndtr), "gammaln": through_torch(torch.lgamma), "inv": np.linalg.inv,
    "solve": np.linalg.solve, "det": np.linalg.det, "cholesky": np.linalg.cholesky, "take": np.take, "size": np.size,
    "xlogy": through_torch(torch.xlogy), "astype": lambda x, dtype: x.astype(dtype), "float32": np.float32, "float64": np.float64,
    "gelu": lambda x, approximate="none": torch.nn.functional.gelu(torch.as_tensor(x), approximate=approximate).numpy(),
    "gelu_backward": lambda g, x, approximate: torch.ops.aten.gelu_backward(torch.as_tensor(g), torch.as_tensor(x),
    approximate=approximate).numpy(),
    "scatter_add": lambda x, i, s, axis: torch.scatter_add(*map(torch.as_tensor, (x,)), axis, torch.as_tensor(i),
    torch.as_tensor(s)).numpy(),
}  # fmt: skip


def computed(template: str, inputs: list[Any]) -> Any:
    """The value of a formula."""
    text = re.sub(r"\{(\d+)\}", r"v\1", template)
    text = re.sub(r"\b(add_at|write)\((v\d+|zeros\(\([\d, ]+\)\))\[", r"\1(Sub(\2)[", text)
    names = {**NAMESPACE, **{f"v{at}": each for at, each in enumerate(inputs)}, "Sub": Sub}
    first = next((each for each in inputs if isinstance(each, np.ndarray) and each.ndim), np.zeros(1))
    names["range"] = np.arange(len(first))
    with np.errstate(all="ignore"):
        return eval(text, names)


@pytest.mark.parametrize("call", CALLS)
def test_a_formula_computes_what_the_operation_computed(call: str) -> None:
    tape = recorded(call)
    for each, template in templates(tape):
        functions = set(re.findall(r"(\w+)\(", template))
        assert each.schema is not None
        if (
            base_name(each.kind) not in FORMULAS
            or functions & NOT_NUMPY
            or re.search(r"\)\.(?!T\b)\w+$|\)\[\d+\]$", template)
            or "topk(" in template
        ):
            continue
        inputs = [of.value if isinstance(of, Literal) else array_of(tape.operations[of].snapshot.tensor) for of in each.inputs]
        value = array_of(each.snapshot.tensor)
        found = np.broadcast_to(np.asarray(computed(template, inputs)), value.shape)
        tolerance = 1e-5 if value.dtype == np.float32 else 1e-6  # numbers in formulas have six digits
        np.testing.assert_allclose(found, value, rtol=tolerance * 10, atol=tolerance, err_msg=f"{each.kind}: {template}")


@pytest.mark.parametrize("call", CALLS)
def test_a_formula_can_be_parsed(call: str) -> None:
    for each, template in templates(recorded(call)):
        names = [Name(f"v{at}") for at in range(len(each.inputs))]
        assert not isinstance(parse_template(template).substitute(names), Opaque), (each.kind, template)


def test_most_rules_are_tested() -> None:
    seen = {base_name(each.kind) for call in CALLS for each in recorded(call).operations if each.schema is not None}
    assert len(seen & set(FORMULAS)) >= 150
