import package.helper as h

x = h.f(2)
