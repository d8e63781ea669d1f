"""Numbers as people read them."""

from __future__ import annotations

_BYTES = ("bytes", "kB", "MB", "GB", "TB", "PB")
_BEYOND = 10**27
_COUNTS = ("", " k", " M", " G", " T", " P")


def bytes_text(number: float) -> str:
    """Return `1.5 MB` for 1 500 000: decimal units, three digits at most."""
    return "1 byte" if number == 1 else _scaled(number, _BYTES, " ")


def count_text(number: float) -> str:
    """Return `1.5 M` for 1 500 000."""
    return _scaled(number, _COUNTS, "").strip()


def _scaled(number: float, units: tuple[str, ...], space: str) -> str:
    sign, number, place = ("-" if number < 0 else ""), abs(number), 0
    if number >= _BEYOND:
        return f"{sign}more than 10^27{space}{units[0]}".rstrip()
    while number >= 999.5 and place < len(units) - 1:
        number /= 1000
        place += 1
    digits = f"{number:.0f}" if number >= 99.95 or place == 0 else f"{number:.1f}"
    return f"{sign}{digits.removesuffix('.0')}{space}{units[place]}"


def plural(count: int, noun: str) -> str:
    """Return `1 node` or `2 nodes`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}".replace(",", " ")
