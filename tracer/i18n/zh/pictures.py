"""The text of pictures."""

from __future__ import annotations

from collections.abc import Mapping

MESSAGES: Mapping[str, str] = {
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
}
