"""The verbs that draw: ``map`` and ``demo``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from registry.console import AsJson, open_registry, print_json, print_rich, watched

app = typer.Typer()


def _languages() -> list[str]:
    from maps.words import languages

    return languages()


@app.command("map", epilog="Example: minefield-registry map -o map.html --lang hy")
def map_(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("map.html"),
    title: Annotated[str | None, typer.Option("--title", help="Title of the page.")] = None,
    tiles: Annotated[
        str | None,
        typer.Option(
            "--tiles", metavar="NAME", help="Online base map, as OpenStreetMap.Mapnik; else the page is offline."
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="BATCH", help="A batch that is not drawn; the page says so."),
    ] = None,
    language: Annotated[
        str,
        typer.Option("--lang", metavar="CODE", help="Language of the page, as ru.", autocompletion=_languages),
    ] = "en",
    backdrop: Annotated[
        Path | None,
        typer.Option("--backdrop", metavar="FILE", help="A vector file drawn as outlines beneath the evidence."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Only ranges of numbers by hexagon, small ones withheld: to be published.")
    ] = False,
    cell: Annotated[
        int | None,
        typer.Option("--cell", metavar="KM", help="With --public: side of a hexagon, 1, 2, 5, 10, 20 or 50."),
    ] = None,
    districts: Annotated[
        bool, typer.Option("--districts", help="With --public: districts instead of hexagons.")
    ] = False,
) -> None:
    """Draw the registry as one HTML file that opens without a network."""
    from maps.notices import restricted
    from maps.publicmap import SIDE_KM, build_public_map
    from maps.webmap import build_web_map, save_web_map
    from maps.words import ENGLISH, catalogue
    from registry.inputs import StatsOptions
    from registry.stats import FOR_A_MAP, compute_stats

    words = catalogue(language)
    _check_public(public=public, cell=cell, districts=districts, without=without, backdrop=backdrop)
    with open_registry(context) as registry, watched() as progress:
        comparison = compute_stats(registry, StatsOptions(sections=FOR_A_MAP, cluster_draws=0), progress=progress)
        progress("drawing the map", None)
        if public:
            side_km = SIDE_KM if cell is None else cell
            web_map = build_public_map(
                registry, comparison, side_km=side_km, by_district=districts, title=title, tiles=tiles, words=words
            )
        else:
            web_map = build_web_map(
                registry,
                comparison,
                title=title,
                tiles=tiles,
                without=without or (),
                words=words,
                backdrop=backdrop,
            )
        save_web_map(web_map, output)
        banner = restricted((layer.kind for layer in registry.layers()), ENGLISH)
    said = [f"{output}: {output.stat().st_size / 1e6:.1f} MB."]
    if public:
        said.append(
            "GENERALISED: it shows ranges of numbers, no record and no position; docs/public.md says what that hides."
        )
    elif banner:
        said.append(f"{banner.text}.")
    print(*said)


@app.command(epilog="Example: minefield-registry demo demo")
def demo(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")] = Path("demo"),
    as_json: AsJson = False,
) -> None:
    """Build a SYNTHETIC registry in open sea, and print its figures beside the truth."""
    from maps.webmap import build_web_map, save_web_map
    from registry import stats_text, terminal
    from registry.demo import run_demo
    from registry.jsonform import plain
    from registry.store import Registry

    with watched() as progress:
        result = run_demo(directory, progress=progress)
        page = directory / "map.html"
        with Registry.open(result.registry_path) as registry:
            progress("drawing the map", None)
            save_web_map(build_web_map(registry, result.comparison, title="SYNTHETIC demonstration"), page)
    if as_json:
        print_json(
            {
                "schema": "minefield-registry/demo/v1",
                "registry": str(result.registry_path),
                "map": str(page),
                "figures": plain(result.figures),
                "stats": result.comparison.to_json(),
            }
        )
        return
    print_rich(stats_text.comparison(result.comparison))
    print_rich(terminal.figures(result.figures))
    print(f"SYNTHETIC. Registry: {result.registry_path}. Map: {page}. Statistics: {result.stats_path}")


def _check_public(
    *, public: bool, cell: int | None, districts: bool, without: Sequence[str] | None, backdrop: Path | None
) -> None:
    if not public and (cell is not None or districts):
        raise typer.BadParameter("It belongs to --public.", param_hint="--districts" if districts else "--cell")
    if cell is not None and districts:
        raise typer.BadParameter("Choose hexagons with --cell or districts, not both.", param_hint="--cell")
    if public and without:
        raise typer.BadParameter(
            "Two public maps, with and without a batch, would show by their difference what it holds; "
            "leave out --without, or withdraw the batch.",
            param_hint="--without",
        )
    if public and backdrop is not None:
        raise typer.BadParameter("A public map shows ranges of numbers and nothing else.", param_hint="--backdrop")
