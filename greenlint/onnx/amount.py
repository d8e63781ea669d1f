"""Whole numbers with symbols in them: 4096 times `batch`, plus 12 times `seq` squared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.onnx.units import count_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from greenlint.onnx.graph import Dim

    Monomial = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of products: `terms` maps the symbols of a product, sorted and repeated by power, to its factor."""

    terms: Mapping[Monomial, int]

    def __add__(self, other: Amount) -> Amount:
        """Add term by term."""
        terms = Counter(self.terms)
        for symbols, factor in other.terms.items():
            terms[symbols] += factor
        return Amount(dict(terms))

    def __mul__(self, other: Amount | int) -> Amount:
        """Multiply every term with every other."""
        if isinstance(other, int):
            return Amount({symbols: factor * other for symbols, factor in self.terms.items()})
        terms: Counter[Monomial] = Counter()
        for left, one in self.terms.items():
            for right, two in other.terms.items():
                terms[tuple(sorted(left + right))] += one * two
        return Amount(dict(terms))

    __rmul__ = __mul__

    def at(self, sizes: Mapping[str, int]) -> int:
        """Return the number with every symbol at its size, those that have none at 1."""
        total = 0
        for symbols, factor in self.terms.items():
            for symbol in symbols:
                factor *= sizes.get(symbol, 1)  # noqa: PLW2901 - a running product
            total += factor
        return total

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that it depends on."""
        return frozenset(symbol for symbols in self.terms for symbol in symbols)

    def text(self, unit: str = "") -> str:
        """Return `1.2 G batch + 30 M batch seq`, largest factor first, three terms at most."""
        parts = sorted(self.terms.items(), key=lambda term: -term[1])
        told = [f"{count_text(factor)}{unit}{''.join(f' x {s}' for s in symbols)}" for symbols, factor in parts[:3]]
        return " + ".join(told + (["..."] if len(parts) > len(told) else [])) or "0"


NOTHING = Amount({})
LARGEST = 10**30


def number(value: int) -> Amount:
    """Return a plain number as an amount."""
    return Amount({(): value} if value else {})


def size_of(dim: Dim) -> Amount:
    """Return a size; an unknown one is the symbol `?`."""
    if isinstance(dim, int):
        return number(dim)
    return Amount({(dim or "?",): 1})


def product(dims: Iterable[Dim]) -> Amount:
    """Return the number of elements of a shape; beyond `LARGEST`, which no machine can hold, it is `LARGEST`."""
    factor, symbols = 1, []
    for dim in dims:
        if isinstance(dim, int):
            factor = min(factor * dim, LARGEST)
        else:
            symbols.append(dim or "?")
    return Amount({tuple(sorted(symbols)): factor} if factor else {})


def total(amounts: Iterable[Amount]) -> Amount:
    """Add many amounts."""
    terms: dict[Monomial, int] = {}
    for amount in amounts:
        for symbols, factor in amount.terms.items():
            terms[symbols] = terms.get(symbols, 0) + factor
    return Amount({symbols: factor for symbols, factor in terms.items() if factor})
