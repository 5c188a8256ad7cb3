"""The tables of the documentation that follow from the code. ``python tests/reference.py`` writes them anew."""

from pathlib import Path

from registry.findings import CHECKS
from registry.model import GEOMETRY_OF_KIND, Kind
from registry.schema import FieldType, fields
from registry.tables import ATTRIBUTE_TABLES

DOCS = Path(__file__).resolve().parent.parent / "docs"
HEADER = "<!-- From here on written by tests/reference.py; do not edit. -->\n"


def layer_tables() -> str:
    """The columns of the layers of each kind."""
    parts = []
    for kind in Kind:
        rows = [
            f"| `{field.name}` | {'TEXT (JSON)' if field.field_type is FieldType.JSON else field.field_type} "
            f"| {field.unit or ''} | {'found' if field.found else 'stated'} "
            f"| {field.meaning}{'; one of ' + ', '.join(field.codes) if field.codes else ''} |"
            for field in fields(kind)
        ]
        head = "| column | type | unit | who says it | meaning |\n|---|---|---|---|---|\n"
        parts.append(f"### {kind} ({GEOMETRY_OF_KIND[kind]})\n\n{head}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def attribute_tables() -> str:
    """The tables without geometry."""
    parts = []
    for table in ATTRIBUTE_TABLES:
        columns = "\n".join(f"    {column}" for column in ("id INTEGER PRIMARY KEY", *table.columns))
        rule = f"\n    {table.constraint}" if table.constraint else ""
        parts.append(f"### {table.name}\n\n{table.meaning}.\n\n{columns}{rule}\n")
    return "\n".join(parts)


def check_table() -> str:
    """What each code means."""
    head = "| code | | cause | consequence | cure |\n|---|---|---|---|---|\n"
    rows = [
        f"| `{code}` | {check.severity} | {check.cause} | {check.consequence} | {check.cure} |"
        for code, check in CHECKS.items()
    ]
    return head + "\n".join(rows) + "\n"


WRITTEN = {
    "format.md": lambda: f"\n## Layers\n\n{layer_tables()}\n## Attribute tables\n\n{attribute_tables()}",
    "checks.md": lambda: f"\n{check_table()}",
}


def rewritten(name: str) -> str:
    """A page of the documentation with its tables as the code has them now."""
    by_hand, _, _ = (DOCS / name).read_text(encoding="utf-8").partition(HEADER)
    return by_hand + HEADER + WRITTEN[name]()


if __name__ == "__main__":
    for page in WRITTEN:
        (DOCS / page).write_text(rewritten(page), encoding="utf-8")
