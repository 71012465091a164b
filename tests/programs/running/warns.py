import numpy as np, warnings
a = np.array([1.0, 0.0])
for i in range(3):
    b = 1 / a
    c = np.log(a - 1)
d = np.float64(1.0) / a[1]
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    1 / a
with np.errstate(divide="ignore"):
    1 / a
with np.errstate(divide="raise"):
    try: 1 / a
    except FloatingPointError as e: print(e)
warnings.simplefilter("error")
try: np.sqrt(-a)
except RuntimeWarning as e: print(e)
