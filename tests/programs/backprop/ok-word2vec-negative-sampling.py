import numpy as np
from collections import Counter

corpus = "the cat sat on the mat the dog sat on the log a cat and a dog".split()
vocab = sorted(Counter(corpus))
index = {w: i for i, w in enumerate(vocab)}
rng = np.random.RandomState(3)
dim, window, k, lr = 5, 1, 3, 0.1
W_in = (rng.rand(len(vocab), dim) - 0.5) / dim
W_out = rng.randn(len(vocab), dim) * 0.1

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def pairs():
    for i, word in enumerate(corpus):
        for j in range(max(0, i - window), min(len(corpus), i + window + 1)):
            if i != j:
                yield index[word], index[corpus[j]]

for epoch in range(2):
    total = 0.0
    for center, context in pairs():
        negatives = [n for n in rng.choice(len(vocab), k, replace=False) if n != context]
        samples = np.array([context] + negatives)
        labels = np.zeros(len(samples))
        labels[0] = 1
        v = W_in[center]
        scores = sigmoid(W_out[samples] @ v)
        total += -np.log(scores[0]) - np.sum(np.log(1 - scores[1:]))
        err = scores - labels
        grad_in = err @ W_out[samples]
        W_out[samples] -= lr * np.outer(err, v)
        W_in[center] -= lr * grad_in
    print("epoch %d loss %.4f" % (epoch, total))
