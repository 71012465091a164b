import numpy as np
import pandas as pd
df = pd.DataFrame({'x': np.linspace(0, 1, 12)})
df['y'] = 2 * df['x'] + 1
x, y = (df['x'].values, df['y'].values)
w, b = (0.0, 0.0)
for i in range(20):
    pred = w * x + b
    loss = np.mean((pred - y) ** 2)
    err = pd.Series(pred - y)
    w = w - 0.5 * 2 * (err * df['x']).mean()
    b = b - 0.5 * 2 * err.mean()
print(w, b, loss)
