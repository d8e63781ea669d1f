"""One line for each finding, `path:line:column: CODE [severity] name: message`, for editors and grep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.output import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.finding import Report
    from greenlint.output import Look


def render(report: Report, look: Look) -> Iterator[str]:
    """Yield the open findings, then a line that counts them."""
    if look.statistics:
        yield from text.statistics(report, look)
    else:
        paint = text.Paint(look)
        for finding in report.open:
            rule = finding.rule
            code = paint.severity(finding, f"{rule.code} [{finding.severity.value}]")
            yield f"{paint.bold(text.where(finding))}: {code} {rule.name}: {text.printable(finding.message)}"
    if not look.quiet:
        yield text.summary(report)
