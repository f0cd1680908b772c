"""Prints a packing of 26 circles in the unit square, one "x y r" line a circle."""

COLUMNS, ROWS, COUNT = 7, 4, 26


def packing():
    """A plain grid: equal circles, row by row, and no thought given to the gaps."""
    radius = 0.5 / max(COLUMNS, ROWS)
    for index in range(COUNT):
        column, row = index % COLUMNS, index // COLUMNS
        yield (column + 0.5) / COLUMNS, (row + 0.5) / ROWS, radius


if __name__ == "__main__":
    for x, y, r in packing():
        print(f"{x:.12f} {y:.12f} {r - 1e-12:.12f}")
