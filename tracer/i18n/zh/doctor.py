"""What the rules of `tracer doctor` say of a run."""

from __future__ import annotations

from collections.abc import Mapping

from tracer.i18n.template import Plural, Template

MESSAGES: Mapping[str, str] = {
    "{name}: {steps}, {count} of them looked at closely": "{name}：{steps}，其中细看了 {count} 步",
    "nothing was found by the {count} rules": "{count} 条规则都没有发现问题",
    "nothing was found, as far as the {count} rules could look": "在 {count} 条规则能检查的范围内没有发现问题",
    "at": "位置",
    "advice": "常见做法",
    "not looked at: {what} ({why})": "没有检查：{what}（{why}）",
}

CODED: Mapping[str, Template] = {
    "doctor_not_finite": "{name} 是第一个 NaN 或无穷大的值；它在第 {step} 步传到 {result}",
    "advice_not_finite": "tracer blame 显示它的来路。人们降低学习率、裁剪梯度、用很小的 epsilon 让对数、除法和平方根远离 0，并检查数据中的 NaN。",
    "doctor_not_falling": "损失没有下降：{steps} 步中开始时平均为 {first}，结束时平均为 {last}",
    "advice_not_falling": "人们检查梯度（tracer check），把学习率增大或减小 10 倍试试，试着拟合单个批次，并检查标签与输入是否对应。",
    "doctor_oscillating": "损失振荡：数据相同，{steps} 步中有 {swings} 步转向，幅度至少为它的 {size}",
    "doctor_oscillating_epochs": "损失振荡：{epochs} 轮中有 {swings} 轮平均值转向，幅度至少为它的 {size}",
    "advice_oscillating": "人们把学习率降低 3 到 10 倍，或让它逐步减小；有动量时也降低动量。",
    "doctor_initial_loss": "开始时交叉熵为 {loss}，在 {classes} 类中猜测则为 ln {classes} = {expected}",
    "advice_initial_loss": "人们让最后一层的权重很小、偏置为 0，并检查损失函数得到的是它要的：logits 还是概率。",
    "doctor_wrong_gradient": "{verdict}",
    "advice_wrong_gradient": "tracer check 重新运行该文件，指出第一个出错的行，以及它之前哪些是对的。",
    "doctor_vanishing": "{first} 的梯度长度只有 {last} 的 {ratio} 倍；各层为：{layers}",
    "doctor_small_gradient": "{name} 的梯度几乎为零：在细看的 {steps} 步中每个元素（均方根）都不超过 {size}",
    "advice_vanishing": "人们用 ReLU 一类代替 tanh 和 sigmoid，按层的宽度设定初始权重（Glorot、He），并加上归一化或残差连接。",
    "doctor_exploding": "{first} 的梯度长度是 {last} 的 {ratio} 倍，而损失上升；各层为：{layers}",
    "doctor_growing_gradient": "{name} 的梯度长度从 {first} 增长到 {last}，而损失上升",
    "advice_exploding": "人们把梯度裁剪到长度 1，降低学习率，按层的宽度设定初始权重；循环网络则从正交矩阵开始或使用门。",
    "doctor_zero_gradient": "{name} 的梯度在细看的 {steps} 步中每个元素都恰好为 0",
    "advice_zero_gradient": "有什么切断了它：死单元、round 或 argmax 这样的阶梯函数、.detach()、掩码，或后面为 0 的权重。",
    "doctor_large_update": "{name} 的更新长度是它自己的 {ratio} 倍（细看各步的中位数）",
    "advice_large_update": "通常约为 0.001。人们降低学习率，或裁剪梯度。",
    "doctor_small_update": "{name} 的更新长度只有它自己的 {ratio} 倍（细看各步的中位数）",
    "advice_small_update": "通常约为 0.001。人们提高学习率；在 float32 中，小于权重 1e-7 的改变会丢失。",
    "doctor_never_moves": "{name} 有更新，但在细看的 {steps} 步中保持不变；它的梯度长度为 {size}",
    "advice_never_moves": "学习率可能为 0，或改变小于该 dtype 的舍入：用 tracer log --phase update 查看。",
    "doctor_left_out": "{name} 在细看的 {steps} 步中没有更新，尽管算出了它的梯度，长度为 {size}",
    "advice_left_out": "优化器得到的参数中可能缺了它。如果有意冻结 {name}，就不必计算它的梯度。",
    "doctor_dead": "{name} 的 {units} 个单元中有 {dead} 个已死：在细看的 {samples} 个样本中，每个至少对 {share} 的样本为 0",
    "advice_dead": "人们降低学习率，让偏置从 0 或略大于 0 开始，用 leaky ReLU、ELU 或 GELU，并缩放输入。",
    "doctor_saturated": "{name} 的 {share} 的元素已饱和：{limit}",
    "advice_saturated": "人们缩放输入，减小初始权重（Glorot：方差为 2 /（输入数 + 输出数）），或使用 ReLU。",
    "doctor_unscaled": "{name} 进入 {weights} 的层时，平均值为 {mean}，标准差为 {std}",
    "advice_unscaled": "人们把输入缩放到平均值 0、标准差 1，图像用 x / 255 缩放到 [0, 1]；输入很大时只有极小的学习率可用。",
    "doctor_imbalance": "在细看的 {count} 个样本中，类别 {rare} 有 {least} 个，类别 {frequent} 有 {most} 个",
    "advice_imbalance": "人们按类别给损失加权，更多地抽取少见类别的样本，并且不只看准确率。",
    "rule_not_falling": "损失是否下降",
    "rule_oscillating": "损失是否振荡",
    "rule_wrong_gradient": "程序自己计算的梯度",
    "rule_updates": "更新的大小",
    "rule_dead": "死单元",
    "rule_saturated": "饱和的激活",
    "unseen_several_losses": "几个损失互相对抗地训练",
    "unseen_maximised": "从名字看它应当变大",
    "unseen_few_steps": Plural(
        "count", "{count} 步太少，无法判断，至少需要 {least} 步", "{count} 步太少，无法判断，至少需要 {least} 步"
    ),
    "unseen_batches": "每一步的数据不同，而且轮数太少",
    "unseen_noise": "每一步的数据不同，步数又少，各步的损失相差太大",
    "unseen_unchecked": "运行结束时没有检查：请用 tracer check",
    "unseen_values": "{names} 的值没有全部记录",
    "unseen_units": "{names} 的值没有记录，或不能判断哪个轴是单元",
}
