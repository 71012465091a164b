"""The booklet of eight pages, and the commands that go on from a run."""

from __future__ import annotations

from collections.abc import Mapping

MESSAGES: Mapping[str, str] = {
    # The run
    "Settings: {names}": "设置：{names}",
    "Versions: {names}": "版本：{names}",
    "{count}: {names}": "{count}：{names}",
    "How to read this": "如何阅读",
    "Pages 2 to 5 follow step {step} through its phases, with its numbers: forward, loss, backward, update.": (
        "第 2 至 5 页按阶段跟随第 {step} 步的数值：前向传播、损失、反向传播、参数更新。"
    ),
    "dL/dW has the shape of W. Each of its elements says by how much the loss L grows, per unit, when this element of W grows.": (
        "dL/dW 与 W 形状相同。它的每个元素表示：W 的这个元素每增加一单位，损失 L 增加多少。"
    ),
    "The chain rule is applied one operation at a time: {g} is the gradient that arrives from the loss. Where a value is used"
    " several times, its gradients are added up.": (
        "链式法则一次只用于一个运算：{g} 是从损失传来的梯度。一个值使用多次时，各处的梯度相加。"
    ),
    "{number} is operation {id} of step {step}, here, in the log and in commands; beside it stands the line of the program. A"
    " number that is missing is of an operation inside the formula of another.": (
        "{number} 是第 {step} 步的第 {id} 个运算，在本手册、日志和命令中相同；旁边是程序的行号。缺少的编号属于写在其他公式之内的运算。"
    ),
    "Numbers are rounded for print, mostly to four digits: who computes with them may get another last digit.": (
        "数值显示时经过舍入，大多为四位有效数字：用它们计算，最后一位可能不同。"
    ),
    "~0 is a number that would be 0 without rounding errors.": "~0 是本应为 0、因舍入误差而不为 0 的数。",
    # Forward and loss
    "Step {step}: forward": "第 {step} 步：前向传播",
    "From the data to the prediction, in the order of the program. One number of each result is worked out; of the terms of a sum,"
    " the largest come first.": "从数据到预测值，按程序的顺序。每个结果算出其中一个数；和式中最大的项在前。",
    "Of the terms of a sum, the largest come first.": "和式中最大的项在前。",
    "Of arrays with {count} rows, one for each row of the data, row {row} is shown.": (
        "数据有 {count} 行；与数据逐行对应的数组，只显示第 {row} 行（从 0 数起）。"
    ),
    "This step has no forward pass.": "这一步没有前向传播。",
    "The forward pass is inside {function}, and is counted under the loss: see the next page.": (
        "前向传播在 {function} 之内，计入损失：见下一页。"
    ),
    "The forward pass is counted under the loss: see the next page.": "前向传播计入损失：见下一页。",
    "Step {step}: loss": "第 {step} 步：损失",
    "One number says how bad the prediction is. The backward pass begins with it.": "用一个数衡量预测有多差。反向传播从它开始。",
    # Backward
    "Step {step}: backward": "第 {step} 步：反向传播",
    "From the loss back to the parameters: a rule takes {g}, the gradient with respect to the result of an operation, and gives"
    " that with respect to its input. Of the terms of a sum, the largest come first.": (
        "从损失回到参数：规则由 {g}（对一个运算结果的梯度）得出对该运算输入的梯度。和式中最大的项在前。"
    ),
    "The largest number of each gradient is worked out.": "每个梯度算出其中最大的数。",
    "{name}, the largest number of its gradient, is followed back to the loss: on this path, the element that enters it is worked"
    " out; elsewhere one that is computed from these, or else the largest.": (
        "{name} 是其梯度中最大的数，由它逐步追溯到损失：路径上的每个梯度算出参与计算它的元素；其他梯度算出由这些元素得到的一个元素，"
        "没有时算出最大的。"
    ),
    "with {numbers}": "其中 {numbers}",
    "No gradient is on record for this step.": "这一步没有记录梯度。",
    "{number}, back through {twin}": "{number}，经 {twin} 返回",
    "{number}, back through {twin} in {whole}": "{number}，经 {whole} 中的 {twin} 返回",
    "{value} is used several times: what comes back from its uses is added up": "{value} 使用多次：各处传回的梯度相加",
    "{forward}: the rule for {value} is {rule}, where {g} = {arriving} arrives": (
        "{forward}：对 {value} 的规则是 {rule}，传来的是 {g} = {arriving}"
    ),
    "All {count} numbers are 0.": "全部 {count} 个数都是 0。",
    "To first order, raising {name} by {change} raises {loss} by {effect}.": (
        "一阶近似下，{name} 增加 {change}，{loss} 增加 {effect}。"
    ),
    "To first order, raising {name} by {change} lowers {loss} by {effect}.": (
        "一阶近似下，{name} 增加 {change}，{loss} 减少 {effect}。"
    ),
    "{count}, {zeros} of them 0": "{count}，其中 {zeros} 个为 0",
    # Update
    "Step {step}: update": "第 {step} 步：参数更新",
    "The update of one element, {name}, with its numbers": "一个元素 {name} 的更新，代入数值",
    "Change": "变化",
    "a running mean of {what}: {share} of it is new": "{what}的滑动平均：新值占 {share}",
    "the gradient": "梯度",
    "the square of the gradient": "梯度平方",
    "the running means begin at 0, and 1 - {base} ** t corrects this; t = {t} counts the updates": (
        "滑动平均从 0 开始，1 - {base} ** t 修正这一点；t = {t} 是更新的次数"
    ),
    "{factor} is {rate} / (1 - {kept} ** {t}), which corrects that the running means begin at 0; {t} counts the updates": (
        "{factor} 是 {rate} / (1 - {kept} ** {t})，修正从 0 开始的滑动平均；{t} 是更新的次数"
    ),
    "Every number changes by the learning rate, {rate} (to within 0.1%), against the sign of its gradient.": (
        "每个数的变化都等于学习率 {rate}（相差不超过 0.1%），方向与其梯度的符号相反。"
    ),
    "The running means were 0 before: the mean of the gradient is divided by the root of the mean of its square, and both are of"
    " this gradient alone.": "滑动平均此前为 0：梯度的平均除以其平方的平均的平方根，两者都只含这一个梯度。",
    "This step updates no parameter.": "这一步不更新参数。",
    # Curves
    "The run in curves": "运行的曲线",
    "step": "步",
    "Everything that was measured, over the steps.": "各步测得的全部数值。",
    "Numbers whose names end alike are in one chart.": "名称结尾相同的数值画在同一张图中。",
    "A vertical axis goes from the smallest number to the largest: it does not begin at 0.": (
        "纵轴从最小值到最大值，不从 0 开始。"
    ),
    "The loss of a step is computed before its update: the effect of the last update is not in it.": (
        "每步的损失在该步更新之前算出：其中不含最后一次更新的效果。"
    ),
    "Nothing was measured at two steps.": "没有在两步测得的数值。",
    "The parameters, all with the same vertical axis: each element, or the smallest, the mean and the largest of many. The last"
    " point is after the last update.": "各参数，纵轴刻度范围相同：画出每个元素；元素多时画最小值、均值和最大值。最后一点是最后一次更新之后的值。",
    # What to look at
    "What to look at": "值得注意之处",
    "What the record says of this run.": "从记录看这次运行。",
    "Are the gradients right?": "梯度的正确性",
    "Not checked.": "未检查。",
    "This command checks them:": "可用以下命令检查：",
    "The first gradient is {equation}.": "第一个梯度是 {equation}。",
    "What was measured, from the first step to the last": "从第一步到最后一步的测量值",
    "{name} did not change: it is {value} at each of {steps} steps.": "{name} 没有变化：{steps} 步中每一步都是 {value}。",
    "{name} did not change: it is {value} at each of the {count} steps at which it was measured.": (
        "{name} 没有变化：在测量它的 {count} 步中每一步都是 {value}。"
    ),
    "{name} is {start} at step {first} and {end} at step {last}": "{name} 在第 {first} 步为 {start}，在第 {last} 步为 {end}",
    "{sentence}, after other values between them.": "{sentence}，其间有别的值。",
    "{sentence}.": "{sentence}。",
    "{sentence}: {share}% lower.": "{sentence}，降低 {share}%。",
    "{sentence}: {share}% higher.": "{sentence}，升高 {share}%。",
    "Is everything finite?": "数值的有限性",
    "Not looked at.": "未查看。",
    "Every loss, gradient and update on record is finite.": "记录中的损失、梯度和更新都是有限的。",
    "The largest gradients, step {step}": "最大的梯度，第 {step} 步",
    "No gradient is on record.": "没有记录梯度。",
    "length (l2)": "长度（l2）",
    "largest element": "最大元素",
    "What training debuggers look for": "训练调试器查看的问题",
    "The {count} checks of tracer doctor found nothing.": "tracer doctor 的 {count} 项检查没有发现问题。",
    "These checks look for what is not finite; a loss that does not fall, oscillates or begins too high; gradients that vanish,"
    " explode or are 0; updates that are too large or too small, and parameters that never move; dead or saturated"
    " units; unscaled inputs; classes of unequal size.": (
        "这些检查所找的是：非有限的数；不下降、振荡或开始时过高的损失；消失、爆炸或为 0 的梯度；过大或过小的更新，从不变化的参数；"
        "死单元或饱和的单元；未缩放的输入；大小不等的类别。"
    ),
    "Did every parameter move?": "参数是否都有变化",
    "{name}: {count:,} of {total:,} numbers are the same after step {last} as before step {first}.": (
        "{name}：{total:,} 个数中有 {count:,} 个在第 {last} 步之后与第 {first} 步之前相同。"
    ),
    "Every number of every updated parameter differs after step {last} from what it was before step {first}.": (
        "每个被更新参数的每个数在第 {last} 步之后都与第 {first} 步之前不同。"
    ),
    # Where to go on
    "Where to go on": "继续查看",
    "open {path}, or try": "打开 {path}，或试用",
    "Here trace.sqlite stands for the trace file of the run.": "此处 trace.sqlite 代表这次运行的记录文件。",
    "{number} is the number of an operation, here and in every command: step {step}, operation {id}.": (
        "{number} 是一个运算的编号，在本手册和各命令中相同：第 {step} 步，第 {id} 个运算。"
    ),
    "one number, with all the terms that it is made of": "一个数，以及组成它的全部各项",
    "a parameter: its values, its gradient, its course over the steps": "一个参数：数值、梯度以及各步的变化",
    "every operation of a step, a line each": "一步的每个运算，各占一行",
    "the booklet with all operations": "包含全部运算的手册",
    "a picture of a step: values with their gradients and rules": "一步的图：数值及其梯度和规则",
    "what this one number depends on, through all phases": "这个数在各阶段依赖什么",
    "whether the gradients are right": "梯度是否正确",
    "what made a result NaN or infinite": "什么使结果成为 NaN 或无穷大",
    "every recorded operation computed again, compared with the record": "重新计算记录中的每个运算，与记录比较",
    "the first difference from another run: {other} stands for its file": "与另一次运行的第一处不同：{other} 代表它的文件",
    "the record as data for other programs": "把记录导出为其他程序可用的数据",
}
