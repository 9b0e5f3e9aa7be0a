"""`python -m tests.rights`: what everybody may, as a table. Exits 1 when it is not as it should."""

import argparse
import sys

import pytest

from tests.rights import table


def main() -> int:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m tests.rights", description=__doc__).parse_args()
    try:
        found = table.rows()
    except pytest.skip.Exception as lacking:
        sys.stdout.write(f"rights were not tried: {lacking}\n")
        return 1
    sys.stdout.write(table.text(found) + "\n")
    return 1 if any(one.is_wrong for one in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
