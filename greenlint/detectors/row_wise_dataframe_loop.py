"""ECO204: tables gone through row by row on their way to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.tables import row_wise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View

_RUNS = frozenset({"fit", "predict", "encode", "embed_documents", "from_pretrained", "train", "backward", "embeddings"})


@detects("ECO204")
def row_wise_dataframe_loop(file: View) -> Iterator[Flag]:
    words = file.module.identifiers
    # Rows that feed no model are somebody else's business.
    if file.is_test or not {"iterrows", "apply"} & words or "pandas" not in file.module.roots or not _RUNS & words:
        return
    for place, way in row_wise(file.module):
        yield flag(place, way=way)
