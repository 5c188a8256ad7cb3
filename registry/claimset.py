"""Claim sets: public claims with their sources in TOML, as they ship with the package and as people add them."""

import json
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from registry.compare.claims import Claim, Metric, Reference, Side, Unit, ValueKind
from registry.errors import SourceError
from registry.sources.tomlkeys import AMOUNT_MAX, Keys, parse_toml, read_small, shown

FORMAT = 1
SET_MAX_BYTES = 1_000_000
CLAIMS_MAX = 1_000
TEXT_MAX = 2_000
NOT_SAID = "?"
FIRST, SYNTHETIC = "first.toml", "synthetic.toml"

Code = TypeVar("Code", bound=StrEnum)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@cache
def shipped_claims(name: str = FIRST) -> tuple[Claim, ...]:
    """The claims of a set that ships with the package."""
    return parse_claims((files("registry") / "claims" / name).read_bytes(), name)


def read_claims(path: Path) -> tuple[Claim, ...]:
    """Read a claim set.

    Raises
    ------
    SourceError
        If it is none; the message names file, claim and key, and what is allowed.
    """
    return parse_claims(read_small(path, "claim set", SET_MAX_BYTES), str(path))


def parse_claims(content: bytes, where: str) -> tuple[Claim, ...]:
    """Read a claim set from its bytes; see `read_claims`.

    Parameters
    ----------
    where
        Name for messages.
    """
    document = parse_toml(content, where)
    top = Keys(document, where, "")
    if top.whole("format") != FORMAT:
        raise SourceError(f"{where}: format is {shown(document.get('format'))}; this version reads format {FORMAT}.")
    top.text("title")
    tables = top.each("claim")
    top.nothing_else()
    if not 0 < len(tables) <= CLAIMS_MAX:
        raise SourceError(f"{where}: it holds {len(tables):,} claims; a claim set holds 1 to {CLAIMS_MAX:,} [[claim]].")
    claims = tuple(map(_claim, tables))
    seen: set[str] = set()
    for claim in claims:
        if claim.claim_id.lower() in seen:
            raise SourceError(f"{where}: the id {claim.claim_id} is there twice; give one of the claims another.")
        seen.add(claim.claim_id.lower())
    return claims


def refuse_unknown_answers(claims: Sequence[Claim], known: Sequence[Claim], where: str) -> None:
    """Refuse a counter-statement to a claim that nobody knows.

    Raises
    ------
    SourceError
        If a claim answers one that is neither in its set nor among those known.
    """
    ids = {claim.claim_id for claim in (*claims, *known)}
    for claim in claims:
        for answered in claim.answers:
            if answered not in ids:
                raise SourceError(
                    f"{where}, {claim.claim_id}: it answers {shown(answered)}, which is no claim that is known here; "
                    "see minefield-registry claims list."
                )


def write_claims(claims: Sequence[Claim], title: str) -> str:
    """Write claims as a claim set, which `parse_claims` reads as the same claims."""
    lines = [f"format = {FORMAT}", f"title = {_toml(title)}"]
    for claim in claims:
        lines += ["", "[[claim]]", *(f"{key} = {text}" for key, text in _entries(claim))]
    return "\n".join(lines) + "\n"


def save_claims(claims: Sequence[Claim], path: Path) -> None:
    """Write claims as a claim set to a file that is not there yet.

    Raises
    ------
    SourceError
        If there is no claim, or the file exists or cannot be written.
    """
    if not claims:
        raise SourceError(f"{path}: no claim was added to the registry, so there is nothing to write.")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(write_claims(claims, path.stem))
    except FileExistsError as error:
        raise SourceError(f"{path}: it is there already; name another file.") from error
    except OSError as error:
        raise SourceError(f"{path}: it cannot be written ({error.strerror or error}).") from error


def _claim(keys: Keys) -> Claim:
    claim_id = _said(keys, "id")
    if _ID.fullmatch(claim_id) is None:
        raise SourceError(
            f"{keys.where}: id is {shown(claim_id)}; use up to 64 letters, digits, points, hyphens and underscores."
        )
    keys.where = f"{keys.where}, {claim_id}"
    low, high = _figure(keys)
    kind = keys.choice("kind", ValueKind)
    if kind is None:
        raise SourceError(f"{keys.where}: kind is missing; it is one of {', '.join(ValueKind)}.")
    claim = Claim(
        claim_id=claim_id,
        words=_said(keys, "words"),
        source=_said(keys, "source"),
        value_text=_said(keys, "value"),
        value_kind=kind,
        verified_at_source=bool(keys.flag("verified_at_source")),
        speaker=_text(keys, "speaker"),
        organisation=_text(keys, "organisation"),
        said_on=keys.partial_date("date"),
        side=keys.choice("side", Side),
        low=low,
        high=high,
        numerator=_count(keys, "numerator"),
        denominator=_count(keys, "denominator"),
        parts=_parts(keys.keys("parts")),
        unit=_or_not_said(keys, "unit", Unit),
        reference=_or_not_said(keys, "reference", Reference),
        reference_text=_text(keys, "reference_text"),
        window_from=keys.partial_date("window_from"),
        window_to=keys.partial_date("window_to"),
        window_text=_text(keys, "window"),
        candidates=_metrics(keys),
        answers=keys.words("answers"),
        note=_text(keys, "note"),
    )
    keys.nothing_else()
    _check(keys.where, claim)
    return claim


