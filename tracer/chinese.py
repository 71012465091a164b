"""Chinese for every message that views and commands tell: the English sentence, then what is said in its place."""

from __future__ import annotations

from collections.abc import Mapping

COUNTED: Mapping[str, str] = {
    "element": "{count} 个元素",
    "node": "{count} 个节点",
    "operation": "{count} 个运算",
    "parameter": "{count} 个参数",
    "step": "{count} 步",
}
"""Counts of things, by the English word for one of them."""

MESSAGES: Mapping[str, str] = {
    # Phases
    "init": "初始",
    "forward": "前向传播",
    "loss": "损失",
    "backward": "反向传播",
    "update": "参数更新",
    # Pages
    "page {number}": "第 {number} 页",
}
"""The messages. A field in braces stands in both; a test holds that none lacks its translation."""
