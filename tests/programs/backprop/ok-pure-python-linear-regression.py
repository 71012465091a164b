# simple linear regression with plain numbers, y = mx + b
x_values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.5]
y_values = [2.1, 3.9, 6.2, 8.1, 9.8, 13.2]

m = 0
b = 0
L = 0.01
epochs = 25
n = len(x_values)

for i in range(epochs):
    D_m = 0
    D_b = 0
    for x, y in zip(x_values, y_values):
        y_pred = m * x + b
        D_m += (-2 / n) * x * (y - y_pred)
        D_b += (-2 / n) * (y - y_pred)
    m = m - L * D_m
    b = b - L * D_b

error = 0
for x, y in zip(x_values, y_values):
    error += (y - (m * x + b)) ** 2
print(m, b, error / n)
