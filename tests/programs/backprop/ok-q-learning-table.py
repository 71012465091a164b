import numpy as np

# semi-gradient: the target is not differentiated
np.random.seed(1)
n_states, n_actions = 6, 2
Q = np.zeros((n_states, n_actions))
alpha, gamma, epsilon = 0.5, 0.9, 0.2

def env_step(s, a):
    s2 = min(n_states - 1, s + 1) if a == 1 else max(0, s - 1)
    return s2, (1.0 if s2 == n_states - 1 else 0.0), s2 == n_states - 1

for episode in range(12):
    s, done, steps, loss = 0, False, 0, 0.0
    while not done and steps < 30:
        a = np.random.randint(n_actions) if np.random.rand() < epsilon else int(np.argmax(Q[s] + 1e-6 * np.random.randn(n_actions)))
        s2, r, done = env_step(s, a)
        td_error = r + gamma * np.max(Q[s2]) * (not done) - Q[s, a]
        loss += 0.5 * td_error ** 2
        Q[s, a] += alpha * td_error
        s = s2
        steps += 1
    print(episode, steps, round(float(loss), 4))
print(Q.round(3))
