"""The documentation says what the code does."""

import re
import shlex
from pathlib import Path

import pytest
import reference
from typer.main import get_command

from registry.cli import app
from registry.stats import SCHEMA

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", reference.WRITTEN)
def test_tables_follow_from_the_code(page: str) -> None:
    assert (reference.DOCS / page).read_text(encoding="utf-8") == reference.rewritten(page), (
        "write it anew with: python tests/reference.py"
    )


def test_every_verb_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    verbs = get_command(app).commands
    assert [verb for verb in verbs if f"minefield-registry {verb}" not in readme] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_line_parses(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    root = get_command(app)
    for line in re.findall(r"^\s*\$?\s*(minefield-registry .*)$", text, re.MULTILINE):
        words = shlex.split(line, comments=True)[1:]
        while words and words[0].startswith("-"):
            words = words[2:] if words[0] == "--registry" else words[1:]
        if words:
            verb = root.commands[words[0]]
            verb.make_context(words[0], words[1:], resilient_parsing=False).close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_schema_of_stats_is_named_in_the_docs() -> None:
    assert SCHEMA in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_no_page_speaks_of_machines() -> None:
    for page in PAGES:
        assert not re.search(r"/(work|root|home)/", page.read_text(encoding="utf-8")), page
