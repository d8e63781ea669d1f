"""What the code of a project shows: findings and signs, from one run of the check."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint.card.emissions import relative
from greenlint.card.language import text
from greenlint.card.signals import observe
from greenlint.errors import ConfigError, GreenlintError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from greenlint.card.language import Text
    from greenlint.card.signals import Sign
    from greenlint.catalogue import Catalogue
    from greenlint.config import Settings
    from greenlint.engine import Judged
    from greenlint.finding import Finding

_TRAINING_CALLS = frozenset({"fit", "backward", "train_on_batch", "apply_gradients"})


@dataclass(frozen=True, slots=True)
class Code:
    """Findings and signs (None where the code could not be judged), with paths below the project.

    `hidden_rules` are codes of stable rules that the settings switch off; `training_files` are the files that train,
    and `training_programs` the entries of the programs that do.
    """

    findings: Sequence[Finding] | None = None
    signs: Sequence[Sign] | None = None
    hidden_rules: frozenset[str] = frozenset()
    training_files: Sequence[str] = ()
    training_programs: frozenset[str] = frozenset()
    notes: Sequence[Text] = ()


def read(root: Path) -> Code:
    """Check the code below a folder, and note what it does on the way; tests speak neither for nor against.

    A crash of the linter is a note: the rest of the evidence stands, and the items of the code stay unknown. Raises
    `ConfigError` for wrong settings.
    """
    from greenlint import catalogue, config, discovery, engine, suppression

    folder = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow links
    try:
        rules = catalogue.load()
        configuration = config.Configuration(rules, config.Overrides())
        listing = discovery.discover([folder], lambda _path: False)
        checked = engine.check(listing.files, configuration.settings, lambda _path: folder, observe=observe)
        judged = list(suppression.mark(checked, rules))
    except (ConfigError, OSError):
        raise
    except GreenlintError as error:
        return Code(notes=[text(f"the code was not judged: {error}", f"le code n'a pas été jugé : {error}")])
    # What the settings exclude is judged all the same, and hides like a suppression: otherwise a line of settings would
    # buy what a comment does not.
    excluded = {one.path for one in judged if configuration.settings(one.path.parent).excludes(one.path)}
    findings = [
        _below(_suppressed(finding) if one.path in excluded else finding, root)
        for one in judged
        if not _is_test(one, root)
        for finding in one.findings
    ]
    signs = [sign for one in judged if one.path not in excluded for sign in _signs(one, root)]
    return Code(
        findings=findings,
        signs=signs,
        hidden_rules=_hidden(rules, configuration.settings(folder)),
        training_files=_training_files(findings, signs),
        training_programs=frozenset(entry for sign in signs if _trains(sign) for entry in sign.programs),
        notes=[
            text(str(replace(problem, path=relative(Path(problem.path), root))))
            for one in judged
            for problem in one.problems
        ],
    )


def _signs(judged: Judged, root: Path) -> Iterator[Sign]:
    path = relative(judged.path, root)
    for sign, place in judged.observed:
        cell = "" if place.cell is None else f":cell {place.cell}"
        programs = frozenset(relative(Path(entry), root) for entry in sign.programs)
        yield replace(sign, path=path, programs=programs, where=f"{path}{cell}:{place.line}")


def _is_test(judged: Judged, root: Path) -> bool:
    from greenlint.python.tests import is_test

    content = judged.source.text.encode("utf-8", "surrogatepass") if judged.source else b""
    return is_test(relative(judged.path, root), lambda: content)


def _training_files(findings: Sequence[Finding], signs: Sequence[Sign]) -> list[str]:
    trains = {sign.path for sign in signs if _trains(sign)}
    judged = {finding.place.path for finding in findings if finding.rule.code.startswith("ECO3")}
    return sorted(trains | judged)


def _trains(sign: Sign) -> bool:
    return sign.form == "call" and any(name.rsplit(".", 1)[-1] in _TRAINING_CALLS for name in sign.names)


def _hidden(rules: Catalogue, settings: Settings) -> frozenset[str]:
    from greenlint.rule import Life

    expected = {rule.code for rule in rules.rules if rule.life is Life.STABLE and rule.on_by_default}
    per_file = {code for _, codes in settings.per_file_ignores for code in codes}
    return frozenset((expected - settings.enabled) | (per_file & expected))


def _suppressed(finding: Finding) -> Finding:
    from greenlint.finding import Status

    return replace(finding, status=Status.SUPPRESSED)


def _below(finding: Finding, root: Path) -> Finding:
    return replace(finding, place=replace(finding.place, path=relative(Path(finding.place.path), root)))
