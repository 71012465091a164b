"""What is said of programs: their hand-written gradients, and what was found in them."""

from __future__ import annotations

from collections.abc import Mapping

from tracer.i18n.template import Plural, Template

MESSAGES: Mapping[str, str] = {
    # Hand-written gradients
    "Every update follows the gradient.": "每次更新都与梯度一致。",
    "Every update is made of the gradient.": "每次更新都由梯度算出。",
    "Every update that was judged follows the gradient.": "凡能判断的更新都与梯度一致。",
    "Not judged: {updates} with numbers that are NaN or infinite.": "未判断：含有 NaN 或无穷大的 {updates}。",
    "Not judged: the last {updates}.": "未判断：最后的 {updates}。",
    "Not judged: how momentum, Adam, clipping or the like use the gradient of {names}.": (
        "未判断：动量、Adam、裁剪之类怎样使用 {names} 的梯度。"
    ),
    "Every update follows the gradient of another loss: {loss}.": "每次更新都与另一个损失的梯度一致：{loss}。",
    "This cannot be told: {reason}": "不能判断：{reason}",
    "All gradients are {factor} times the true ones: a common factor is not an error.": "所有梯度都是真实梯度的 {factor} 倍：共同的因子不算错误。",
    "All gradients are {factor} times the true ones: they are without the 1/{factor} of the mean on line {line}.": (
        "所有梯度都是真实梯度的 {factor} 倍：缺少第 {line} 行求平均时的 1/{factor}。"
    ),
    "This acts as a {factor} times larger learning rate.": "这相当于学习率放大到 {factor} 倍。",
    "Every update subtracts {rate} times the gradient.": "每次更新都减去梯度的 {rate} 倍。",
    "Every update adds {rate} times the gradient.": "每次更新都加上梯度的 {rate} 倍。",
    "loss `{name}`, line {line}": "损失 `{name}`，第 {line} 行",
    "squared error of the residual `{name}`, line {line}": "残差 `{name}` 的平方误差，第 {line} 行",
    "cross-entropy with the residual `{name}`, line {line}": "残差为 `{name}` 的交叉熵，第 {line} 行",
    "follows its gradient": "更新与梯度一致",
    "does not follow its gradient": "更新与梯度不一致",
    "is not updated": "没有更新",
    "is not updated; its gradient is computed": "没有更新；它的梯度有计算",
    "cannot be told": "不能判断",
    "differences": "差分",
    "rules": "求导规则",
    "changed by the program": "被程序改变",
    "no gradient": "没有梯度",
    "no gradient of a parameter is on record": "没有参数的梯度记录",
    "right: all agree to {allowed} in {steps}, and so does each of {rules} by itself": (
        "正确：{steps}中所有梯度的误差都在 {allowed} 以内，{rules}单独检验也全部通过"
    ),
    "right: {count} of {gradients} agree to {allowed} in {steps}, and so does each of {rules} by itself;"
    " the others the program itself stops or changes": (
        "正确：{steps}中 {gradients}有 {count} 个的误差都在 {allowed} 以内，{rules}单独检验也全部通过；其余的由程序自己截断或改变"
    ),
    "cannot be told: {count} of {gradients}, {others} of {rules}; the others are right": (
        "不能判断：{gradients}中有 {count} 个，{rules}中有 {others} 条；其余的都正确"
    ),
    "the {gradient}: {reason}": "{gradient}：{reason}",
    "First wrong step: line {line}": "第一个错误的步骤：第 {line} 行",
    "Also wrong: line {line}": "另一个错误：第 {line} 行",
    "{name} (line {line}) is right: dL/d({of})": "{name}（第 {line} 行）是对的：dL/d({of})",
    "{name} (line {line}) is right: the part of dL/d({of}) through {through}": (
        "{name}（第 {line} 行）是对的：dL/d({of}) 中经过 {through} 的部分"
    ),
    "Checked: {edit}": "已验证：{edit}",
    # What was found in a program
    "{name}, {lines}": "{name}，{lines}",
    "{names}; updated in {lines}": "{names}；更新于{lines}",
    "line {line}": "第 {line} 行",
    "lines {lines}": "第 {lines} 行",
    "{steps}, passes of the loop in line {line}": "{steps}，即第 {line} 行循环的各次",
    "steps": "步",
    "parameters": "参数",
    "optimizer": "优化器",
    # Ranks of a distributed training
    "ranks {one} and {other} agree in all {steps}": "进程 {one} 与 {other} 在全部 {steps} 中一致",
    "ranks {one} and {other} part:": "进程 {one} 与 {other} 不再一致：",
    "compared {compared} values that ought to agree; {others} others, such as data and local gradients, were not": (
        "比较了 {compared} 个应当一致的值；另有 {others} 个（如数据和本地梯度）不比较"
    ),
    "kept are the first {count:,} steps; --record chooses others": "保留前 {count:,} 步；--record 可选择其他步",
    "recorded are the first {count:,} operations; --record chooses the steps that are kept": (
        "只记录了前 {count:,} 个运算；可用 --record 选择要保留的步"
    ),
    "--record: not kept are the steps {steps}": "--record：未保留第 {steps} 步",
    "the last step that the program came to is {last}": "程序到达的最后一步是第 {last} 步",
    "recording ended in step {last}, when its budget was used up": "记录在第 {last} 步结束：限额已用完",
    "{steps}, loss {ends}": "{steps}，损失 {ends}",
    # Gradients of the program beside the true ones
    "compared": "对照",
    "note": "注",
    "the program's {name}": "自算的 {name}",
    "{name}, subtracted from {of}, is {times} times this": "从 {of} 减去的 {name} 是它的 {times} 倍",
    "{name}, added to {of}, is {times} times this": "加到 {of} 上的 {name} 是它的 {times} 倍",
    "subtracted from {of}, {comparison}": "从 {of} 减去，{comparison}",
    "added to {of}, {comparison}": "加到 {of} 上，{comparison}",
    "change, {factor} times": "改变量，{factor} 倍",
    "own gradient": "自算的梯度",
    "own gradient, {factor} times": "自算的梯度，{factor} 倍",
    "own gradient, differs": "自算的梯度，不同",
    "Own gradient": "自算的梯度",
    "The program": "程序",
    "What the program computes as a gradient: {comparison}.": "程序自己计算的梯度：{comparison}。",
    "Beside it: {comparison}.": "对照：{comparison}。",
    "the program's {name} agrees": "自算的 {name} 与之相同",
    "the program's {name} is {factor} times this": "自算的 {name} 是它的 {factor} 倍",
    "the program's {name} differs": "自算的 {name} 与之不同",
    "the gradient of {value}": "{value} 的梯度",
    "for {gradient}": "对应 {gradient}",
    "not {gradient}": "不是 {gradient}",
}

