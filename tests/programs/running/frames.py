import numpy as np
import pandas as pd

rng = np.random.RandomState(8)
frame = pd.DataFrame({"area": rng.uniform(30, 120, 25), "rooms": rng.randint(1, 6, 25), "kind": rng.choice(["a", "b"], 25)})
frame["price"] = 2.5 * frame["area"] + 10 * frame["rooms"] + 5 * (frame["kind"] == "a")
frame = pd.get_dummies(frame, columns=["kind"], dtype=float)
features = frame.drop(columns="price")
features = (features - features.mean()) / features.std()
X = np.column_stack([np.ones(len(frame)), features.values])
y = frame["price"].to_numpy()
y = (y - y.mean()) / y.std()
theta = np.zeros(X.shape[1])
history = pd.DataFrame(columns=["epoch", "cost"])
for epoch in range(40):
    error = X.dot(theta) - y
    cost = (error ** 2).sum() / (2 * len(y))
    theta = theta - 0.1 * X.T.dot(error) / len(y)
    history.loc[len(history)] = [epoch, cost]
print(history.tail(2).to_string())
print(pd.Series(theta, index=["one", *features.columns]).round(4).to_string())
print(frame.assign(fit=X @ theta).groupby("rooms")["fit"].mean().to_string())
