import numpy as np

# REINFORCE on a three-armed bandit with a state; no loss is ever computed
rng = np.random.RandomState(8)
theta = np.zeros((2, 3))
best = [2, 0]

def policy(state):
    z = theta[state]
    e = np.exp(z - np.max(z))
    return e / e.sum()

rewards = []
for episode in range(80):
    state = episode % 2
    probs = policy(state)
    action = rng.choice(3, p=probs)
    reward = 1.0 if action == best[state] else -0.2
    grad_log = -probs
    grad_log[action] += 1
    theta[state] += 0.3 * reward * grad_log
    rewards.append(reward)
print(np.mean(rewards[:20]), np.mean(rewards[-20:]))
print(theta.round(3))