CODED: Mapping[str, Template] = {
    # What the record of a program does not know of a value.
    "mark_unknown_origin": "其计算过程没有记录",
    "mark_changed_outside": "被没有记录的代码改写",
    "mark_added": "程序在这一步中没有计算它",
    "mark_left": "交给 {function}，其过程没有记录",
    # 手写梯度
    "backprop_no_updates": "没有找到参数的更新",
    "backprop_no_loss": "没有找到依赖于参数的损失：用 --loss NAME 指明",
    "backprop_not_measured": "{file} 中记录到的更新都不属于参与计算损失的值；用 --loss NAME 指明哪个变量是损失",
    "backprop_nothing_updated": ("{reason}（{file}）：更新是一个变量的新值，而损失由这个变量算出，例如 w = w - rate * gradient"),
    "backprop_unused": "在 {file} 中没有找到参数的更新：{name}（第 {line} 行）由 {of} 算出，但没有记录到用它的运算；赋值给 {of} 才是更新",
    "backprop_no_name": "{file} 中没有记录到名为 {name} 的值：--loss 后面写作为损失的变量名",
    "backprop_near_name": "{file} 中没有记录到名为 {name} 的值；是不是 {near}？",
    "backprop_no_number": "{name}（{file} 第 {line} 行）不是单个浮点数，而损失是",
    "backprop_not_of_updates": "{name}（{file} 第 {line} 行）不是由被更新的值算出的",
    "backprop_not_recorded": "梯度必须经过在这里没有导数的计算：{problem}",
    "backprop_not_clear": "更新与所找到的损失的梯度不一致，但不能确定是哪一条语句",
    "backprop_departs_sometimes": Plural(
        "count",
        "{name} 的 {updates} 次更新中有 {count} 次与它的梯度不一致，是第 {first} 次",
        "{name} 的 {updates} 次更新中有 {count} 次与它的梯度不一致，最先是第 {first} 次",
    ),
    "backprop_turned": "{name} 的第一次更新在一些元素上顺着梯度、在另一些元素上逆着梯度，但不能确定是哪一条语句",
    "backprop_same_data": "更新与这个残差一致，而与 {name}（第 {line} 行）的梯度不一致，后者是由同样的数据算出的",
    "backprop_missing": "缺少经过第 {lines} 行的部分：它不是 {name} 的全部梯度。",
    "backprop_part": "它只是 {name} 的梯度的一部分。",
    "backprop_with_all": "用 {name} 的全部梯度，后面的计算就对了。",
    "backprop_not_zeroed": "{name} 里还留有前面步骤的梯度：它没有清零。",
    "backprop_zeroed": "每一步之前把 {name} 清零，更新就对了。",
    "backprop_term": "梯度中由第 {line} 行产生的那一部分是应有大小的 {factor} 倍，其余部分是对的。",
    "backprop_gradient_instead": "用 dL/d({of}) 代替 {name}，这一行就对了。",
    "backprop_wrong": "它所用的值是对的，但结果不是梯度。",
    "backprop_no_gradient": "它的结果不是损失对任何量的梯度。",
    "backprop_factor": "{names} 的梯度比其他梯度多了因子 {factor}。",
    "backprop_opposite": "{names} 的移动与其他参数符号相反：它沿着梯度移动。",
    "backprop_uphill": "{name} 沿着梯度而不是逆着梯度移动：损失会上升。",
    "backprop_minus": "这是梯度的相反数，而第 {line} 行让 {name} 逆着它移动：即沿着梯度，损失会上升。",
    "backprop_never_updated": "{name} 从未更新：它的梯度在这里算出，却没有用到。",
    "backprop_several_never_updated": "{names} 从未更新：它们的梯度在这里算出，却没有用到。",
    "backprop_softmax_axis": "输出在轴 {axis} 上归一化，目标在轴 {wanted} 上的和为 1；反向传播是在轴 {wanted} 上的 softmax 的反向传播。",
    "backprop_with_statement": "换成这条语句运行程序，更新就对了：",
    "backprop_stale": "{name} 已在第 {line} 行改变；用改变之前的值，这一行就对了。",
    "backprop_other_value": "用 {other} 代替 {name}，这一行就对了。",
    "backprop_axis": "在轴 {axis} 上归约，这一行就对了。",
    "backprop_without": "去掉 {text}，这一行就对了。",
    "backprop_derivative_missing": "乘以 {name}（第 {line} 行）的导数，这一行就对了。",
    "backprop_derivative_twice": "去掉 {name}（第 {line} 行）的导数，这一行就对了。",
    # 其他库的程序的梯度
    "gradient_function_wrong": "它传回的 {value} 的梯度是错的",
    "gradient_changed_memory": "它的反向传播读到的是 {place} 覆盖前向传播的值之后的内容：{text}",
    "gradient_changed_outside": "{value} 在它的反向传播中是另外的数：没有记录的代码改写了它",
    "gradient_left_over": "其中还有前面步骤的梯度：它没有清零",
    "gradient_of_constant": "在结果不随 {value} 变化的地方它也传回梯度：是直通梯度，或者缺少掩码",
    "gradient_function_kink": "它传回的 {value} 的梯度与导数不同，而差分在那里不收敛",
    "gradient_rule_differs": "通过 {op} 传回的不是它的导数，记录中没有原因",
    "gradient_sum_differs": "{value} 的梯度不是各处用法传回的梯度之和，不能确定是哪一处的错误",
    "gradient_not_computed": "它经过 {op}，而这一运算不能用 float64 重新计算",
    "gradient_not_on_record": "它的梯度没有记录",
    "gradient_unknown_way": "它的梯度来自没有记录的途径",
    "gradient_differences_differ": "损失的差分与 PyTorch 的导数不一致",
    "gradient_reference_unsettled": "损失的差分在这里不收敛",
    "gradient_hook": "钩子改变了 {value} 的梯度",
    "gradient_as_it_is": "{function} 原样传出输入，而改变梯度",
    "gradient_straight_through": "{function} 的结果是常数，却传回梯度：直通梯度",
    "gradient_not_given": "{function} 没有传回 {value} 的梯度",
    "gradient_nan": "它不是有限数：tracer blame 指出从何处开始",
    "gradient_set": "程序自己设定它的梯度",
    "gradient_no_dependence": "损失不依赖于它",
    "gradient_not_asked": "没有要求计算它的梯度",
    "gradient_stopped_at": "在 {place} 被截断",
    "gradient_no_grad": "没有梯度传回 {values}，这里不计算梯度：{text}",
    "gradient_detached": "没有梯度传回在这里分离的 {values}：{text}",
    "gradient_edited": "在更新之前改变 {count} 个参数的梯度：{text}",
    "backprop_reversed": "沿轴 {axis} 反转，这一行就对了。",
    "backprop_transposed": "转置后，这一行就对了。",
}
