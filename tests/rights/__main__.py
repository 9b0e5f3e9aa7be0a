"""`python -m tests.rights`: what everybody may, as a table. Exits 1 when it is not as it should."""

import sys

from tests.rights import table


def main() -> int:
    """Print the table."""
    found = table.rows()
    sys.stdout.write(table.text(found) + "\n")
    return 1 if any(one.is_wrong for one in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
