"""What a record keeps as codes and keys: reasons, names of its parts, titles of scenarios; and counts of things."""

from __future__ import annotations

from collections.abc import Mapping

from tracer.i18n.template import Plural, Template

COUNTED: Mapping[str, str] = {
    "element": "{count} 个元素",
    "factor": "{count} 个因数",
    "gradient": "{count} 个梯度",
    "input": "{count} 个输入",
    "more column": "另外 {count} 列",
    "more row": "另外 {count} 行",
    "number": "{count} 个数",
    "operation": "{count} 个运算",
    "other step": "另外 {count} 步",
    "parameter": "{count} 个参数",
    "parameter array": "{count} 个参数数组",
    "rule": "{count} 条求导规则",
    "set": "{count} 组",
    "step": "{count} 步",
    "sum": "{count} 个随机和",
    "term": "{count} 项",
    "update": "{count} 次更新",
    "use": "使用 {count} 次",
    "value": "{count} 个值",
}
"""Counts of things, by the English noun in the singular."""

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
    # What a check of the gradients found at the end of a run.
    "check_right": Plural(
        "numbers",
        "第 {step} 步的梯度正确：{numbers} 个数与用复数步长或差分求得的导数一致（在 tracer check 的容差内），{rules} 条求导规则各自也一致",
        "第 {step} 步的梯度正确：{numbers} 个数与用复数步长或差分求得的导数一致（在 tracer check 的容差内），{rules} 条求导规则各自也一致",
    ),
    "check_wrong": "第 {step} 步的梯度有误：tracer check 指出何处",
    "check_not_judged": "第 {step} 步的梯度不能全部判断：tracer check 说明原因",
    "check_without_values": "第 {step} 步的梯度没有检查：记录中没有它的全部数值",
    "check_too_large": "第 {step} 步的梯度没有检查：它有 {operations:,} 个运算，{numbers:,} 个数，检查可能超过两秒",
    "recorded_check_right": Plural(
        "parameters",
        "第 {step} 步的梯度正确：{parameters} 个参数数组的梯度与损失的差分一致，{rules} 条求导规则各自也成立",
        "第 {step} 步的梯度正确：全部 {parameters} 个参数数组的梯度与损失的差分一致，{rules} 条求导规则各自也成立",
    ),
    "recorded_check_others": Plural(
        "others",
        "第 {step} 步的梯度在程序放行的范围内正确：{parameters} 个参数数组的梯度与损失的差分一致，{rules} 条求导规则各自也成立，"
        "另有 {others} 个的梯度由程序自己截断或改变",
        "第 {step} 步的梯度在程序放行的范围内正确：{parameters} 个参数数组的梯度与损失的差分一致，{rules} 条求导规则各自也成立，"
        "另有 {others} 个的梯度由程序自己截断或改变",
    ),
    "program_check_right": "每次更新都与梯度一致（共 {updates} 次）",
    "program_check_other_loss": "每次更新都与另一个损失的梯度一致（共 {updates} 次）",
    "program_check_wrong": "手写的梯度有误，最先出错在第 {line} 行：{statement}",
    "program_check_departs": "更新与梯度不一致：tracer check 指出哪些",
    "program_check_unknown": "无法判断手写的梯度是否正确：{reason}",
    # Why a value is not on record, only its statistics.
    "not_retained": "按设定没有保留全部数值（可用 --values all 记录运行）",
    "too_large": "{size:,} 字节的数组超出文件所能容纳的大小（{limit:,} 字节）",
    "too_large_several": "{smallest:,} 至 {largest:,} 字节的数组超出文件所能容纳的大小（{limit:,} 字节）",
    "dtype_not_storable": "文件无法容纳 {dtype} 类型的数组",
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
    "too_many_numbers_into": "{name} 依赖超过 {limit} 个数",
    "too_many_numbers_behind": "超过 {limit} 个数依赖 {name}",
    "too_many_to_search": "依赖 {name} 的数太多，无法逐一查找",
    "numbers_not_storable": "未记录其全部数值：{reason}",
    "numbers_not_kept": "未记录其数值，只有统计量；tracer trace --values all 会记录",
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
