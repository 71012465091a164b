"""What commands print, and the step log."""

from __future__ import annotations

from collections.abc import Mapping

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
    "backward of {twin}": "{twin} 的反向",
    "backward of {twin}, also {names}": "{twin} 的反向，同时是 {names}",
    "backward of {twin}, also {names} and {count} more": "{twin} 的反向，同时是 {names} 及另外 {count} 个",
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
    "+ {count} more": "+ 另外 {count} 个",
    "more than {count}": "{count} 个以上",
    "numbers: {count}": "数：{count} 个",
    "A page for each of {operations} is left out: --pages all makes them.": "{operations}各自的页面从略，可用 --pages all 生成。",
    "{count} uses on other pages": "另有 {count} 处使用在其他页",
    "(the file keeps only these statistics: {reason})": "（文件只保留了这些统计量：{reason}）",
    "{name}: only statistics are kept of it ({reason})": "{name}：只保留了统计量（{reason}）",
    "length (l2) of {name}": "{name} 的 l2 范数",
    "{what} is {value} in every step": "每一步都相同：{what} = {value}",
    "{what} over the steps": "随步数的变化：{what}",
    "(logarithmic scale)": "（对数刻度）",
    "(! is NaN or infinite)": "（叹号表示 NaN 或无穷大）",
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
    "largest finite {number}": "有限元素中最大绝对值 {number}",
    "turns NaN": "变为 NaN",
    "the way from {name} to it, along the largest numbers": "从 {name} 到此处的路径（沿绝对值最大的输入）",
    "the way from {name} to it, along the largest terms and numbers": "从 {name} 到此处的路径（沿和式中最大的项、绝对值最大的输入）",
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
    "not computed again, as their inputs do not determine their values: {names}": "下列运算的输入不能决定其值，因此未重新计算：{names}",
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
    "WRITTEN AS": "写法",
    "a scenario": "场景",
    "Examples, run by tracer trace --example NAME and copied by tracer new FILE.py --example NAME:": (
        "示例，用 tracer trace --example 名称 运行，用 tracer new 文件.py --example 名称 复制："
    ),
    "run it with": "运行它",
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
}
