x = 1.0
for i in range(6):
    error = (x * x - 2) ** 2
    x = x - (x * x - 2) / (2 * x)
    print(x, error)
