"""English text of messages that are stored by code; all other messages are English in the source."""

from __future__ import annotations

from collections.abc import Mapping

from tracer.i18n.template import Plural, Template

CODED: Mapping[str, Template] = {
    # Why a run ended.
    "interrupted": "interrupted",
    "not_ended": "the run did not end",
    "stopped_by_error": "stopped by {error}",
    "stopped_after_epochs": Plural("epochs", "stopped after {epochs} epoch: {reason}", "stopped after {epochs} epochs: {reason}"),
    "not_improved": Plural(
        "patience",
        "{monitor} had not improved for {patience} epoch",
        "{monitor} had not improved for {patience} epochs in a row",
    ),
    "not_improved_by": Plural(
        "patience",
        "{monitor} had not improved by {tolerance:g} for {patience} epoch",
        "{monitor} had not improved by {tolerance:g} for {patience} epochs in a row",
    ),
    "text": "{text}",
    # What a check of the gradients found at the end of a run.
    "check_right": Plural(
        "numbers",
        "the gradients of step {step} are right: {numbers} number agrees with its derivative found without derivative rules, and"
        " so do {rules} rules by themselves",
        "the gradients of step {step} are right: {numbers} numbers agree with derivatives found without derivative rules, and so"
        " do {rules} rules by themselves",
    ),
    "check_wrong": "the gradients of step {step} are wrong: tracer check says where",
    "check_not_judged": "not all gradients of step {step} can be judged: tracer check says why",
    "program_check_right": "every update follows the gradient ({updates} looked at)",
    "program_check_other_loss": "every update follows the gradient of another loss ({updates} looked at)",
    "program_check_wrong": "the hand-written gradients are wrong, first in line {line}: {statement}",
    "program_check_departs": "updates do not follow the gradient: tracer check says which",
    "program_check_unknown": "whether the hand-written gradients are right cannot be told: {reason}",
    # Why a value is not on record, only its statistics.
    "not_retained": "not all values were to be kept (record the run with --values all)",
    "too_large": "an array of {size:,} bytes is larger than a file can hold ({limit:,} bytes)",
    "too_large_several": "arrays of {smallest:,} to {largest:,} bytes are larger than a file can hold ({limit:,} bytes)",
    "dtype_not_storable": "a file cannot hold arrays of dtype {dtype}",
    # Why an operation cannot be compared with the record.
    "other_shape": "its inputs do not give the shape {shape}",
    "not_computable": "it cannot be computed again: {error}: {text}",
    "other_array": "it gives {computed_dtype}{computed_shape}, recorded is {recorded_dtype}{recorded_shape}",
    # Steps at the same position of two runs.
    "step": "step {step}",
    "step_at_place": "step {step} at place {place}",
    # How gradients were checked.
    "complex_step": "complex step",
    "differences": "differences in {operations}",
    # What is wrong with a derivative rule or its operation.
    "rule_wrong": "is wrong",
    "rule_raises": "raises {error}: {text}",
    "rule_changes_arrays": "changes an array that it was given",
    "rule_not_repeatable": "gives another result when it is run again",
    "rule_not_linear": "is not linear in its cotangent: a gradient that is larger counts differently",
    "rule_returns_double": (
        "returns {returned} for an input of {wanted}; a NumPy number such as np.log(2) is float64, float(np.log(2)) is not"
    ),
    "rule_returns_dtype": "returns {returned} for an input of {wanted}",
    "rule_of_changed_inputs": "belongs to an operation that changes its inputs",
    "rule_of_other_shape": "belongs to an operation that computes another shape from what is on record",
    "rule_of_other_value": "belongs to an operation that computes something else from what is on record",
    "rule_of_zero": "makes something of nothing: for a cotangent of 0 its result is not 0",
    "rule_detaches": "stops a gradient (.detach()): derived again, it would be wrong",
    "rule_takes_numbers": "takes numbers out of the record (.value, .item()): derived again, it would be wrong",
    "rule_not_settled": "cannot be told: differences do not settle here",
    "rule_beside_kink": "is not between the slopes on both sides, {least:.6g} and {most:.6g}",
    "not_finite": "is not finite, and the gradients are computed from it",
    # Why an element of a gradient has no error.
    "gradient_not_finite": "it is not finite",
    "both_infinite": "it is infinite, as the derivative is",
    "reference_not_finite": "its reference is {expected}",
    "reference_varies": "its reference is {one} with one step and {other} with a shorter one",
    "reference_uncertain": "its reference is too uncertain",
    "too_many_unrated": "too many of them have no reference",
    # How the recorded run differs from the same function on plain arrays.
    "plain_run_raises": "not compared with a run on plain arrays, which raises {error}: {text}",
    "plain_run_returns": "is one number, and with plain arrays the function returns {returned}",
    "plain_run_value": "is {found!r}, and with plain arrays the function returns {expected!r}",
    "plain_run_slope": (
        "changes by {found:.3g} along a random direction as the gradients say, and with plain arrays by {expected:.3g}"
    ),
    "plain_run_stopped": (
        "along a random direction the loss changes by {found:.3g} as the gradients say, and with plain arrays by {expected:.3g}:"
        " a gradient is stopped (.detach())"
    ),
    "plain_run_nearby": "changes by {found:.9g} at arguments nearby, and with plain arrays by {expected:.9g}",
    # Why a picture was not drawn.
    "layout_too_slow": "its layout took over {seconds:g} s",
    "no_time_left": "the layouts of all pictures together took over {seconds:g} s",
    "layout_failed": "{program} failed: {problem}",
    "too_many_boxes": "its {boxes} boxes and {arrows} arrows are too many to lay out",
    "too_long_to_read": "it would be {width} by {height} points, too long to be read",
    "too_many_numbers": "{count} numbers are more than a picture can show ({limit})",
    "too_many_numbers_into": "more than {limit} numbers go into {name}",
    "too_many_numbers_behind": "more than {limit} numbers depend on {name}",
    "too_many_to_search": "there are too many numbers behind {name} to look through",
    "numbers_not_storable": "not all of its numbers are on record: {reason}",
    "numbers_not_kept": "its numbers are not on record, only their statistics; tracer trace --values all records them",
    # What the record of a program does not know of a value.
    "mark_unknown_origin": "computed in a way that is not recorded",
    "mark_changed_outside": "changed by something that is not recorded",
    "mark_added": "not computed by the program in this step",
    "mark_left": "given to {function}, which is not recorded",
    # Why the hand-written gradients of a program cannot be judged, and what is wrong with a statement.
    "backprop_no_updates": "no update of a parameter was found",
    "backprop_no_loss": "no loss was found that depends on the parameters: --loss NAME says which it is",
    "backprop_not_recorded": "the gradient has to pass through what has no derivative here: {problem}",
    "backprop_not_clear": "the updates do not follow the gradient of a loss that was found, and no statement is surely the place",
    "backprop_same_data": (
        "the updates follow this residual, and not the gradient of {name} (line {line}), which is computed of the same data"
    ),
    "backprop_missing": "What comes through line {lines} is missing: it is not the whole gradient of {name}.",
    "backprop_part": "It is only a part of the gradient of {name}.",
    "backprop_with_all": "with the whole gradient of {name} what follows is right.",
    "backprop_not_zeroed": "The gradients of earlier steps are still in {name}: it is not set back to zero.",
    "backprop_zeroed": "with {name} set to zero before each step the update is right.",
    "backprop_term": "What comes through line {line} enters it times {factor}, the rest of the gradient does not.",
    "backprop_gradient_instead": "with dL/d({of}) in place of {name} this line is right.",
    "backprop_wrong": "The values that it uses are right, and its result is not the gradient.",
    "backprop_no_gradient": "Its result is the gradient of nothing that the loss depends on.",
    "backprop_factor": "The gradient of {names} has a factor {factor} more than those of the others.",
    "backprop_opposite": "What moves {names} has the opposite sign of what moves the others: it goes along the gradient.",
    "backprop_uphill": "{name} moves along its gradient, and not against it: the loss rises.",
    "backprop_minus": (
        "This is minus the gradient, and line {line} moves {name} against it: along the gradient, so the loss rises."
    ),
    "backprop_never_updated": "{name} is never updated: its gradient is computed here, and nothing uses it.",
    "backprop_several_never_updated": ("{names} are never updated: their gradients are computed here, and nothing uses them."),
    "backprop_softmax_axis": (
        "The output is normalised over axis {axis}, the target sums to 1 over axis {wanted}; the backward pass is that of a"
        " softmax over axis {wanted}."
    ),
    "backprop_with_statement": "with this statement the program was run, and its updates are right:",
    "backprop_stale": "{name} was already changed on line {line}; with the value that it had before, this line is right.",
    "backprop_other_value": "with {other} in place of {name} this line is right.",
    "backprop_axis": "reduced over axis {axis}, this line is right.",
    "backprop_without": "without {text} this line is right.",
    "backprop_derivative_missing": "times the derivative of {name} (line {line}) this line is right.",
    "backprop_derivative_twice": "without the derivative of {name} (line {line}) this line is right.",
    "backprop_reversed": "reversed along axis {axis}, this line is right.",
    "backprop_transposed": "transposed, this line is right.",
}
"""The text of each code. Codes are part of the trace file format: new ones may be added, existing ones keep their fields."""
