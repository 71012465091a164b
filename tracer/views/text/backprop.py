"""What was found about the hand-written gradients of a program, as text."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.i18n.language import ENGLISH, Language
from tracer.programs.gradients.report import (
    BackpropReport,
    Fault,
    Following,
    LossKind,
    Measure,
    ParameterFinding,
    Scale,
    Trusted,
    Verdict,
)

STALE = "backprop_stale"
"""The edit by which one of the values is not right: it was changed before."""


def backprop_lines(report: BackpropReport, tell: Language = ENGLISH) -> Iterator[str]:
    """The lines of `tracer check` of a program."""
    if report.loss is not None:
        program = tell(", ").join((_loss_text(report.loss, tell), tell.count(len(report.parameters), "parameter")))
        yield program + tell("; ") + tell.count(report.updates, "update")
        yield from _parameter_lines(report.parameters, tell)
    match report.verdict:
        case Verdict.RIGHT:
            yield from _right_lines(report, tell)
        case Verdict.OTHER_LOSS:
            assert report.other_loss is not None
            yield tell("Every update follows the gradient of another loss: {loss}.", loss=_loss_text(report.other_loss, tell))
        case Verdict.UNKNOWN:
            assert report.reason is not None
            yield tell("This cannot be told: {reason}", reason=tell.message(report.reason))
    if report.verdict is not Verdict.WRONG:
        yield from _scale_lines(report.scale, tell)
    for position, fault in enumerate(report.faults):
        yield from _fault_lines(fault, position == 0, tell)


def _right_lines(report: BackpropReport, tell: Language) -> Iterator[str]:
    """That updates follow the gradient, and what of them was not judged."""
    has_unknown = any(each.following is Following.UNKNOWN for each in report.parameters)
    if has_unknown or report.not_finite or report.left:
        yield tell("Every update that was judged follows the gradient.")
    elif report.unjudged:
        yield tell("Every update is made of the gradient.")
    else:
        yield tell("Every update follows the gradient.")
    if report.not_finite:
        updates = tell.count(report.not_finite, "update")
        yield tell("Not judged: {updates} with numbers that are NaN or infinite.", updates=updates)
    if report.left:
        yield tell("Not judged: the last {updates}.", updates=tell.count(report.left, "update"))
    if report.unjudged:
        names = tell(", ").join(report.unjudged)
        yield tell("Not judged: how momentum, Adam, clipping or the like use the gradient of {names}.", names=names)


def _loss_text(loss: Measure, tell: Language) -> str:
    match loss.kind:
        case LossKind.COMPUTED:
            return tell("loss `{name}`, line {line}", name=loss.name, line=loss.line)
        case LossKind.SQUARED_ERROR:
            return tell("squared error of the residual `{name}`, line {line}", name=loss.name, line=loss.line)
        case LossKind.CROSS_ENTROPY:
            return tell("cross-entropy with the residual `{name}`, line {line}", name=loss.name, line=loss.line)


def _parameter_lines(parameters: tuple[ParameterFinding, ...], tell: Language) -> Iterator[str]:
    width = max((len(each.name) for each in parameters), default=0)
    for each in parameters:
        yield f"  {each.name:{width}}  {_following_text(each, tell)}"


def _following_text(finding: ParameterFinding, tell: Language) -> str:
    match finding.following:
        case Following.FOLLOWS:
            return tell("follows its gradient")
        case Following.DEPARTS:
            return tell("does not follow its gradient")
        case Following.FIXED:
            return tell("is not updated; its gradient is computed") if finding.has_gradient else tell("is not updated")
        case Following.UNKNOWN:
            return tell("cannot be told")


def _scale_lines(scale: Scale, tell: Language) -> Iterator[str]:
    if scale.averaged:
        yield tell(
            "All gradients are {factor} times the true ones: they are without the 1/{factor} of the mean on line {line}.",
            factor=scale.averaged,
            line=scale.line,
        )
        if scale.is_step:
            yield tell("This acts as a {factor} times larger learning rate.", factor=scale.averaged)
    elif scale.factor != 1:
        factor = f"{scale.factor:.6g}"
        yield tell("All gradients are {factor} times the true ones: a common factor is not an error.", factor=factor)
    elif scale.rate > 0:
        yield tell("Every update subtracts {rate} times the gradient.", rate=f"{scale.rate:.6g}")
    elif scale.rate < 0:
        yield tell("Every update adds {rate} times the gradient.", rate=f"{-scale.rate:.6g}")


def _fault_lines(fault: Fault, is_first: bool, tell: Language) -> Iterator[str]:
    if is_first:
        yield tell("First wrong step: line {line}", line=fault.line)
    else:
        yield tell("Also wrong: line {line}", line=fault.line)
    yield f"    {fault.statement}"
    for each in fault.trusted:
        yield f"  {_trusted_text(each, tell)}"
    if fault.repair is None or fault.repair.edit.code != STALE:
        yield f"  {tell.message(fault.reason)}"
    if fault.repair is not None:
        yield f"  {tell('Checked: {edit}', edit=tell.message(fault.repair.edit))}"
        if fault.repair.statement:
            yield f"    {fault.repair.statement}"


def _trusted_text(trusted: Trusted, tell: Language) -> str:
    name, line, of = trusted.name, trusted.line, trusted.of
    if trusted.through:
        return tell(
            "{name} (line {line}) is right: the part of dL/d({of}) through {through}",
            name=name, line=line, of=of, through=trusted.through,
        )  # fmt: skip
    return tell("{name} (line {line}) is right: dL/d({of})", name=name, line=line, of=of)