def _check(where: str, claim: Claim) -> None:
    """Refuse what contradicts itself."""
    _check_figure(where, claim)
    numerator, denominator = claim.numerator, claim.denominator
    if (numerator is None) != (denominator is None):
        raise SourceError(f"{where}: numerator and denominator go together.")
    if numerator is not None and denominator is not None and not numerator <= denominator > 0:
        raise SourceError(f"{where}: {numerator} of {denominator} is not a share.")
    if numerator is not None and claim.value_kind is not ValueKind.SHARE:
        raise SourceError(f"{where}: numerator and denominator belong to a share.")
    begin, end = claim.window_from, claim.window_to
    if begin is not None and end is not None and begin.first > end.last:
        raise SourceError(f"{where}: window_from is after window_to.")
    if claim.claim_id in claim.answers:
        raise SourceError(f"{where}: it cannot answer itself.")


def _check_figure(where: str, claim: Claim) -> None:
    low, high = claim.low, claim.high
    if claim.value_kind is ValueKind.QUALITATIVE:
        if low is not None or high is not None:
            raise SourceError(f"{where}: a qualitative claim has no figure.")
    elif low is None and high is None:
        raise SourceError(f"{where}: a {claim.value_kind} needs figure, or low or high.")
    if claim.value_kind is ValueKind.SHARE and not all(bound is None or bound <= 1 for bound in (low, high)):
        raise SourceError(f"{where}: a share is a fraction from 0 to 1; 25 % is 0.25.")
    if low is not None and high is not None and low > high:
        raise SourceError(f"{where}: low is above high.")


def _figure(keys: Keys) -> tuple[float | None, float | None]:
    """The figure as a range: both ends the same for a plain number."""
    figure, low, high = (keys.amount(name) for name in ("figure", "low", "high"))
    if figure is None:
        return low, high
    if low is not None or high is not None:
        raise SourceError(f"{keys.where}: give figure, or low and high.")
    return figure, figure


def _said(keys: Keys, key: str) -> str:
    text = _text(keys, key)
    if text is None:
        raise SourceError(f"{keys.where}: {key} is missing.")
    return text


def _text(keys: Keys, key: str) -> str | None:
    text = keys.text(key)
    if text is not None and not 0 < len(text.strip()) <= len(text) <= TEXT_MAX:
        raise SourceError(f"{keys.where}: {key} has {len(text):,} characters; 1 to {TEXT_MAX:,} are read.")
    return text


def _count(keys: Keys, key: str) -> int | None:
    number = keys.whole(key)
    if number is not None and not 0 <= number <= AMOUNT_MAX:
        raise SourceError(f"{keys.where}: {key} is {shown(number)}; it must be from 0 to {AMOUNT_MAX:,}.")
    return number


def _parts(keys: Keys) -> tuple[tuple[str, int], ...]:
    if len(keys.table) > CLAIMS_MAX:
        raise SourceError(f"{keys.where}: it has {len(keys.table):,} parts; up to {CLAIMS_MAX:,} are read.")
    found = []
    for name in keys.table:
        number = _count(keys, name)
        found.append((name, number or 0))
    return tuple(found)


def _or_not_said(keys: Keys, key: str, codes: type[Code]) -> Code | None:
    """A code, or None for ``?``: that a statement does not say it must be said."""
    if keys.table.get(key) == NOT_SAID:
        keys.text(key)
        return None
    found = keys.choice(key, codes)
    if found is None:
        allowed = ", ".join([*(code.value for code in codes), NOT_SAID])
        raise SourceError(f"{keys.where}: {key} is missing; it is one of {allowed}.")
    return found


def _metrics(keys: Keys) -> tuple[Metric, ...]:
    named = keys.words("candidates")
    known = {metric.value: metric for metric in Metric}
    for name in named:
        if name not in known:
            raise SourceError(f"{keys.where}: candidates names {shown(name)}; each is one of {', '.join(known)}.")
    return tuple(dict.fromkeys(known[name] for name in named))


def _entries(claim: Claim) -> list[tuple[str, str]]:
    """Key and TOML text of what a claim says."""
    plain = claim.low == claim.high
    said: list[tuple[str, object]] = [
        ("id", claim.claim_id),
        ("words", claim.words),
        ("speaker", claim.speaker),
        ("organisation", claim.organisation),
        ("date", claim.said_on),
        ("side", claim.side),
        ("source", claim.source),
        ("verified_at_source", claim.verified_at_source),
        ("value", claim.value_text),
        ("kind", claim.value_kind),
        ("figure", claim.low if plain else None),
        ("low", None if plain else claim.low),
        ("high", None if plain else claim.high),
        ("numerator", claim.numerator),
        ("denominator", claim.denominator),
        ("unit", claim.unit or NOT_SAID),
        ("reference", claim.reference or NOT_SAID),
        ("reference_text", claim.reference_text),
        ("window", claim.window_text),
        ("window_from", claim.window_from),
        ("window_to", claim.window_to),
        ("note", claim.note),
    ]
    entries = [(key, _toml(value)) for key, value in said if value is not None]
    entries.append(("candidates", f"[{', '.join(map(_toml, claim.candidates))}]"))
    if claim.answers:
        entries.append(("answers", f"[{', '.join(map(_toml, claim.answers))}]"))
    if claim.parts:
        parts = ", ".join(f"{_toml(name)} = {number}" for name, number in claim.parts)
        entries.append(("parts", f"{{ {parts} }}"))
    return entries


def _toml(value: object) -> str:
    """JSON's strings, numbers and truth values are TOML's, but for one control character."""
    plain = value if isinstance(value, bool | int | float) else str(value)
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007F")
