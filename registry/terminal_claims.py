"""Claims, claim cards, the ledger and repeated runs for a terminal."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from registry.compare.claims import Claim, why_not_beside
from registry.compare.judge import ClaimCard, Judged, our_words
from registry.ledger import Ledger, LedgerRow
from registry.runs import Rerun
from registry.terminal import NOTICE, shown, table


def claim_list(claims: Sequence[Claim]) -> RenderableType:
    """Every claim with its unit and reference, and the sentence that keeps them apart."""
    rows = [
        (claim.claim_id, f"{claim.said_by}\n{claim.said_on or ''}".strip(), claim.value_text, unit_and_reference(claim))
        for claim in claims
    ]
    parts: list[RenderableType] = [table("Claims", ("claim", "who, when", "value", "unit / reference"), rows)]
    why = why_not_beside(claims)
    if why is not None:
        parts.append(Text(shown(why)))
    return Group(*parts)


def unit_and_reference(claim: Claim) -> str:
    """What a claim counts and what it is held against; ``?`` where it does not say."""
    return f"{claim.unit or '?'} / {claim.reference_text or claim.reference or '?'}"


def card(made: ClaimCard) -> RenderableType:
    """A claim beside our values, what can be compared, and what was said in answer."""
    claim = made.claim
    window = claim.window_text or "-".join(str(day) for day in (claim.window_from, claim.window_to) if day)
    stated = [
        ("said", claim.words),
        ("by", claim.said_by),
        ("on", claim.said_on or "not stated"),
        ("source", claim.source),
        ("verified at source", "yes" if claim.verified_at_source else "not verified at source"),
        ("value", claim.value_text),
        ("unit", claim.unit or "not stated"),
        ("reference", claim.reference_text or claim.reference or "not stated"),
        ("window", window or "not stated"),
        ("note", claim.note),
    ]
    parts: list[RenderableType] = [
        table(f"Claim {claim.claim_id}", ("", ""), [row for row in stated if row[1] is not None])
    ]
    common = _common(made)
    if made.beside:
        rows = [(each.ours.metric, _ours(each), _why(each, common)) for each in made.beside]
        parts.append(table("This registry", ("metric", "value", "can it be compared"), rows))
    parts += [Text(shown(each)) for each in (*common, *made.reasons)]
    parts.append(Text(shown(made.sentence), "bold"))
    for other in made.counter_statements:
        said = f"Beside it stands {other.claim_id} ({other.said_by}): {other.words} Source: {other.source}"
        checked = "" if other.verified_at_source else " (not verified at source)"
        parts.append(Text(shown(f"{said}{checked}.")))
    layers = dict.fromkeys(layer for each in made.ours for layer in each.layers)
    parts.append(table("Layers", ("",), [(layer,) for layer in layers]) if layers else Text("No layer was counted."))
    parts.append(Text("What must be kept in mind:\n" + "\n".join(f"- {each}" for each in made.caveats)))
    parts.append(Text(NOTICE, "bold"))
    return Group(*parts)


def _common(made: ClaimCard) -> tuple[str, ...]:
    """The reasons that hold for every value, to be said once."""
    if len(made.beside) == 1:
        return ()
    return tuple(
        reason
        for reason in dict.fromkeys(reason for each in made.beside for reason in each.reasons)
        if all(reason in each.reasons for each in made.beside)
    )


def _why(each: Judged, common: Sequence[str]) -> str:
    own = " ".join(reason for reason in each.reasons if reason not in common)
    return f"{each.comparability}\n{own}".rstrip()


def _ours(each: Judged) -> str:
    ours = each.ours
    as_of = f", as of {ours.as_of}" if ours.as_of else ""
    return f"{our_words(ours)}\n{ours.window}{as_of}"


def ledger(made: Ledger) -> RenderableType:
    """What was announced against what arrived, by batch and in sum."""
    if not made.rows:
        return Text("No minefield records are held. Add some: minefield-registry import FILE --kind minefields ...")
    total = made.total
    rows = [
        (
            row.batch_id,
            str(row.handed_over_on or ""),
            _pair(row.documents_announced, row.documents_arrived),
            _pair(row.mines_announced, row.mines_arrived),
            f"{row.records_received:,}",
            f"{row.records_without_number:,}",
        )
        for row in made.rows
    ]
    rows.append(
        (
            "all batches",
            "",
            _pair(total.documents_announced, total.documents_arrived),
            _pair(total.mines_announced, total.mines_arrived),
            f"{total.records_received:,}",
            f"{total.records_without_number:,}",
        )
    )
    columns = ("batch", "handed over on", "documents", "mines", "records", "no number")
    until = "" if made.as_of is None else f", as of {made.as_of}"
    parts: list[RenderableType] = [table(f"Announced -> arrived{until}", columns, rows, numbers=4)]
    parts.append(Text("No number: records that state no number of mines."))
    parts += [Text(shown(line)) for row in made.rows for line in _remarks(row)]
    parts += [Text(shown(line)) for line in _totals(made)]
    return Group(*parts)


def _pair(announced: int | None, arrived: int) -> str:
    return f"{'not stated' if announced is None else f'{announced:,}'} -> {arrived:,}"


def _remarks(row: LedgerRow) -> list[str]:
    said = []
    for what, difference in (("documents", row.documents_difference), ("mines", row.mines_difference)):
        if difference:
            said.append(f"{abs(difference):,} {what} {_more(difference)} than announced.")
    if row.mines_repeated:
        said.append(f"{row.mines_repeated:,} of its mines are in records that repeat those of another batch.")
    if row.scope_text is not None:
        said.append(f"its scope is said to be: {row.scope_text}")
    if row.districts_unmapped:
        said.append(f"named in its scope, but without a record there: {', '.join(row.districts_unmapped)}.")
    if row.scope_m2 is not None:
        scope, mapped = row.scope_m2 / 1e6, row.mapped_m2 / 1e6
        said.append(f"its scope is {scope:,.2f} km2, its records cover {mapped:,.2f} km2.")
    return [f"{row.batch_id}: {line}" for line in said]


def _totals(made: Ledger) -> list[str]:
    total, lines = made.total, []
    for what, difference, silent in (
        ("documents", total.documents_difference, total.documents_silent),
        ("mines", total.mines_difference, total.mines_silent),
    ):
        if difference is not None:
            size = f"{abs(difference):,} {_more(difference)} than announced" if difference else "as many as announced"
            lines.append(f"In sum, of the batches that announced {what}: {size}.")
        if silent:
            lines.append(f"How many {what} were announced is not recorded for {silent:,} of {total.batches:,} batches.")
    if total.mines_repeated:
        once = total.mines_arrived - total.mines_repeated
        lines.append(f"Counting records that were handed over twice once, the maps show {once:,} mines.")
    return lines


def _more(difference: int) -> str:
    return "more" if difference > 0 else "fewer"


def repetition(result: Rerun) -> RenderableType:
    """Whether a repeated run has the same bytes, and where not."""
    if result.same:
        return Text(f"Run {result.run_id}: the same bytes (sha256 {result.stored_sha256}).")
    rows = [(each.path, each.stored, each.now) for each in result.differences]
    number = f"the first {len(rows)} of {result.found:,}" if result.found > len(rows) else f"{result.found:,} in all"
    return Group(
        Text(f"Run {result.run_id}: not the same bytes.", "bold"),
        table(f"Differences, {number}", ("where", "stored", "now"), rows),
    )
