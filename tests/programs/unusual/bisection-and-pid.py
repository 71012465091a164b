y, integral, last = (0.0, 0.0, 0.0)
for t in range(50):
    error = 1.0 - y
    integral += error * 0.1
    u = 0.6 * error + 0.5 * integral + 0.05 * (error - last) / 0.1
    last = error
    y += 0.1 * (u - y)
print(y, error)
