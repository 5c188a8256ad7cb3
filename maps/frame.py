"""What the web map and the public map have in common: the document, the frame around the map, an online base map."""

import html
import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import folium
import xyzservices
from branca.element import Element, Figure, MacroElement
from folium.template import Template

from maps import assets
from maps.layers import Verbatim
from maps.words import Catalogue
from registry.errors import RegistryError
from registry.model import PartialDate

Bounds = tuple[tuple[float, float], tuple[float, float]]

WORLD: Bounds = ((-60.0, -170.0), (75.0, 170.0))
"""South-west and north-east of what is shown where there is nothing to show."""

_PLACE_OF_MAP = "<!--map-->"


def start_page(
    settings: Mapping[str, object],
    *,
    title: str,
    scripts: Sequence[str],
    style: str,
    words: Catalogue,
    tiles: str | None,
) -> folium.Map:
    """An empty map in a page of its own; layers are added to it, and then the frame with `add_frame`.

    Parameters
    ----------
    settings
        What the page's own script makes the map from, as values that JSON knows.
    title
        Of the window.
    scripts, style
        Our own, beside Leaflet's.
    words
        The language of the page.
    tiles
        Name of an online base map of the xyzservices package; None keeps the page offline.

    Raises
    ------
    RegistryError
        If ``tiles`` names no base map, or one that asks for a key.
    """
    provider = None if tiles is None else _base_map(tiles)
    web_map = _Map(settings, words)
    _Page(title, scripts, style, words, provider).add_child(web_map, name="web_map")
    if provider is not None:
        layer = folium.TileLayer(provider)
        layer._id = "base"
        layer.add_to(web_map)
    return web_map


def add_frame(web_map: folium.Map, template: str, values: Mapping[str, object], *, tiles: str | None) -> None:
    """Put title bar, banners, panel and notice around the map.

    Parameters
    ----------
    web_map
        Of `start_page`, with all its layers.
    template
        Name of a file beside this one, which extends ``frame.html``.
    values
        What the template shows.
    tiles
        As in `start_page`: the page says who learns what is looked at.
    """
    provider = None if tiles is None else _base_map(tiles)
    named = None if provider is None else (provider.name, urlsplit(_origin(provider)).netloc)
    _Frame(web_map, template, {**values, "base_map": named}).add_to(web_map)


class _Map(folium.Map):
    """Folium's map without its scripts and styles from elsewhere, made by the page's own script from its settings."""

    _template = Template(
        """
        {%- macro html(this, kwargs) %}
<div id="{{ this.get_name() }}" class="map" dir="ltr" role="application" aria-label="{{ this.label | e }}"></div>
        {%- endmacro %}
        {%- macro script(this, kwargs) %}
const {{ this.get_name() }} = registryMap.create("{{ this.get_name() }}", {{ this.settings | tojson }});
        {%- endmacro %}
        """
    )

    def __init__(self, settings: Mapping[str, object], words: Catalogue) -> None:
        super().__init__(tiles=None)
        self.default_js, self.default_css = [], []
        self._id = "registry"
        self.label = words.say("Map")
        self.settings = dict(settings)


class _Frame(MacroElement):
    """Title bar, banner, panel, legend and notice around the map, and the call that makes them work."""

    _template = Template(
        """
        {%- macro script(this, kwargs) %}
registryMap.start({{ this.web_map.get_name() }});
        {%- endmacro %}
        """
    )

    def __init__(self, web_map: folium.Map, template: str, values: Mapping[str, object]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Frame"
        self.web_map = web_map
        self.markup = assets.environment().get_template(template).render(values)

    def render(self, **kwargs: object) -> Any:
        """Put the frame around the map."""
        page: Any = self.get_root()
        # By keyboard and when read out, what stands above the map comes before it. No text from a file holds a tag.
        above, below = self.markup.split(_PLACE_OF_MAP)
        page.html.add_child(Verbatim(above), name="above", index=0)
        page.html.add_child(Verbatim(below), name="frame")
        return super().render(**kwargs)  # type: ignore[no-untyped-call]


class _Page(Figure):
    """The document: its policy names the exact scripts and styles it holds, so that no other can run."""

    _template = Template(
        """<!DOCTYPE html>
<html lang="{{ this.words.language }}" dir="{{ this.words.direction }}"
{%- if this.words.is_unreviewed %} data-unreviewed{% endif %}{% if this.image_hosts %} data-base-map{% endif %}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="strict-origin">
<title>{{ this.title }}</title>
{%- for text in styles %}
<style>{{ text }}</style>
{%- endfor %}
</head>
<body>
{{ this.html.render(**kwargs) }}
<script type="application/json" id="words">{{ this.words.for_scripts() }}</script>
{%- for text in scripts %}
<script>{{ text }}</script>
{%- endfor %}
</body>
</html>
"""
    )

    def __init__(
        self,
        title: str,
        scripts: Sequence[str],
        style: str,
        words: Catalogue,
        provider: xyzservices.TileProvider | None,
    ) -> None:
        super().__init__(title=html.escape(title))
        self.scripts, self.style, self.words = scripts, style, words
        self.image_hosts = [] if provider is None else [_origin(provider)]

    def render(self, **kwargs: object) -> str:
        """The whole page."""
        # Folium appends to these, so that a second rendering would hold some statements twice.
        self.html, self.script = Element(), Element()
        for child in self._children.values():
            child.render(**kwargs)
        styles = [assets.leaflet_style(), self.style]
        scripts = [assets.leaflet_script(), *self.scripts, self.script.render(**kwargs)]
        policy = assets.content_security_policy(scripts, styles, self.image_hosts)
        page: str = self._template.render(this=self, kwargs=kwargs, styles=styles, scripts=scripts, policy=policy)
        return page


def _base_map(name: str) -> xyzservices.TileProvider:
    providers = xyzservices.providers.flatten()
    if name not in providers:
        near = get_close_matches(name, providers, n=3, cutoff=0.4) or ["OpenStreetMap.Mapnik"]
        raise RegistryError(f"There is no base map named {name!r}; name one that xyzservices knows: {', '.join(near)}.")
    if providers[name].requires_token():
        raise RegistryError(f"The base map {name!r} asks for a key; name one that does not: OpenStreetMap.Mapnik.")
    return providers[name]


def _origin(provider: xyzservices.TileProvider) -> str:
    """What a policy must admit to show these tiles: scheme and host, any subdomain where the provider has several."""
    url = urlsplit(provider["url"])
    return f"{url.scheme}://{re.sub(r'^[^.]*[{][^.]*[.]', '*.', url.netloc)}"


def handed_over_phrase(dates: Collection[PartialDate | None], words: Catalogue) -> str:
    """The first and last date on which batches were handed over, None where none is stated."""
    stated = sorted(day for day in dates if day is not None)
    ends = list(dict.fromkeys(map(str, stated[:1] + stated[-1:])))
    if len(ends) == 2:
        handed_over = words.say("Handed over: {first} to {last}", first=ends[0], last=ends[1])
    else:
        handed_over = words.say("Handed over: {date}", date=ends[0] if ends else words.say("on no stated date"))
    where_stated = words.say("where stated")
    return f"{handed_over} ({where_stated})" if 0 < len(stated) < len(dates) else handed_over
