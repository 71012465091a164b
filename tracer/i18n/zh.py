"""The Chinese catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from tracer.i18n.template import Plural, Template

COUNTED: Mapping[str, str] = {
    "element": "{count} 个元素",
    "gradient": "{count} 个梯度",
    "input": "{count} 个输入",
    "operation": "{count} 个运算",
    "other step": "另外 {count} 步",
    "parameter": "{count} 个参数",
    "parameter array": "{count} 个参数数组",
    "rule": "{count} 条求导规则",
    "set": "{count} 组",
    "step": "{count} 步",
    "sum": "{count} 个随机和",
    "term": "{count} 项",
    "use": "使用 {count} 次",
    "update": "{count} 次更新",
    "value": "{count} 个值",
}
"""Counts of things, by the English noun in the singular."""

MESSAGES: Mapping[str, str] = {
    # Phases
    "init": "初始化",
    "forward": "前向传播",
    "loss": "损失",
    "backward": "反向传播",
    "update": "参数更新",
    # Kinds of leaves
    "parameter": "参数",
    "data": "数据",
    "hyperparameter": "超参数",
    "state": "优化器状态",
    "constant": "常量",
    "a Mermaid picture has {count:,} arrows, GitHub draws up to {most:,}: --focus or --phase draws a part": (
        "一幅 Mermaid 图有 {count:,} 条箭头，GitHub 至多绘制 {most:,} 条：可用 --focus 或 --phase 只画一部分"
    ),
    "a Mermaid picture has {count:,} characters, GitHub draws up to {most:,}: --focus or --phase draws a part": (
        "一幅 Mermaid 图有 {count:,} 个字符，GitHub 至多绘制 {most:,} 个：可用 --focus 或 --phase 只画一部分"
    ),
    "no font has these characters, they are not seen: {characters}": "字体中没有这些字符，无法显示：{characters}",
    # Pages
    "page {number}": "第 {number} 页",
    # Numbers that are not finite
    ", ": "，",
    "; ": "；",
    "NaN in {count} of {elements}": "{elements}中有 {count} 个为 NaN",
    "infinite in {count} of {elements}": "{elements}中有 {count} 个为无穷",
    "NaN or infinite from {place} on: {counts}": "自 {place} 起出现 NaN 或无穷：{counts}",
    # Shapes of prediction and target
    "different shapes in {place}: {grown}": "{place} 处形状不同：{grown}",
    "{one} {one_shape} and {other} {other_shape} give {shape}, every element with every other; if that is not meant, give both one shape": (
        "{one} {one_shape} 与 {other} {other_shape} 得到 {shape}，即每个元素与另一方的每个元素配对；若非本意，请使两者形状相同"
    ),
    "!! {grown}": "!! {grown}",
    # The log
    "== step {step} ==  loss {loss}": "== 第 {step} 步 ==  损失 {loss}",
    "(not every value was kept)": "（未保留全部数值）",
    "!! {counts}: it reaches a result": "!! {counts}：它影响结果",
    "of {twin}": "对应 {twin}",
    "of {twin}, also {names}": "对应 {twin}，同时是 {names}",
    "of {twin}, also {names} and {count} more": "对应 {twin}，同时是 {names} 及另外 {count} 个",
    "metrics": "指标",
    "epoch {epoch}": "第 {epoch} 轮",
    "== end ==  {steps}": "== 结束 ==  {steps}",
    ", loss {first} -> {last}": "，损失 {first} -> {last}",
    ", NaN or infinite from {place} on": "，自 {place} 起出现 NaN 或无穷",
    "; {reason}": "；{reason}",
    "== {why} ==  {done} of {planned} steps are whole": "== {why} ==  {planned} 步中有 {done} 步完整",
    # One node, or one element of it: labels of lines have up to five characters
    "what": "类别",
    "source": "源代码",
    "scope": "作用域",
    "derives": "求导对象",
    "by rule of": "求导规则",
    "numbers": "数值",
    "value": "值",
    "statistics": "统计量",
    "inputs": "输入",
    "added up": "累加项",
    "gradient": "梯度",
    "updated": "更新后",
    "used by": "用于",
    "part": "分量",
    "{phase} of step {step}": "第 {step} 步的{phase}",
    "{value}, written in the code": "{value}，直接写在代码中",
    "and {count} more": "以及另外 {count} 个",
    "A page for each of {operations} is left out: --pages all makes them.": "{operations}各自的页面从略，可用 --pages all 生成。",
    "{count} uses on other pages": "另有 {count} 处使用在其他页",
    "(the file keeps only these statistics: {reason})": "（文件只保留了这些统计量：{reason}）",
    "{name}: only statistics are kept of it ({reason})": "{name}：只保留了统计量（{reason}）",
    "length (l2) of {name}": "{name} 的 l2 范数",
    "{what} is {value} in every step": "每一步都相同：{what} = {value}",
    "{what} over the steps": "随步数的变化：{what}",
    "(logarithmic scale)": "（对数刻度）",
    # First non-finite value of a run
    "every number of the {steps} on record is finite": "所记录的 {steps}中，所有数值都是有限的",
    "{name} has no NaN in the {steps} on record": "{name} 在所记录的 {steps}中没有 NaN",
    "{name} is finite in the {steps} on record": "{name} 在所记录的 {steps}中都是有限的",
    "no loss, gradient or update has a NaN in the {steps} on record": "所记录的 {steps}中，损失、梯度和更新都没有 NaN",
    "every loss, gradient and update of the {steps} on record is finite": "所记录的 {steps}中，损失、梯度和更新都是有限的",
    "passed over: {place} ({counts}); --of {number} asks for it": "已略过：{place}（{counts}）；可用 --of {number} 查询",
    "is not finite": "非有限",
    "is not finite and reaches {result}": "非有限，{result} 的值受其影响",
    "reaches": "影响",
    "(some values were not kept: another number that is not finite may be the one that reaches it)": (
        "（部分数值未保留：影响结果的也可能是另一个非有限值）"
    ),
    "(an operation is not known here: another number that is not finite may be the one that reaches it)": (
        "（此处没有其中某个运算：影响结果的也可能是另一个非有限值）"
    ),
    "({reason})": "（{reason}）",
    "is the first that is not finite": "首次出现非有限值",
    "in the {phase} of step {step}": "位于第 {step} 步的{phase}",
    "{what}: {counts}, {place}": "{what}：{counts}，{place}",
    "of": "对应",
    "why": "原因",
    "first at": "首现位置",
    "it came in with the {kind}: no operation of this step computed it": "它来自{kind}本身，不是这一步的运算得到的",
    "an input is infinite, none is NaN; {op} makes it NaN": "某个输入为无穷，但没有 NaN；{op} 使其变为 NaN",
    "a number that is not finite is written in the code; {op} passes it on": "代码中直接写有非有限的数；{op} 将其传递",
    "{op} makes it infinite, also without the inputs that are not finite": "即使没有非有限的输入；{op} 也使其变为无穷",
    "{op} makes it NaN, also without the inputs that are NaN": "即使没有 NaN 输入；{op} 也使其变为 NaN",
    "every input is finite; {op} makes it NaN": "所有输入都是有限的；{op} 使其变为 NaN",
    "every input is finite; {op} makes it infinite": "所有输入都是有限的；{op} 使其变为无穷",
    "every input is finite; {op} makes it NaN and infinite": "所有输入都是有限的；{op} 使其出现 NaN 和无穷",
    "largest {number}": "最大绝对值 {number}",
    "the way from {name} to it, along the largest numbers": "从 {name} 到此处的路径（沿绝对值最大的输入）",
    "the record ends early: {reason}": "记录提前结束：{reason}",
    # Verification of operations
    "{operations} of {steps} computed again": "重新计算了 {steps}中的 {operations}",
    "verified: {done}, bit for bit": "验证通过：{done}，逐位一致",
    "verified: {done}; {count} differ by up to {largest} units in the last place, of which {allowed} are allowed": (
        "验证通过：{done}；其中 {count} 个有差异，最多相差 {largest} 个末位单位（允许 {allowed} 个）"
    ),
    "wrong: {done}, in {steps} a value is not what was computed": "有误：{done}，其中 {steps}有数值与计算结果不符",
    "and in {steps}": "还有{steps}",
    "the arithmetic here gives other last digits than that of the recording machine (processor, BLAS, NumPy or threads)": (
        "本机算术的末位数字与记录时的机器不同（处理器、BLAS、NumPy 或线程数）"
    ),
    "{operations} not computed again: the file keeps only statistics of their values ({reason})": (
        "{operations}未重新计算：文件只保留了其数值的统计量（{reason}）"
    ),
    "not known here, and so not computed again: {names}": "此处没有下列运算，因此未重新计算：{names}",
    "not computed again, as they need {library}: {names}": "下列运算需要 {library}，因此未重新计算：{names}",
    "it is not what step {step} made of it": "它与第 {step} 步更新得到的值不符",
    "{element} is {recorded} on record, computed again {computed}": "{element} 的记录值为 {recorded}，重新计算得 {computed}",
    "{count} units in the last place": "相差 {count} 个末位单位",
    ": so little may come of another number of threads": "：这样小的差异可能只是线程数不同所致",
    "verifying": "验证",
    # First difference between two runs
    "{name}: {one} and {other}": "{name}：{one} 与 {other}",
    "none": "无",
    "the same in all {steps}: structure, values, metrics": "全部 {steps}都相同：结构、数值、指标",
    ", but for the settings above": "，仅上述设置不同",
    "the same in {steps}; one has {one}, the other {other}": "前 {steps}相同；一个有 {one}，另一个有 {other}",
    "they part in step {step}: {what}": "两者从第 {step} 步开始不同：{what}",
    "they part in step {step} at node {node}: {what}": "两者从第 {step} 步的节点 {node} 开始不同：{what}",
    "they differ": "两者不同",
    "they differ by {largest}": "两者相差 {largest}",
    "{count} of {elements} differ": "{elements}中有 {count} 个不同",
    "{count} of {elements} differ, by up to {largest}": "{elements}中有 {count} 个不同，最多相差 {largest}",
    "{loss} after {steps}": "{loss}（{steps}之后）",
    "loss at the end: {one}, and {other}": "最终损失：{one}，{other}",
    "values were compared to {share} of their size": "数值按 {share} 的相对误差进行比较",
    "in {steps} only statistics could be compared of some values: a file keeps no more of them ({reason})": (
        "有 {steps}的部分数值只能比较统计量：某个文件未保留这些数值（{reason}）"
    ),
    "the record of the first ends early: {reason}": "第一个记录提前结束：{reason}",
    "the record of the second ends early: {reason}": "第二个记录提前结束：{reason}",
    # Gradient checks
    "shape": "形状",
    "method": "方法",
    "error": "误差",
    "verdict": "结论",
    "right": "正确",
    "WRONG": "错误",
    "{name}, 2nd order": "{name}（二阶）",
    "{count} of {size}": "{size} 个中的 {count} 个",
    " at {sets} of parameters": "（在 {sets}参数下）",
    "right: all agree to {allowed}{sets}, and so does each of {rules} by itself": (
        "正确：所有梯度的误差都在 {allowed} 以内{sets}，{rules}单独检验也全部通过"
    ),
    "not judged": "无法判断",
    "not judged: {unjudged} of {gradients}, {unjudged_rules} of {rules}; the others agree to {allowed}": (
        "无法判断：{gradients}中有 {unjudged} 个，{rules}中有 {unjudged_rules} 条；其余的误差都在 {allowed} 以内"
    ),
    "the {gradient} is {found} at {places}, expected {expected} by {method}": (
        "{gradient}在 {places} 处为 {found}，按{method}应为 {expected}"
    ),
    "the {gradient} is {found} at {places}": "{gradient}在 {places} 处为 {found}",
    "wrong: the recorded run is not that of the same functions on plain arrays": "错误：记录的运行与同样的函数在普通数组上的运行不同",
    "the {gradient} cannot be judged at {places}: {reason}": "{gradient}在 {places} 处无法判断：{reason}",
    "the {gradient} cannot be judged as a whole: {reason}": "{gradient}整体上无法判断：{reason}",
    "{places} and more": "{places} 等多处",
    "{places} and {count} more": "{places} 等处（另有 {count} 处）",
    "wrong: {wrong} of {gradients}, {wrong_rules} of {rules}": ("错误：{gradients}中有 {wrong} 个，{rules}中有 {wrong_rules} 条"),
    ", first at set {examples} of {asked} (again with the same --seed and --examples {examples})": (
        "，首次出现在 {asked} 组中的第 {examples} 组（用相同的 --seed 和 --examples {examples} 可重现）"
    ),
    "gradient with respect to {name}": "关于 {name} 的梯度",
    "second derivative with respect to {name}": "关于 {name} 的二阶导数",
    "the {gradient} {numbers} by {method}": "{gradient}{numbers}（方法：{method}）",
    "the rule of {op} for its input {input} {what}": "{op} 对其输入 {input} 的求导规则{what}",
    "node {place}: {what}": "节点 {place}：{what}",
    "node {place}: it {what}": "节点 {place}：它{what}",
    "{fault}: it {numbers}": "{fault}：它{numbers}",
    "is {found} in a random sum over all numbers, expected {expected}": "在对全部数值的一个随机和中为 {found}，应为 {expected}",
    "is {found}, expected {expected}": "为 {found}，应为 {expected}",
    "is {found} at {place}, expected {expected}": "在 {place} 处为 {found}，应为 {expected}",
    "checking": "检验",
    # Runs and files
    "NAME": "名称",
    "STEPS": "步数",
    "PARAMETERS": "参数数量",
    "up to {steps}": "最多 {steps}",
    "step {step}  loss {loss}": "第 {step} 步  损失 {loss}",
    "{steps}, {parameters}: {names}": "{steps}，{parameters}：{names}",
    "no epoch bettered {monitor}: {path} was not written": "没有任何一轮使 {monitor} 改善：未写入 {path}",
    "{path} has only parameters: {optimizer} and the random numbers began anew": "{path} 只有参数：{optimizer} 与随机数从头开始",
    "{path} is of {other}: {optimizer} and the random numbers began anew": "{path} 属于 {other}：{optimizer} 与随机数从头开始",
    "continued {path} after {steps}, with random numbers of another seed (it has {seed})": "接着 {path} 的 {steps} 继续，随机数用另一个种子（它的种子是 {seed}）",
    "continued {path} after {steps}": "接着 {path} 的 {steps} 继续",
    "{path} (epoch {epoch}, {measured})": "{path}（第 {epoch} 轮，{measured}）",
    "{wrote}, except {values}: {reason}": "{wrote}，但缺 {values}：{reason}",
    "{path} ({steps})": "{path}（{steps}）",
    "{path} ({steps}, summaries of their values)": "{path}（{steps}，只有数值的统计量）",
    "{path} ({steps}, all values of {count} of them)": "{path}（{steps}，其中 {count} 步保留全部数值）",
    "{path} ({steps}, all values of {count} of them: all would take more than the {size} of --budget)": (
        "{path}（{steps}，其中 {count} 步保留全部数值：全部保留会超过 --budget 的 {size}）"
    ),
    "{path} ({count:,} lines)": "{path}（{count:,} 行）",
    "{count} bytes": "{count} 字节",
    "wrote {path}": "已写入 {path}",
    "wrote {path} ({count} rows)": "已写入 {path}（{count} 行）",
    "left {path}, which is of an earlier run": "未改动 {path}，它来自以前的运行",
    # Arrays in boxes and on pages
    "empty": "空",
    "{some} of {all} true": "{all} 个中有 {some} 个为 True",
    "NaN or infinite: {count}": "NaN 或无穷：{count} 个",
    # Boxes and arrows of pictures
    "{what}: {which}": "{what}：{which}",
    "new value": "新值",
    "step {step} is drawn at --zoom {instead}, not {zoom}: {reason}": "第 {step} 步以 --zoom {instead} 而非 {zoom} 绘制：{reason}",
    "The small map of the step is not drawn: {reason}": "未绘制本步的小图：{reason}",
    "step {step} is not drawn: {reason}": "第 {step} 步未绘制：{reason}",
    "{notice}; {options} draws a part": "{notice}；{options} 绘制其中一部分",
    "drawing": "绘图",
    "{operations}, folded": "{operations}（已折叠）",
    "{count} more like it": "另有 {count} 次与此相同",
    "{count} more like it, of other shapes": "另有 {count} 次与此相同，但形状不同",
    "{count} more, not all alike": "另有 {count} 次，不尽相同",
    "{inputs} used only here: {first} ... {last}": "仅在此使用的 {inputs}：{first} ... {last}",
    "folded": "已折叠",
    "without a scope": "无作用域",
    "{gradient}, {some} of {all} terms": "{gradient}，{all} 项中的 {some} 项",
    "used in {count} modules: {names}": "用于 {count} 个模块：{names}",
    "shares {names} with {module}": "与 {module} 共用 {names}",
    "{value}, no gradient flows to it": "{value}，没有梯度传到它",
    "axis {axis} stretched to {size}": "轴 {axis} 广播到 {size}",
    "the gradients that flow back to {name} are added up": "传回 {name} 的各个梯度在此相加",
    "new values:": "新值：",
    "gradients of {count} values, {parameters} of them parameter arrays": "{count} 个值的梯度，其中 {parameters} 个是参数数组",
    "new values of {arrays}": "{arrays}的新值",
    # Legends
    "hyperparameter, optimizer state": "超参数、优化器状态",
    "gradients are added up": "梯度相加",
    "shown on another page": "详见另一页",
    "a value goes on": "数值向前传递",
    "a gradient comes back, by the local rule": "梯度按局部规则反向传递",
    "into the update": "进入参数更新",
    "gradient of the loss": "损失的梯度",
    # The cover of a booklet
    "Loss at step 0: {first}": "第 0 步的损失：{first}",
    "Loss at step 0: {first}, at step {last}: {end}": "第 0 步的损失：{first}；第 {last} 步的损失：{end}",
    "{name} at step 0: {first}": "第 0 步的 {name}：{first}",
    "{name} at step 0: {first}, at step {last}: {end}": "第 0 步的 {name}：{first}；第 {last} 步的 {name}：{end}",
    "This program has several losses: {names}. Its gradients are named after them: d{last}/dW is by how much {last}"
    " grows. A parameter is updated by the gradient of its own loss.": (
        "这个程序有多个损失：{names}。梯度以各自的损失命名：d{last}/dW 表示 {last} 增加多少。每个参数用它自己的损失的梯度更新。"
    ),
    "Versions": "版本",
    "Settings": "设置",
    "Parameter": "参数",
    "Shape": "形状",
    "Count": "数量",
    "Total": "合计",
    "Not every value of these steps was kept: {steps} ({reason}). Their pages show statistics.": (
        "以下各步未保留全部数值：{steps}（{reason}）。相应页面只显示统计量。"
    ),
    "The record ends after {count} of {planned} steps: {why}.": "计划运行 {planned} 步，只记录了 {count} 步：{why}。",
    ".": "。",
    # How to read a booklet
    "How to read this booklet": "如何阅读本手册",
    "One training step": "训练的一步",
    "A step has five phases. It starts from data and parameters (init), computes a prediction (forward) and one number"
    " that says how bad it is (loss). Then it asks of the parameters, and of what is computed from them, how much the loss"
    " would change with each number (backward), and computes new parameters from that (update).": (
        "每一步分为五个阶段：从数据和参数出发（初始化），算出预测值（前向传播），再用一个数衡量预测有多差（损失）；"
        "然后对参数及由参数算出的值，求出其中每个数的变化会使损失改变多少（反向传播），最后由此算出新的参数（参数更新）。"
    ),
    "Operations have pages, in the order in which the program computes them; the picture of a step says if its pages are"
    " left out. Each page gives the formula, the line of the program, the values that go in with the pages they come from,"
    " and a few elements worked out.": (
        "每个运算占一页，按程序的计算顺序排列；若某一步省略了这些页，该步的图会说明。每页给出公式、对应的程序行、各输入的值及其来源页码，并选取几个元素代入数值演算。"
    ),
    "What a gradient is": "什么是梯度",
    "dL/dW is an array of the shape of W. Each of its elements is a derivative: by how much the loss L grows, per unit,"
    " when this one element of W grows a little and all others stay.": (
        "dL/dW 是与 W 形状相同的数组，它的每个元素都是一个偏导数：只让 W 的这一个元素略微增大、其余元素保持不变时，"
        "损失 L 的增量与该元素的增量之比（增量趋于 0 时的极限）。"
    ),
    "The chain rule, one operation at a time": "链式法则：逐个运算地求导",
    "The backward pass begins at the loss, whose derivative with respect to itself is 1, and goes through the operations"
    " in reverse. At each operation arrives g, the gradient with respect to its result. The operation only has to know"
    " its own derivative: g times that is the gradient with respect to its input.": (
        "反向传播从损失开始（损失对自身的导数为 1），按与计算相反的顺序经过各个运算。"
        "传到每个运算的是 g，即损失对该运算结果的梯度，称为上游梯度。"
        "运算只需知道自身的导数：g 乘以这个导数，就是损失对其输入的梯度。"
    ),
    "For y = x * w, the gradient with respect to x is g * w. For y = x + b both get g as it is. For Y = X @ W the sums"
    " of products give g @ W.T for X and X.T @ g for W.": (
        "若 y = x * w，则对 x 的梯度为 g * w。若 y = x + b，则 x 和 b 的梯度都等于 g。"
        "若 Y = X @ W，其元素是乘积之和，由此得到对 X 的梯度 g @ W.T 和对 W 的梯度 X.T @ g。"
    ),
    "Where a value was used several times, it moves the loss in several ways: the gradients are added up. Where a value"
    " was stretched to fit a larger one, as a bias to every row, it was used once for every row: its gradient is summed"
    " along that axis.": (
        "一个值被多次使用时，会沿多条路径影响损失，因此各条路径的梯度要相加。"
        "一个值被广播到更大的形状时（例如把偏置加到每一行），相当于每一行都使用了它一次，因此它的梯度要沿该轴求和。"
    ),
    "The update": "参数更新",
    "Gradient descent subtracts the gradient times the learning rate from each parameter: new W = W - learning_rate *"
    " dL/dW. Other optimizers, such as Adam, first average gradients over steps, so that a parameter may also move along its"
    " gradient. What an optimizer computes is recorded like the rest.": (
        "梯度下降从每个参数中减去学习率与梯度的乘积：新的 W = W - learning_rate * dL/dW。"
        "Adam 等其他优化器会先对多步的梯度求平均，因此参数也可能沿梯度的方向移动。优化器的计算与其他计算一样被记录。"
    ),
    "How numbers are written": "数值的写法",
    "Numbers are shown with four significant digits and computed with all of them, so the last digit of a result that is"
    " worked out by hand may differ by a little.": (
        "数值显示四位有效数字，计算时则使用全部位数，因此按显示的数值手算，结果的末位可能略有出入。"
    ),
    # Pages of a booklet
    "{sentence} {next}": "{sentence}{next}",
    "The model": "模型",
    "Layers, loss and optimizers with the shapes between them. A gradient is drawn where one flows back.": (
        "各层、损失和优化器，以及它们之间所传数值的形状。只在有梯度反向传播之处画出梯度。"
    ),
    "{operations} are folded into boxes that say so.": "有 {operations}折叠在标明“已折叠”的方框中。",
    "Step {step}: forward and backward": "第 {step} 步：前向传播与反向传播",
    "Part {number} of {count}.": "第 {number} 部分，共 {count} 部分。",
    "Each box is one value, with its gradient if it has one. Arrows carry values forward and, in the manner of the legend,"
    " gradients back, by the local rule beside them, where g is the gradient that arrives.": (
        "每个方框是一个值及其梯度（若有）。箭头向前传递数值，也反向传递梯度（样式见图例）；后者旁边写有局部规则，其中 g 是上游梯度。"
    ),
    "Step {step}: what it starts from": "第 {step} 步：初始值",
    "Data, parameters and settings, before anything is computed.": "计算开始之前的数据、参数和设置。",
    "The parameters are as step {number} left them.": "参数取自第 {number} 步更新后的值。",
    "Name": "名称",
    "What it is": "类别",
    "Value": "值",
    "Step {step}: old values, gradients, new values": "第 {step} 步：旧值、梯度、新值",
    "{optimizer} moves each of {parameters} against its gradient.": "{optimizer}：{parameters}均沿梯度的反方向移动。",
    "Of {parameters}, {optimizer} moves {which}.": "{optimizer} 对{parameters}的移动：{which}。",
    "{count} against their gradient": "{count} 个沿梯度的反方向",
    "{count} along their gradient": "{count} 个沿梯度的方向",
    "{count} whose gradient is 0": "{count} 个的梯度为 0",
    "{count} not at all": "{count} 个没有移动",
    "{count} from or to a number that is not finite, or by such a gradient": "{count} 个的旧值、新值或梯度不是有限数",
    "The numbers of {arrays} are not on record.": "{arrays}的数值没有记录。",
    "The new values are those that step {number} starts from.": "新值就是第 {number} 步开始时的参数值。",
    "This is the last step on record.": "这是记录中的最后一步。",
    "The optimizer": "优化器",
    "Old value": "旧值",
    "Gradient": "梯度",
    "New value": "新值",
    "The whole run": "整个运行过程",
    "Each parameter over the steps: its elements, or the smallest, the mean and the largest of many.": (
        "各参数随步数的变化：元素少的逐个画出，元素多的只画最小值、平均值和最大值。"
    ),
    # The page of an operation
    "Step {step}, operation {number} of {count}": "第 {step} 步，第 {number} 个运算（共 {count} 个）",
    "in {scope}": "位于 {scope}",
    "Its gradient, {name}, is worked out on page {page}.": "它的梯度 {name} 在第 {page} 页计算。",
    "No gradient flows back through it.": "没有梯度经由它反向传播。",
    "{name} is used {count} times, so its gradient is the sum of the gradients of all uses.": (
        "{name} 被使用了 {count} 次，因此它的梯度是各次使用的梯度之和。"
    ),
    "Forward twin: {equation}, page {page}.": "对应的前向运算：{equation}，第 {page} 页。",
    "The backward pass begins here: the derivative of the loss with respect to itself is 1.": (
        "反向传播从这里开始：损失对自身的导数为 1。"
    ),
    "The gradient that arrives there is {g} = {name}, page {page}.": "传到该运算的上游梯度是 {g} = {name}，第 {page} 页。",
    "Chain rule: with respect to {value}, the gradient becomes {rule}.": "链式法则：关于 {value} 的梯度为 {rule}。",
    "{name} is used {uses} times. A gradient flows back through {count} of these uses, and its gradient is the sum.": (
        "{name} 被使用了 {uses} 次。梯度经由其中 {count} 次使用传回，{name} 的梯度就是它们的和。"
    ),
    "The sum of {count} of the gradients that flow back to {name}; the others are added below.": (
        "传回 {name} 的梯度中 {count} 个的和；其余的在后面相加。"
    ),
    "No gradient flows back to {names}: it is 0.": "没有梯度传回 {names}：它为 0。",
    "Chain rule: with respect to {value}, this use adds {rule} to the gradient.": (
        "链式法则：{value} 的这次使用为它的梯度加上 {rule}。"
    ),
    "A part of the rule; what follows uses it.": "这是求导规则的中间结果，供后面的运算使用。",
    "It is also the gradient of {names}: what only hands on or adds passes it as it is.": (
        "它也是 {names} 的梯度：只作传递或相加的运算会原样传回梯度。"
    ),
    "result": "结果",
    "a cell: the mean of {count} numbers": "每格为 {count} 个数的平均值",
    "a bar: negative": "横线：负数",
    "a cell: the mean of up to {count} numbers": "每格为至多 {count} 个数的平均值",
    "With the numbers put in": "代入数值",
    "The whole step, from left to right.": "整个训练步，从左到右。",
    "The whole step, from left to right, where a dot may stand for several operations: this operation in a thick ring, what"
    " goes into it in thin ones.": "整个训练步，从左到右，一个点可能代表多个运算：粗圈是本页的运算，细圈是它的输入。",
    "The whole step, from left to right: this operation in a thick ring, what goes into it in thin ones.": (
        "整个训练步，从左到右：粗圈是本页的运算，细圈是它的输入。"
    ),
    # Hand-written gradients
    "{updates} looked at": "检查了 {updates}",
    "Every update follows the gradient.": "每次更新都沿着梯度。",
    "Every update follows the gradient of another loss: {loss}.": "每次更新都沿着另一个损失的梯度：{loss}。",
    "This cannot be told: {reason}": "不能判断：{reason}",
    "All gradients are {factor} times the true ones: no fault.": "所有梯度都是真实梯度的 {factor} 倍：不算错误。",
    "loss `{name}`, line {line}": "损失 `{name}`，第 {line} 行",
    "squared error of the residual `{name}`, line {line}": "残差 `{name}` 的平方误差，第 {line} 行",
    "cross-entropy with the residual `{name}`, line {line}": "残差为 `{name}` 的交叉熵，第 {line} 行",
    "follows its gradient": "沿着它的梯度",
    "does not follow its gradient": "没有沿着它的梯度",
    "is not updated": "没有更新",
    "cannot be told": "不能判断",
    "First wrong step: line {line}": "第一个错误的步骤：第 {line} 行",
    "Also wrong: line {line}": "另一个错误：第 {line} 行",
    "{name} (line {line}) is right: dL/d({of})": "{name}（第 {line} 行）是对的：dL/d({of})",
    "Checked: {edit}": "已验证：{edit}",
    # What was found in a program
    "{name}, line {lines}": "{name}，第 {lines} 行",
    "{names}; updated in line {lines}": "{names}；在第 {lines} 行更新",
    "{steps}, passes of the loop in line {line}": "{steps}，即第 {line} 行循环的各次",
    "steps": "步",
    "parameters": "参数",
    "{steps}, loss {ends}": "{steps}，损失 {ends}",
    # Gradients of the program beside the true ones
    "own": "自算",
    "note": "注",
    "own {name}": "自算的 {name}",
    "own {name} agrees": "自算的 {name} 与之相同",
    "own {name} is {factor} times this": "自算的 {name} 是它的 {factor} 倍",
    "own {name} differs": "自算的 {name} 与之不同",
    "the gradient of {value}": "{value} 的梯度",
    "for {gradient}": "对应 {gradient}",
    "not {gradient}": "不是 {gradient}",
}
"""Messages by their English text, with the same fields. A test checks that none is missing."""

CODED: Mapping[str, Template] = {
    # Why a run ended.
    "interrupted": "被中断",
    "not_ended": "运行没有结束",
    "stopped_by_error": "因 {error} 而停止",
    "stopped_after_epochs": "在 {epochs} 轮后停止：{reason}",
    "not_improved": Plural("patience", "{monitor} 在 {patience} 轮内没有改善", "{monitor} 连续 {patience} 轮没有改善"),
    "not_improved_by": Plural(
        "patience",
        "{monitor} 在 {patience} 轮内的改善未达到 {tolerance:g}",
        "{monitor} 连续 {patience} 轮的改善未达到 {tolerance:g}",
    ),
    "text": "{text}",
    # Why a value is not on record, only its statistics.
    "not_retained": "按设定没有保留全部数值（可用 --values all 记录运行）",
    "too_large": "{size:,} 字节的数组超出文件所能容纳的大小（{limit:,} 字节）",
    "too_large_several": "{smallest:,} 至 {largest:,} 字节的数组超出文件所能容纳的大小（{limit:,} 字节）",
    "dtype_not_storable": "文件无法容纳 {dtype} 类型的数组",
    # What the record of a program does not know of a value.
    "mark_unknown_origin": "其计算过程没有记录",
    "mark_changed_outside": "被没有记录的代码改写",
    "mark_added": "程序在这一步中没有计算它",
    "mark_left": "交给 {function}，其过程没有记录",
    # Why an operation cannot be compared with the record.
    "other_shape": "其输入得不到形状 {shape}",
    "not_computable": "无法重新计算：{error}: {text}",
    "other_array": "计算得到 {computed_dtype}{computed_shape}，记录为 {recorded_dtype}{recorded_shape}",
    # Steps at the same position of two runs.
    "step": "第 {step} 步",
    "step_at_place": "位置 {place} 上的第 {step} 步",
    # How gradients were checked.
    "complex_step": "复步法",
    "differences": "对 {operations} 用差分",
    # What is wrong with a derivative rule or its operation.
    "rule_wrong": "有误",
    "rule_raises": "抛出 {error}: {text}",
    "rule_changes_arrays": "改动了传给它的数组",
    "rule_not_repeatable": "再次运行时给出不同的结果",
    "rule_not_linear": "对上游梯度不是线性的：上游梯度变大时，结果不按比例变化",
    "rule_returns_double": (
        "对 {wanted} 类型的输入返回 {returned}；np.log(2) 这样的 NumPy 数是 float64，float(np.log(2)) 则不是"
    ),
    "rule_returns_dtype": "对 {wanted} 类型的输入返回 {returned}",
    "rule_of_changed_inputs": "所属的运算会改动其输入",
    "rule_of_other_shape": "所属的运算由记录的输入算出了不同的形状",
    "rule_of_other_value": "所属的运算由记录的输入算出了不同的结果",
    "rule_of_zero": "无中生有：上游梯度为 0 时，结果不为 0",
    "rule_detaches": "截断了梯度（.detach()）：再次求导会出错",
    "rule_takes_numbers": "把数值取出了记录（.value、.item()）：再次求导会出错",
    "rule_not_settled": "无法判断：差分在此处不收敛",
    "gradient_not_finite": "该梯度不是有限值",
    "both_infinite": "该梯度为无穷大，导数也是无穷大",
    "reference_not_finite": "其参考值为 {expected}",
    "reference_varies": "其参考值随步长变化：一个步长下为 {one}，更小的步长下为 {other}",
    "reference_uncertain": "其参考值的误差太大",
    "too_many_unrated": "没有参考值的元素太多",
    "plain_run_raises": "未与普通数组上的运行比较：后者抛出 {error}: {text}",
    "plain_run_returns": "是一个数，而函数对普通数组返回 {returned}",
    "plain_run_value": "为 {found!r}，而函数对普通数组返回 {expected!r}",
    "plain_run_slope": "沿随机方向按梯度改变 {found:.3g}，而对普通数组改变 {expected:.3g}",
    "plain_run_stopped": "沿随机方向，损失按梯度改变 {found:.3g}，而对普通数组改变 {expected:.3g}：有梯度被截断（.detach()）",
    "plain_run_nearby": "在邻近的参数处改变 {found:.9g}，而对普通数组改变 {expected:.9g}",
    "rule_beside_kink": "不在两侧斜率 {least:.6g} 与 {most:.6g} 之间",
    "not_finite": "的值非有限，并影响梯度",
    "layout_too_slow": "布局超过 {seconds:g} 秒",
    "no_time_left": "所有图的布局总共超过 {seconds:g} 秒",
    "layout_failed": "{program} 失败：{problem}",
    "too_many_boxes": "{boxes} 个方框和 {arrows} 条箭头太多，无法布局",
    "too_long_to_read": "大小为 {width} 乘 {height} 点，过长而无法阅读",
    "too_many_numbers": "{count} 个数超出一幅图所能显示的数目（{limit}）",
    "too_many_numbers_into": "{name} 依赖超过 {limit} 个数",
    "too_many_numbers_behind": "超过 {limit} 个数依赖 {name}",
    "too_many_to_search": "依赖 {name} 的数太多，无法逐一查找",
    "numbers_not_storable": "未记录其全部数值：{reason}",
    "numbers_not_kept": "未记录其数值，只有统计量；tracer trace --values all 会记录",
    # 手写梯度
    "backprop_no_updates": "没有找到参数的更新",
    "backprop_no_loss": "没有找到依赖于参数的损失：用 --loss NAME 指明",
    "backprop_not_recorded": "梯度必须经过在这里没有导数的计算：{problem}",
    "backprop_not_clear": "更新没有沿着所找到的损失的梯度，但不能确定是哪一条语句",
    "backprop_missing": "缺少经过第 {lines} 行的部分：它不是 {name} 的全部梯度。",
    "backprop_with_all": "用 {name} 的全部梯度，后面的计算就对了。",
    "backprop_not_zeroed": "{name} 里还留有前面步骤的梯度：它没有清零。",
    "backprop_zeroed": "每一步之前把 {name} 清零，更新就对了。",
    "backprop_wrong": "它所用的值是对的，但结果不是梯度。",
    "backprop_no_gradient": "它的结果不是损失对任何量的梯度。",
    "backprop_factor": "{names} 的梯度比其他梯度多了因子 {factor}。",
    "backprop_uphill": "{name} 沿着梯度而不是逆着梯度移动：损失会上升。",
    "backprop_softmax_axis": "输出在轴 {axis} 上归一化，目标在轴 {wanted} 上的和为 1；反向传播是在轴 {wanted} 上的 softmax 的反向传播。",
    "backprop_stale": "{name} 已在第 {line} 行改变；用改变之前的值，这一行就对了。",
    "backprop_other_value": "用 {other} 代替 {name}，这一行就对了。",
    "backprop_axis": "在轴 {axis} 上归约，这一行就对了。",
    "backprop_without": "去掉 {text}，这一行就对了。",
    "backprop_derivative_missing": "乘以 {name}（第 {line} 行）的导数，这一行就对了。",
    "backprop_derivative_twice": "去掉 {name}（第 {line} 行）的导数，这一行就对了。",
    "backprop_reversed": "沿轴 {axis} 反转，这一行就对了。",
    "backprop_transposed": "转置后，这一行就对了。",
}
"""Messages by code; the English ones are in `en`."""

PARTS: Mapping[str, str] = {
    "name": "名称",
    "inputs": "输入",
    "shape": "形状",
    "phase": "阶段",
    "formula": "公式",
    "scope": "作用域",
    "parameters": "运算参数",
    "value": "值",
    "summary": "统计量",
    "nodes": "节点数",
    "gradients": "梯度",
    "updates": "参数更新",
    "metrics": "指标",
    "steps": "步数",
}
"""Parts of a record. Those missing here, such as dtype, are the same in every language."""

TITLES: Mapping[str, str] = {
    "Apples and oranges told apart by weight and size, as in Keras: relu, softmax, and the loss on the logits.": (
        "按重量和大小区分苹果和橙子，与 Keras 一致：relu、softmax，损失由 logits 计算。"
    ),
    "Apples and oranges told apart by weight and size, as in PyTorch: a network of 22 parameters, trained with Adam.": (
        "按重量和大小区分苹果和橙子，与 PyTorch 一致：22 个参数的网络，用 Adam 训练。"
    ),
    "Apples and oranges told apart by a straight line, as in scikit-learn: StandardScaler and SGDClassifier.": (
        "用一条直线区分苹果和橙子，与 scikit-learn 一致：StandardScaler 和 SGDClassifier。"
    ),
    "Linear regression: one weight and one bias fitted to points by gradient descent.": (
        "线性回归：用梯度下降把一个权重和一个偏置拟合到数据点。"
    ),
    "Handwritten digits: a perceptron 784-256-128-10 fitted to one-hot labels by gradient descent.": (
        "手写数字：用梯度下降把 784-256-128-10 的感知机拟合到 one-hot 标签。"
    ),
    "Smallest and largest values of tensors: over all elements or some axes, and how a gradient flows back through them.": (
        "张量的最小值和最大值：对全部元素或某些轴，以及梯度如何经由它们反向传播。"
    ),
}
"""Titles of the built-in scenarios."""
