"""Numbers whose sums are asked for again and again: heights of rows below each other."""

from __future__ import annotations

from collections.abc import Iterable


class Sums:
    """Integers, none below 0, and the sums of the first of them: a Fenwick tree.

    Changing one number, the sum before a place and the place of a sum take logarithmic time;
    replacing the numbers from a place on takes time linear in these.
    """

    def __init__(self) -> None:
        self._values: list[int] = []
        self._tree = [0]  # at each place, the sum of as many numbers as its lowest bit says

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, place: int) -> int:
        return self._values[place]

    def __setitem__(self, place: int, value: int) -> None:
        change = value - self._values[place]
        self._values[place] = value
        node = place + 1
        while change and node < len(self._tree):
            self._tree[node] += change
            node += node & -node

    @property
    def total(self) -> int:
        return self.before(len(self._values))

    def before(self, place: int) -> int:
        """The sum of the numbers before a place."""
        total = 0
        while place > 0:
            total += self._tree[place]
            place &= place - 1
        return total

    def find(self, amount: int) -> int:
        """The first place where the sum, with its number, is above `amount`; else the length."""
        place, step = 0, 1 << len(self._values).bit_length()
        while step:
            node = place + step
            if node < len(self._tree) and self._tree[node] <= amount:
                place = node
                amount -= self._tree[node]
            step >>= 1
        return place

    def replace(self, first: int, values: Iterable[int]) -> None:
        """Replace all numbers from a place on."""
        self._values[first:] = values
        del self._tree[first + 1 :]
        sums = [self.before(first)]
        for node, value in enumerate(self._values[first:], first + 1):
            sums.append(sums[-1] + value)
            start = node & (node - 1)
            above = sums[start - first] if start >= first else self.before(start)
            self._tree.append(sums[-1] - above)

    def insert(self, place: int, values: Iterable[int]) -> None:
        self.replace(place, [*values, *self._values[place:]])

    def take(self, first: int, count: int) -> list[int]:
        """Remove some numbers, and return them."""
        taken = self._values[first : first + count]
        self.replace(first, self._values[first + count :])
        return taken
