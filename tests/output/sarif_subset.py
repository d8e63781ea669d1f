"""What greenlint writes of SARIF 2.1.0, as a strict JSON Schema, written from the sections of the specification.

No package brings the official schema, which allows far more than is written here. Where the variable `SARIF_SCHEMA`
names a file of it (https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/), the tests hold every output
against both.
"""

from __future__ import annotations

from typing import Any


def _object(required: str, optional: str = "", **properties: Any) -> dict[str, Any]:
    names = {*required.split(), *optional.split()}
    assert names == set(properties), names ^ set(properties)
    return {"type": "object", "additionalProperties": False, "required": required.split(), "properties": properties}


def _list(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def _one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


TEXT = {"type": "string", "minLength": 1}
URI = {"type": "string", "format": "uri-reference", "pattern": r"^[^\\\\ \"<>^`{|}]+$"}
COUNT = {"type": "integer", "minimum": 1}
BAG = {"type": "object"}  # 3.8
LEVEL = _one_of("none", "note", "warning", "error")  # 3.27.10

MESSAGE = _object("text", text=TEXT)  # 3.11
MULTIFORMAT = _object("text", "markdown", text=TEXT, markdown=TEXT)  # 3.12
ARTIFACT_LOCATION = _object("uri", "uriBaseId", uri=URI, uriBaseId=_one_of("%SRCROOT%"))  # 3.4
CONTENT = _object("text", text={"type": "string"})  # 3.3
REGION = _object(  # 3.30
    "startLine",
    "startColumn endLine endColumn snippet",
    startLine=COUNT,
    startColumn=COUNT,
    endLine=COUNT,
    endColumn=COUNT,
    snippet=CONTENT,
)
PHYSICAL = _object(  # 3.29
    "artifactLocation", "region contextRegion", artifactLocation=ARTIFACT_LOCATION, region=REGION, contextRegion=REGION
)
LOGICAL = _object("name fullyQualifiedName kind", name=TEXT, fullyQualifiedName=TEXT, kind=TEXT)  # 3.33
LOCATION = _object(  # 3.28
    "physicalLocation",
    "id logicalLocations message properties",
    id={"type": "integer", "minimum": 0},
    physicalLocation=PHYSICAL,
    logicalLocations=_list(LOGICAL, uniqueItems=True),
    message=MESSAGE,
    properties=BAG,
)
RULE = _object(  # 3.49
    "id name shortDescription fullDescription help defaultConfiguration properties",
    "helpUri",
    id=TEXT,
    name=TEXT,
    shortDescription=MULTIFORMAT,
    fullDescription=MULTIFORMAT,
    help=MULTIFORMAT,
    helpUri={"type": "string", "format": "uri", "pattern": "^https?://"},
    defaultConfiguration=_object("level enabled", level=LEVEL, enabled={"type": "boolean"}),  # 3.50
    properties=BAG,
)
DRIVER = _object(  # 3.19
    "name version semanticVersion rules",
    "informationUri",
    name=TEXT,
    version=TEXT,
    semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
    informationUri={"type": "string", "format": "uri"},
    rules=_list(RULE, uniqueItems=True),
)
NOTIFICATION = _object("level message", "locations", level=LEVEL, message=MESSAGE, locations=_list(LOCATION))  # 3.58
INVOCATION = _object(  # 3.20
    "executionSuccessful",
    "toolExecutionNotifications",
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications=_list(NOTIFICATION),
)
SUPPRESSION = _object("kind", "justification", kind=_one_of("inSource", "external"), justification=TEXT)  # 3.35
REPLACEMENT = _object("deletedRegion", "insertedContent", deletedRegion=REGION, insertedContent=CONTENT)  # 3.57
CHANGE = _object(  # 3.56
    "artifactLocation replacements", artifactLocation=ARTIFACT_LOCATION, replacements=_list(REPLACEMENT, minItems=1)
)
FIX = _object(  # 3.55
    "artifactChanges",
    "description properties",
    description=MESSAGE,
    artifactChanges=_list(CHANGE, minItems=1),
    properties=BAG,
)
RESULT = _object(  # 3.27
    "ruleId ruleIndex level message locations",
    "partialFingerprints baselineState suppressions fixes",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations=_list(LOCATION, minItems=1),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    baselineState=_one_of("new", "unchanged", "updated", "absent"),
    suppressions=_list(SUPPRESSION, uniqueItems=True),
    fixes=_list(FIX, uniqueItems=True),
)
RUN = _object(  # 3.14
    "tool invocations columnKind originalUriBaseIds results",
    tool=_object("driver", driver=DRIVER),  # 3.18
    invocations=_list(INVOCATION),
    columnKind=_one_of("utf16CodeUnits", "unicodeCodePoints"),
    originalUriBaseIds={  # 3.14.14: absolute, and ends with a slash
        "type": "object",
        "additionalProperties": _object("uri", uri={"type": "string", "pattern": "^file:///.*/$|^file:///$"}),
    },
    results=_list(RESULT),
)
LOG = _object(  # 3.13
    "$schema version runs",
    **{"$schema": {"type": "string", "format": "uri"}, "version": _one_of("2.1.0"), "runs": _list(RUN, minItems=1)},
)
