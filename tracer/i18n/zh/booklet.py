"""The pages of the booklet."""

from __future__ import annotations

from collections.abc import Mapping

MESSAGES: Mapping[str, str] = {
    # Pages
    "page {number}": "第 {number} 页",
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
    "the image at {index}": "位于 {index} 的图像",
    "{names}: updated by the same operations as above, {count} in all, which have no pages of their own. One number of each,"
    " in columns with the names that these results have above:": (
        "{names}：以上述相同的运算更新，共 {count} 个运算，不另列页面。每个取一个数，各列用上文中这些结果的名字："
    ),
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
    " gradients back, by the local rule beside them, where g is the gradient that arrives; without a rule, as they are.": (
        "每个方框是一个值及其梯度（若有）。箭头向前传递数值，也反向传递梯度（样式见图例）；"
        "后者旁边写有局部规则，其中 g 是上游梯度；没有规则则原样传递。"
    ),
    "Step {step}: what it starts from": "第 {step} 步：初始值",
    "Data, parameters and settings, before anything is computed.": "计算开始之前的数据、参数和设置。",
    "The parameters are as step {number} left them.": "参数取自第 {number} 步更新后的值。",
    "Name": "名称",
    "What it is": "类别",
    "Value": "值",
    "Step {step}: old values, gradients, new values": "第 {step} 步：旧值、梯度、新值",
    "{optimizer} moves each of {parameters} against its gradient.": "{optimizer}：{parameters}均沿梯度的反方向移动。",
    "{optimizer} moves {parameters}: {which}.": "{optimizer} 对{parameters}的移动：{which}。",
    "{count:,} against their gradient": "{count:,} 个沿梯度的反方向",
    "{count:,} along their gradient": "{count:,} 个沿梯度的方向",
    "{count:,} whose gradient is 0": "{count:,} 个的梯度为 0",
    "{count:,} not at all": "{count:,} 个没有移动",
    "{count:,} from or to a number that is not finite, or by such a gradient": "{count:,} 个的旧值、新值或梯度不是有限数",
    "The numbers of {arrays} are not on record.": "{arrays}的数值没有记录。",
    "The new values are those that step {number} starts from.": "新值就是第 {number} 步开始时的参数值。",
    "This is the last step on record.": "这是记录中的最后一步。",
    "The optimizer": "优化器",
    "Element": "元素",
    "Old value": "旧值",
    "Gradient": "梯度",
    "New value": "新值",
    "The whole run": "整个运行过程",
    "Each parameter over the steps: its elements, or the smallest, the mean and the largest of many.": (
        "各参数随步数的变化：元素少的逐个画出，元素多的只画最小值、平均值和最大值。"
    ),
    # The page of an operation
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
    "Beside each operation before the update stands the whole step, from left to right: the operation in a thick ring, what goes into"
    " it in thin ones.": "更新之前的每个运算旁边是整个训练步，从左到右：粗圈是该运算，细圈是它的输入。",
    "Beside each operation before the update stands the whole step, from left to right, where a dot may stand for several operations:"
    " the operation in a thick ring, what goes into it in thin ones.": (
        "更新之前的每个运算旁边是整个训练步，从左到右，一个点可能代表多个运算：粗圈是该运算，细圈是它的输入。"
    ),
}
