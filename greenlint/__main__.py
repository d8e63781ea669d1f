"""`python -m greenlint` is `greenlint`."""

from greenlint.cli import main

raise SystemExit(main())
