import numpy as np

rng = np.random.RandomState(55)
sig = lambda v: 1 / (1 + np.exp(-v))
gw, gb = rng.randn(1, 1) * 0.1, np.zeros(1)
dw1, db1, dw2, db2 = rng.randn(1, 4), np.zeros(4), rng.randn(4, 1), np.zeros(1)
lr = 0.05

def discriminate(x):
    h = np.tanh(x @ dw1 + db1)
    return h, sig(h @ dw2 + db2)

for it in range(30):
    real = rng.randn(8, 1) * 0.5 + 3
    z = rng.randn(8, 1)
    fake = z @ gw + gb
    h_r, p_r = discriminate(real)
    h_f, p_f = discriminate(fake)
    d_loss = -np.mean(np.log(p_r)) - np.mean(np.log(1 - p_f))
    e_r, e_f = (p_r - 1) / 8, p_f / 8
    g_dw2 = h_r.T @ e_r + h_f.T @ e_f
    g_db2 = (e_r + e_f).sum(0)
    a_r, a_f = e_r @ dw2.T * (1 - h_r ** 2), e_f @ dw2.T * (1 - h_f ** 2)
    g_dw1 = real.T @ a_r + fake.T @ a_f
    g_db1 = (a_r + a_f).sum(0)
    dw1 -= lr * g_dw1
    db1 -= lr * g_db1
    dw2 -= lr * g_dw2
    db2 -= lr * g_db2

    fake = z @ gw + gb
    h_f, p_f = discriminate(fake)
    g_loss = -np.mean(np.log(p_f))
    e = (p_f - 1) / 8
    dfake = (e @ dw2.T * (1 - h_f ** 2)) @ dw1.T
    gw -= lr * (z.T @ dfake)
    gb -= lr * dfake.sum(0)
    if it % 10 == 0:
        print(it, d_loss, g_loss)
