"""The verb ``claims``: public claims, their cards, and the ledger of the handovers."""

from pathlib import Path
from typing import Annotated

import typer

from registry.console import AsJson, date_option, open_registry, print_json, print_rich, watched

app = typer.Typer(
    name="claims",
    help="Public claims about the maps beside what the registry holds.",
    epilog="Example: minefield-registry claims card az-2024-01-outside",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("list", epilog="Example: minefield-registry claims list")
def list_(
    context: typer.Context,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="OUT", help="Write those that were added as a claim set (.toml).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the claims that ship with the package and those that were added."""
    from registry import terminal_claims
    from registry.cards import known_claims
    from registry.claimset import save_claims
    from registry.compare.claims import why_not_beside
    from registry.jsonform import plain

    with open_registry(context) as registry:
        claims, added = known_claims(registry), registry.claims()
    if write is not None:
        save_claims(added, write)
    if as_json:
        own = {claim.claim_id for claim in added}
        rows = [{**plain(claim), "added": claim.claim_id in own} for claim in claims]
        print_json({"schema": "minefield-registry/claims-list/v1", "beside": why_not_beside(claims), "claims": rows})
    else:
        print_rich(terminal_claims.claim_list(claims))


@app.command(epilog="Example: minefield-registry claims add statements.toml --dry-run")
def add(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A claim set (.toml).")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be added.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add the claims of a set to the registry. An id that is taken stops all of them."""
    from registry.cards import addable, known_claims
    from registry.claimset import read_claims, refuse_unknown_answers

    claims = read_claims(source)
    with open_registry(context) as registry:
        addable(registry, claims)
        refuse_unknown_answers(claims, known_claims(registry), str(source))
        if not dry_run:
            registry.add_claims(claims)
    ids = [claim.claim_id for claim in claims]
    if as_json:
        print_json({"schema": "minefield-registry/claims-add/v1", "dry_run": dry_run, "claims": ids})
        return
    done = "would be added" if dry_run else "added"
    for claim_id in ids:
        print(f"{claim_id}: {done}. See it: minefield-registry claims card {claim_id}")


@app.command(epilog="Example: minefield-registry claims card az-2024-01-outside --as-of 2024-01-26")
def card(
    context: typer.Context,
    claim_id: Annotated[str, typer.Argument(metavar="ID", help="The claim.")],
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="The day whose knowledge is used; else that of the claim."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set a claim beside the registry's own values: what can be compared, and why."""
    from registry import terminal_claims
    from registry.cards import claim_card
    from registry.jsonform import plain

    day = date_option(as_of, "--as-of")
    with open_registry(context) as registry, watched() as progress:
        made = claim_card(registry, claim_id, as_of=None if day is None else day.last, progress=progress)
    if as_json:
        print_json({"schema": "minefield-registry/claims-card/v1", **plain(made)})
    else:
        print_rich(terminal_claims.card(made))


@app.command(epilog="Example: minefield-registry claims ledger")
def ledger(
    context: typer.Context,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Only what was handed over by this day.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set what was announced of each handover against what arrived, by batch and in sum."""
    from registry import terminal_claims
    from registry.jsonform import plain
    from registry.ledger import make_ledger

    day = date_option(as_of, "--as-of")
    with open_registry(context) as registry:
        made = make_ledger(registry, as_of=None if day is None else day.last)
    if as_json:
        print_json({"schema": "minefield-registry/claims-ledger/v1", **plain(made)})
    else:
        print_rich(terminal_claims.ledger(made))
