"""Ralston's method of order two (1962): the smallest error bound among schemes with two evaluations of f."""


def step(f, h, dt):
    k1 = f(h)
    return h + dt * (k1 + 3 * f(h + 2 / 3 * dt * k1)) / 4
