import numpy as np

def predict(features, weights):
    return np.dot(features, weights)

def cost_function(features, targets, weights):
    N = len(targets)
    predictions = predict(features, weights)
    sq_error = (predictions - targets) ** 2
    return 1.0 / (2 * N) * sq_error.sum()

def update_weights(features, targets, weights, lr):
    predictions = predict(features, weights)
    error = targets - predictions
    gradient = np.dot(features.T, error)
    gradient /= len(features)
    gradient *= lr
    weights -= gradient
    return weights

rng = np.random.RandomState(4)
features = rng.rand(15, 3)
targets = features @ np.array([[1.0], [-0.5], [2.0]])
weights = np.zeros((3, 1))
for i in range(30):
    weights = update_weights(features, targets, weights, 0.05)
    cost = cost_function(features, targets, weights)
    if i % 10 == 0:
        print("iter=%d cost=%.4f" % (i, cost))
