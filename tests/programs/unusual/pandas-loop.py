import numpy as np
import pandas as pd
df = pd.DataFrame({'x': np.linspace(0, 1, 12)})
df['y'] = 2 * df['x'] + 1
w, b = (0.0, 0.0)
for i in range(20):
    df['pred'] = w * df['x'] + b
    df['err'] = df['pred'] - df['y']
    loss = (df['err'] ** 2).mean()
    w = w - 0.5 * 2 * (df['err'] * df['x']).mean()
    b = b - 0.5 * 2 * df['err'].mean()
print(w, b, loss)
