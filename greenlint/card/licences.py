"""Licences by their texts: a name alone, a cut or an edited text is no licence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LICENCES: Sequence[tuple[str, tuple[int, int], tuple[str, ...]]] = (
    (
        "MIT",
        (140, 220),
        (
            "permission is hereby granted, free of charge, to any person obtaining a copy of this software",
            "the above copyright notice and this permission notice shall be included in all copies",
            "the software is provided as is",
        ),
    ),
    (
        "Apache-2.0",
        (1300, 2000),
        ("apache license version 2.0, january 2004", "grant of patent license", "end of terms and conditions"),
    ),
    (
        "BSD-3-Clause",
        (170, 330),
        ("redistribution and use in source and binary forms", "neither the name of", "this software is provided by"),
    ),
    ("BSD-2-Clause", (140, 280), ("redistribution and use in source and binary forms", "this software is provided by")),
    (
        "ISC",
        (90, 170),
        (
            "permission to use, copy, modify, and/or distribute this software for any purpose",
            "in no event shall the author be liable",
        ),
    ),
    ("MPL-2.0", (2000, 3200), ("mozilla public license version 2.0", "covered software")),
    ("AGPL-3.0-only", (4500, 7000), ("gnu affero general public license version 3", "remote network interaction")),
    ("LGPL-3.0-only", (900, 1700), ("gnu lesser general public license version 3", "the library")),
    ("LGPL-2.1-only", (3500, 5200), ("gnu lesser general public license version 2.1",)),
    ("GPL-3.0-only", (4500, 7000), ("gnu general public license version 3", "basic permissions")),
    ("GPL-2.0-only", (2300, 3600), ("gnu general public license version 2", "no warranty")),
    ("EUPL-1.2", (1600, 3200), ("european union public licence v. 1.2",)),
    ("Unlicense", (170, 260), ("this is free and unencumbered software released into the public domain",)),
    ("0BSD", (80, 140), ("permission to use, copy, modify, and/or distribute this software for any purpose",)),
)
"""SPDX id, number of words, phrases: enough to tell the OSI's usual licences apart, and cut or edited texts off."""


def licence_of(text: str) -> str:
    """SPDX id of a licence text, or an empty string."""
    plain = re.sub(r"[\"'`*\u201c\u201d\u2018\u2019#=_()]|\s//\s", "", text.lower())
    plain = " ".join(plain.split())
    words = len(plain.split())
    for spdx, (fewest, most), phrases in _LICENCES:
        if fewest <= words <= most and all(phrase in plain for phrase in phrases):
            return spdx
    return ""
