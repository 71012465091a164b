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
        "the gradients of step {step} are right: {numbers} number agrees with its derivative by complex step or differences,"
        " within the tolerance of tracer check; so do {rules} derivative rules by themselves",
        "the gradients of step {step} are right: {numbers} numbers agree with derivatives by complex step or differences, within"
        " the tolerance of tracer check; so do {rules} derivative rules by themselves",
    ),
    "check_wrong": "the gradients of step {step} are wrong: tracer check says where",
    "check_not_judged": "not all gradients of step {step} can be judged: tracer check says why",
    "check_without_values": "the gradients of step {step} were not checked: not all of its values are on record",
    "check_too_large": (
        "the gradients of step {step} were not checked: with {operations:,} operations and {numbers:,} numbers, that may take"
        " more than two seconds"
    ),
    "recorded_check_right": Plural(
        "parameters",
        "the gradients of step {step} are right: that of {parameters} parameter array agrees with differences of the loss, and"
        " {rules} derivative rules hold by themselves",
        "the gradients of step {step} are right: those of all {parameters} parameter arrays agree with differences of the loss,"
        " and {rules} derivative rules hold by themselves",
    ),
    "recorded_check_others": Plural(
        "others",
        "the gradients of step {step} are right, as far as the program lets them through: {parameters} parameter arrays agree"
        " with differences of the loss, {rules} derivative rules hold by themselves, and the program itself stops or changes the"
        " gradient of {others} other",
        "the gradients of step {step} are right, as far as the program lets them through: {parameters} parameter arrays agree"
        " with differences of the loss, {rules} derivative rules hold by themselves, and the program itself stops or changes the"
        " gradients of {others} others",
    ),
    "program_check_right": "every update follows the gradient ({updates} in all)",
    "program_check_other_loss": "every update follows the gradient of another loss ({updates} in all)",
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
    "backprop_not_measured": (
        "no recorded update of {file} is of a value that a loss is computed from; --loss NAME says which variable is the loss"
    ),
    "backprop_nothing_updated": (
        "{reason} in {file}: it is a new value of a variable that the loss is computed from, as by w = w - rate * gradient"
    ),
    "backprop_unused": (
        "no update of a parameter was found in {file}: {name} (line {line}) is computed from {of}, and no recorded operation"
        " uses it; assigned to {of}, it is an update"
    ),
    "backprop_no_name": "no recorded value of {file} is named {name}: --loss takes the name of the variable that is the loss",
    "backprop_near_name": "no recorded value of {file} is named {name}; did you mean {near}?",
    "backprop_no_number": "{name} (line {line} of {file}) is no single floating-point number, as a loss is",
    "backprop_not_of_updates": "{name} (line {line} of {file}) is not computed from a value that is updated",
    "backprop_not_recorded": "the gradient has to pass through what has no derivative here: {problem}",
    "backprop_not_clear": "the updates do not follow the gradient of a loss that was found, and no statement is surely the place",
    "backprop_departs_sometimes": Plural(
        "count",
        "{count} of {updates} updates of {name} does not follow its gradient, update {first}",
        "{count} of {updates} updates of {name} do not follow its gradient, the first of them is update {first}",
    ),
    "backprop_turned": (
        "the first update of {name} goes along its gradient in some elements and against it in others, and no statement is surely"
        " the place"
    ),
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
    "backprop_no_gradient": "Its result is not the gradient of the loss with respect to any value of the program.",
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
    # What the rules of `tracer doctor` found in a run, and what people do about it.
    "doctor_not_finite": "{name} is the first number that is NaN or infinite; it reaches {result} in step {step}",
    "advice_not_finite": (
        "tracer blame shows the way to it. People lower the learning rate, clip gradients, keep logarithms, divisions and square"
        " roots away from 0 with a small epsilon, and look for NaN in the data."
    ),
    "doctor_not_falling": "the loss does not fall: on average {first} at the start and {last} at the end of {steps} steps",
    "advice_not_falling": (
        "People check the gradients (tracer check), try learning rates larger and smaller by factors of 10, try to fit a single"
        " batch, and look whether labels belong to their inputs."
    ),
    "doctor_oscillating": (
        "the loss oscillates: it turns in {swings} of {steps} steps by {size} of itself or more, with the same data"
    ),
    "doctor_oscillating_epochs": "the loss oscillates: its mean turns in {swings} of {epochs} epochs by {size} of itself or more",
    "advice_oscillating": (
        "People lower the learning rate by a factor of 3 to 10, or let it fall with a schedule; and momentum, where there is any."
    ),
    "doctor_initial_loss": (
        "the cross-entropy is {loss} at the start, that of guessing among {classes} classes is ln {classes} = {expected}"
    ),
    "advice_initial_loss": (
        "People make the weights of the last layer small and its bias 0, and look whether the loss gets what it takes: logits or"
        " probabilities."
    ),
    "doctor_wrong_gradient": "{verdict}",
    "advice_wrong_gradient": "tracer check runs the file again and shows the first wrong line, with what is right before it.",
    "doctor_vanishing": "the gradient of {first} is {ratio} times as long as that of {last}; by layer: {layers}",
    "doctor_small_gradient": (
        "the gradient of {name} is next to nothing: {size} an element or less (root mean square) in all {steps} steps looked at"
    ),
    "advice_vanishing": (
        "People take ReLU and its relatives in place of tanh and the logistic function, scale the initial weights to the width of"
        " the layer (Glorot, He), and add normalisation or residual connections."
    ),
    "doctor_exploding": (
        "the gradient of {first} is {ratio} times as long as that of {last}, and the loss rises; by layer: {layers}"
    ),
    "doctor_growing_gradient": "the gradient of {name} grows from {first} to {last} in length, and the loss rises",
    "advice_exploding": (
        "People clip gradients to a length of 1, lower the learning rate, scale the initial weights to the width of the layer;"
        " recurrent networks start from orthogonal matrices or have gates."
    ),
    "doctor_zero_gradient": "every element of the gradient of {name} is exactly 0 in all {steps} steps looked at",
    "advice_zero_gradient": (
        "Something cuts it off: dead units, a function with steps such as round or argmax, .detach(), a mask, or weights behind"
        " it that are 0."
    ),
    "doctor_large_update": "an update of {name} is {ratio} times as long as {name} itself (median of the steps looked at)",
    "advice_large_update": "A ratio of some 0.001 is usual. People lower the learning rate, or clip gradients.",
    "doctor_small_update": "an update of {name} is only {ratio} times as long as {name} itself (median of the steps looked at)",
    "advice_small_update": (
        "A ratio of some 0.001 is usual. People raise the learning rate; in float32, changes below 1e-7 of a weight are lost."
    ),
    "doctor_never_moves": "{name} is updated and stays as it is in all {steps} steps looked at; its gradient is of length {size}",
    "advice_never_moves": (
        "The learning rate may be 0, or the change smaller than the rounding of the dtype: tracer log --phase update shows it."
    ),
    "doctor_left_out": "{name} is not updated in the {steps} steps looked at, though its gradient is computed, of length {size}",
    "advice_left_out": (
        "It may be missing in what the optimizer is given. If {name} is frozen on purpose, its gradient need not be computed."
    ),
    "doctor_dead": "{dead} of {units} units of {name} are dead: each is 0 for {share} or more of the {samples} samples looked at",
    "advice_dead": (
        "People lower the learning rate, start biases at 0 or a little above, take leaky ReLU, ELU or GELU, and scale the inputs."
    ),
    "doctor_saturated": "{share} of the elements of {name} are saturated: {limit}",
    "advice_saturated": (
        "People scale the inputs, make the initial weights smaller (Glorot: variance 2 / (inputs + outputs)), or take ReLU."
    ),
    "doctor_unscaled": "{name} enters the layer of {weights} with a mean of {mean} and a standard deviation of {std}",
    "advice_unscaled": (
        "People scale inputs to mean 0 and standard deviation 1, images to [0, 1] by x / 255; with large inputs only tiny"
        " learning rates work."
    ),
    "doctor_imbalance": "class {rare} has {least} of the {count} samples looked at, class {frequent} has {most}",
    "advice_imbalance": (
        "People weight the loss by class, draw samples of rare classes more often, and measure more than accuracy."
    ),
    # What the rules did not look at, and why.
    "rule_not_falling": "whether the loss falls",
    "rule_oscillating": "whether the loss oscillates",
    "rule_wrong_gradient": "the gradients that the program computes itself",
    "rule_updates": "the size of updates",
    "rule_dead": "dead units",
    "rule_saturated": "saturated activations",
    "unseen_several_losses": "several losses are trained against each other",
    "unseen_maximised": "by its name it is to be large",
    "unseen_few_steps": Plural(
        "count",
        "{count} step is too few to tell, at least {least} are needed",
        "{count} steps are too few to tell, at least {least} are needed",
    ),
    "unseen_batches": "each step has other data, and there are too few epochs",
    "unseen_noise": "each step has other data, and their losses differ too much in so few steps",
    "unseen_unchecked": "they were not checked at the end of the run: tracer check does it",
    "unseen_values": "not all values of {names} are on record",
    "unseen_units": "of {names} the values are not on record, or it cannot be told which axis has the units",
    # Gradients of a program of another library: what is wrong with one, why it cannot be told, what the program does to it.
    "gradient_function_wrong": "the gradient of {value} that it gives back is wrong",
    "gradient_changed_memory": "its backward pass reads what {place} wrote over the values of the forward pass: {text}",
    "gradient_changed_outside": "{value} has other numbers in its backward pass: something that is not recorded wrote over them",
    "gradient_left_over": "it has the gradient of earlier steps in it: it was not set to zero",
    "gradient_of_constant": (
        "it gives back a gradient where its result does not change with {value}: straight-through, or a mask is missing"
    ),
    "gradient_function_kink": "the gradient of {value} that it gives back is another one, and differences do not settle there",
    "gradient_rule_differs": "what comes back through {op} is not its derivative, and the record does not say why",
    "gradient_sum_differs": "the gradient of {value} is not the sum of what comes back from its uses, and none is surely wrong",
    "gradient_not_computed": "it comes through {op}, which cannot be computed again in float64",
    "gradient_not_on_record": "its gradient is not on record",
    "gradient_unknown_way": "its gradient came by a way that is not on record",
    "gradient_differences_differ": "differences of the loss do not agree with PyTorch's derivatives",
    "gradient_reference_unsettled": "differences of the loss do not settle here",
    "gradient_hook": "a hook changes the gradient of {value}",
    "gradient_as_it_is": "{function} gives its input on as it is, and changes the gradient",
    "gradient_straight_through": "{function} gives back a gradient, though its result is constant: a straight-through gradient",
    "gradient_not_given": "{function} gives back no gradient of {value}",
    "gradient_nan": "it is not finite: tracer blame says where that begins",
    "gradient_set": "the program sets its gradient itself",
    "gradient_no_dependence": "the loss does not depend on it",
    "gradient_not_asked": "no gradient of it is asked for",
    "gradient_stopped_at": "it is stopped at {place}",
    "gradient_no_grad": "no gradient flows back to {values}, used without gradients here: {text}",
    "gradient_detached": "no gradient flows back to {values}, detached here: {text}",
    "gradient_edited": Plural(
        "count",
        "changes the gradient of {count} parameter before the update: {text}",
        "changes the gradients of {count} parameters before the update: {text}",
    ),
}
"""The text of each code. Codes are part of the trace file format: new ones may be added, existing ones keep their fields."""
