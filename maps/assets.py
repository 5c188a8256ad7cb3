"""What goes inside the pages: Leaflet, our own script and style, and the policy that admits only these."""

import base64
import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import Environment, FunctionLoader, StrictUndefined

from maps.style import (
    BACKDROP_LOOK,
    CLUSTER_LOOK,
    EVENT_LOOKS,
    KIND_LOOKS,
    MINEFIELD_LOOKS,
    PARTY_LOOKS,
    PARTY_NOT_STATED,
    PARTY_UNKNOWN,
    PUBLIC_SHADES,
    REPORT_LOOKS,
    SHARE_LOOKS,
    Look,
)
from registry.plaintext import MOST_CHARACTERS, visible

_SCRIPTS = (
    *(
        "say",
        "decode",
        "find",
        "draw",
        "grid",
        "geodesic",
        "popup",
        "coordinates",
        "search",
        "timeline",
        "controls",
        "frame",
    ),
    *("graticule", "link", "overlay", "measure", "sheet", "choropleth", "clusters", "backdrop", "charts", "filter"),
    "page",
)
_STYLES = ("page", "tools", "sheet", "panel")
_PUBLIC_SCRIPTS = ("say", "decode", "find", "draw", "popup", "controls", "frame", "public")


def leaflet_script() -> str:
    """Leaflet itself, from the installed package that ships its files."""
    return _text(_leaflet() / "leaflet.js").replace("//# sourceMappingURL=leaflet.js.map", "")


def leaflet_style() -> str:
    """Leaflet's style sheet with its images as data URIs."""
    return re.sub(
        r"url\((images/[\w.-]+)\)", lambda match: f"url({_data_uri(match[1])})", _text(_leaflet() / "leaflet.css")
    )


def page_scripts() -> list[str]:
    """Our own scripts, each built on those before it."""
    return [_text(files("maps") / f"{name}.js") for name in _SCRIPTS]


def page_style() -> str:
    """Our own style sheet, after the colours of `maps.style` as CSS variables."""
    return _colour_variables(looks()) + "".join(_text(files("maps") / f"{name}.css") for name in _STYLES)


def public_scripts() -> list[str]:
    """The scripts of the public map: those of the web map that know nothing of records, and its own."""
    return [_text(files("maps") / f"{name}.js") for name in _PUBLIC_SCRIPTS]


def public_style() -> str:
    """The style sheet of the public map, after that of the web map and the shades of its tables."""
    return page_style() + _shade_variables() + _text(files("maps") / "public.css")


def report_style() -> str:
    """The style sheet of the import report, after its colours as CSS variables."""
    return _colour_variables(REPORT_LOOKS) + _text(files("maps") / "import_report.css")


def looks() -> dict[str, Look]:
    """Every look by the name of its colour variable."""
    batches = {f"minefields-{number}": look for number, look in enumerate(MINEFIELD_LOOKS)}
    parties = {f"party-{number}": look for number, look in enumerate(PARTY_LOOKS)}
    kinds = {kind.value: look for kind, look in KIND_LOOKS.items()}
    others = {PARTY_NOT_STATED: PARTY_UNKNOWN, "clusters": CLUSTER_LOOK, "backdrop": BACKDROP_LOOK}
    return {**batches, **parties, **kinds, **SHARE_LOOKS, **others, **EVENT_LOOKS}


def environment() -> Environment:
    """Finds the templates of pages by name; whatever a value holds, it is text in the page, and steers nothing.

    The filter ``short`` is for texts from data, which have any length.
    """
    made = Environment(
        loader=FunctionLoader(lambda name: _text(files("maps") / name)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_as_text,
    )
    made.filters["short"] = lambda value: visible(str(value), MOST_CHARACTERS)
    return made


def _as_text(value: object) -> object:
    # What is markup of our own is a str too, of a type of its own.
    return visible(value) if type(value) is str else value


def content_security_policy(scripts: list[str], styles: list[str], image_hosts: list[str]) -> str:
    """A policy under which the page runs these scripts and styles, shows embedded images, and asks nobody for anything.

    Parameters
    ----------
    scripts, styles
        The exact text between the tags of each inline script and style.
    image_hosts
        Origins that images may come from, for an online base map.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_source_hash, scripts))}",
            f"style-src {' '.join(map(_source_hash, styles))}",
            f"img-src {' '.join(['data:', *image_hosts])}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _source_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _leaflet() -> Traversable:
    return files("js_lib_leaflet") / "static" / "js_lib_leaflet"


def _data_uri(name: str) -> str:
    return f"data:image/png;base64,{base64.b64encode((_leaflet() / name).read_bytes()).decode()}"


def _text(file: Traversable) -> str:
    # A browser reads CRLF as LF before it hashes a script, so we do too.
    return file.read_text("utf-8").replace("\r\n", "\n")


def _colour_variables(looks: Mapping[str, Look]) -> str:
    light = "".join(f"--{name}:{look.light};" for name, look in looks.items())
    dark = "".join(f"--{name}:{look.dark};" for name, look in looks.items())
    classes = "".join(f".look-{name}{{color:var(--{name})}}" for name in looks)
    return f":root{{{light}}}\n{_in_the_dark(dark)}\n{classes}\n"


def _shade_variables() -> str:
    """The shades of each table under names of their own, and as those in use while the page shows that table."""
    light, dark, chosen = "", "", ""
    for name, shades in PUBLIC_SHADES.items():
        light += "".join(f"--{name}-{number}:{shade};" for number, shade in enumerate(shades.light))
        dark += "".join(f"--{name}-{number}:{shade};" for number, shade in enumerate(shades.dark))
        in_use = "".join(f"--shade-{number}:var(--{name}-{number});" for number in range(len(shades.light)))
        chosen += f":root[data-shown={name}]{{{in_use}}}"
    return f":root{{{light}}}\n{_in_the_dark(dark)}\n{chosen}\n"


def _in_the_dark(declarations: str) -> str:
    """A rule for dark screens; online base maps are light, so with one the page stays light, as it does on paper."""
    dark_page = ":root:not([data-base-map],[data-on-paper])"
    return f"@media screen and (prefers-color-scheme: dark){{{dark_page}{{{declarations}}}}}"
