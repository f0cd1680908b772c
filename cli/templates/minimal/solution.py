"""The artifact: approximates sin(x) for 0 <= x <= pi by a polynomial of degree 4."""

COEFFICIENTS = [0.0, 1.0, 0.0, -0.1, 0.0]  # of 1, x, x^2, x^3, x^4


def f(x):
    value = 0.0
    for coefficient in reversed(COEFFICIENTS):
        value = value * x + coefficient
    return value


if __name__ == "__main__":
    import sys

    for line in sys.stdin:
        print(repr(f(float(line))))
