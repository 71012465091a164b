import numpy as np

rng = np.random.default_rng(99)
points = np.concatenate([rng.normal(c, 0.3, (10, 2)) for c in (-1, 0, 1)])
centers = points[rng.choice(len(points), 3, replace=False)].copy()
for it in range(8):
    distances = ((points[:, None, :] - centers[None]) ** 2).sum(axis=2)
    assignment = distances.argmin(axis=1)
    inertia = distances.min(axis=1).sum()
    for k in range(3):
        if np.any(assignment == k):
            centers[k] = points[assignment == k].mean(axis=0)
    print(it, inertia)
