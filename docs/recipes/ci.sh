#!/bin/sh
# Any other CI. Exit code: 0 clean, 1 findings, 2 something could not be read or a setting is wrong.
set -eu
tools="$(mktemp -d)"
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools"
"$tools/bin/python" -m pip install --quiet greenlint
"$tools/bin/greenlint" check . --output junit=greenlint.xml
