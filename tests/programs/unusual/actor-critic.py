import numpy as np
rng = np.random.RandomState(0)
theta = np.zeros((3, 2))
v = np.zeros(3)
for ep in range(40):
    s = ep % 3
    p = np.exp(theta[s] - theta[s].max())
    p /= p.sum()
    a = rng.choice(2, p=p)
    r = 1.0 if a == s % 2 else 0.0
    advantage = r - v[s]
    actor_loss = -np.log(p[a]) * advantage
    critic_loss = 0.5 * advantage ** 2
    loss = actor_loss + critic_loss
    g = -p
    g[a] += 1
    theta[s] += 0.2 * advantage * g
    v[s] += 0.1 * advantage
print(theta, v, loss)
