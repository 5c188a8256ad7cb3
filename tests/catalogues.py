"""The catalogues of the web map, brought up to the texts that the code has. ``python tests/catalogues.py`` writes them.

What is new in a catalogue has an empty translation, which is shown in English until somebody writes it; what is gone
is dropped. A text that was added after the review takes the name of the reviewer out: they have not seen it.
"""

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from maps.attributes import is_listed
from maps.words import languages
from registry.compare.clusters import NOTICE
from registry.compare.eligibility import RULE_WORDS
from registry.headlines import SECTION_WORDS
from registry.looks import CLUSTER_LOOK, EVENT_LOOKS, INVALID_LABEL, KIND_LOOKS, MINEFIELD_LOOKS
from registry.model import Kind
from registry.schema import fields

MAPS = Path(__file__).resolve().parent.parent / "maps"
LOCALE = MAPS / "locale"
PYTHON_KEYWORDS = {"say": None, "mark": None, "english_too": None}
SCRIPT_KEYWORDS = {"say": None, "mark": None}
TEMPLATE_KEYWORDS = {"_": None}
# Not of the web map, and in English alone.
OTHER_PAGES = {"import_report.py", "import_report.html", "import_report_layer.html"}
_REVIEWED_BY = re.compile(r'^"X-Reviewed-By:.*\\n"\n', re.MULTILINE)
_HEADER = """# The texts of the web map in this language; how to change or review them: docs/webmap.md, "Languages".
# X-Reviewed-By names the native speaker who has reviewed every text, and is empty where nobody has."""


def texts() -> dict[str, set[str]]:
    """Every text that a page says, with the files it is in."""
    found: dict[str, set[str]] = {}
    for path in sorted(MAPS.iterdir()):
        if path.is_file() and path.name not in OTHER_PAGES:
            for text in _texts_of(path):
                found.setdefault(text, set()).add(f"maps/{path.name}")
    for place, said in _registry_texts().items():
        for text in said:
            found.setdefault(text, set()).add(place)
    return found


def _texts_of(path: Path) -> list[str]:
    method, keywords = {
        ".py": ("python", PYTHON_KEYWORDS),
        ".js": ("javascript", SCRIPT_KEYWORDS),
        ".html": ("jinja2.ext:babel_extract", TEMPLATE_KEYWORDS),
    }.get(path.suffix, ("ignore", {}))
    source = io.BytesIO(path.read_bytes())
    options = {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true", "parse_template_string": "true"}
    return [text for _, text, _, _ in extract(method, source, keywords=keywords, options=options)]


def _registry_texts() -> dict[str, list[str]]:
    """What the registry's own tables say in popups: they know no catalogue, and are read instead."""
    looks = [MINEFIELD_LOOKS[0], *KIND_LOOKS.values(), *EVENT_LOOKS.values(), CLUSTER_LOOK]
    listed = [field for kind in Kind for field in fields(kind) if is_listed(field, kind)]
    return {
        "registry/schema.py": [each for field in listed for each in (field.meaning, field.unit) if each],
        "registry/codes.py": [code.label for field in listed for code in field.codes or ()],
        "registry/compare/eligibility.py": list(RULE_WORDS.values()),
        "registry/looks.py": [look.label for look in looks] + [INVALID_LABEL],
        "registry/headlines.py": list(SECTION_WORDS.values()),
        "registry/compare/clusters.py": [NOTICE],
    }


def rewritten(language: str, written: str) -> str:
    """A catalogue with the texts that the code has now, and the translations that it had."""
    old = read_po(written.splitlines(), locale=language.replace("-", "_"), ignore_obsolete=True)
    new = Catalog(locale=language.replace("-", "_"), fuzzy=False)
    reviewed = found[0] if (found := _REVIEWED_BY.search(written)) else '"X-Reviewed-By: \\n"\n'
    for text, places in sorted(texts().items(), key=lambda each: (each[0].casefold(), each[0])):
        known = old.get(text)
        new.add(text, known.string if known and not known.fuzzy else "", [(place, 0) for place in sorted(places)])
        if known is None:
            reviewed = '"X-Reviewed-By: \\n"\n'
    return _written(new, reviewed)


def _written(catalog: Catalog, reviewed: str) -> str:
    out = io.BytesIO()
    write_po(out, catalog, omit_header=True, width=0, include_lineno=False)
    head = (
        f'{_HEADER}\nmsgid ""\nmsgstr ""\n"Language: {catalog.locale}\\n"\n'
        f'"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n{reviewed}\n'
    )
    return head + out.getvalue().decode().rstrip("\n") + "\n"


if __name__ == "__main__":
    for each in languages():
        path = LOCALE / f"{each.replace('-', '_')}.po"
        if each != "en":
            path.write_text(rewritten(each, path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
