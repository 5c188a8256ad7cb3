"""Proposing a profile: which column fills which field, from headings and values, with a reason for each line.

A proposal is written for a person to check; nothing here is applied unseen.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rapidfuzz import fuzz

from registry.model import Kind
from registry.schema import Field, FieldType, id_field, stated_fields
from registry.sources import words
from registry.sources.headings import likeness, split_unit
from registry.sources.north import North
from registry.sources.profile import Profile, columns_named, write_profile
from registry.sources.propose_geometry import GeometryProposal, propose_geometry
from registry.sources.propose_legs import LegsProposal, prefers_geometry, propose_legs
from registry.sources.rules import METRES_OF_UNIT, Rule, read_column
from registry.sources.tables import Table, TableOptions

LEAST_CONFIDENCE = 0.4
_LOOKED_AT = 500
_CODES_MAX = 60
# The format that fits most values is taken; None is what is read without one.
_DATE_FORMATS = (
    None, "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YY", "DD/MM/YY", "MM/DD/YY", "DD-MM-YY", "D MMM YYYY",
    "D-MMM-YYYY", "D-MMM-YY", "D MMM YY", "MMM D, YYYY", "MMM YYYY", "YYYY/MM/DD", "YYYY.MM.DD", "YYYYMMDD",
)  # fmt: skip


@dataclass(frozen=True)
class Suggestion:
    """One line of a proposal: which column fills which field, how sure that is from 0 to 1, and why."""

    field: str
    rule: Rule
    confidence: float
    reason: str


@dataclass(frozen=True)
class Proposal:
    """A profile to be checked.

    ``unmatched`` are the columns that no field was found for.
    """

    profile: Profile
    geometry: GeometryProposal | None
    legs: LegsProposal | None
    suggestions: tuple[Suggestion, ...]
    unmatched: tuple[str, ...]
    where: str

    @property
    def to_fill_in(self) -> tuple[str, ...]:
        """The keys of [legs] that nothing decides, so that only the person can fill them in."""
        rule = self.profile.legs
        if rule is None:
            return ()
        return (*rule.blank, "types") if "" in rule.types.values() else rule.blank

    def to_json(self) -> dict[str, Any]:
        """Which columns fill what, how sure that is, and why."""
        return {
            "geometry": None
            if self.geometry is None
            else {
                "columns": list(self.geometry.columns),
                "confidence": self.geometry.confidence,
                "reason": self.geometry.reason,
            },
            "legs": None
            if self.legs is None
            else [
                {"key": key, "confidence": line.confidence, "reason": line.reason, "to_fill_in": key in self.to_fill_in}
                for key, line in self.legs.lines.items()
            ],
            "fields": [
                {"field": each.field, "column": each.rule.column, "confidence": each.confidence, "reason": each.reason}
                for each in self.suggestions
            ],
            "unmatched": list(self.unmatched),
        }

    def to_toml(self) -> str:
        """The profile as TOML, each table under a comment with its confidence and reason."""
        remarks = {
            f"fields.{each.field}": f"{each.confidence:.2f}: {each.reason}" for each in self.suggestions
        }  # fmt: skip
        if self.geometry is not None:
            remarks["geometry"] = f"{self.geometry.confidence:.2f}: {self.geometry.reason}"
        if self.legs is not None:
            remarks["legs"] = f"{self.legs.confidence:.2f}: {self.legs.reason}"
            for key, line in self.legs.lines.items():
                sure = "" if key in self.to_fill_in else f"{line.confidence:.2f}: "
                remarks[f"legs.{key}"] = f"{sure}{line.reason}"
        without = ", ".join(self.unmatched) or "none"
        remarks[""] = "\n".join(
            [
                f"Proposed from the headings and values of {_one_line(self.where)}.",
                "The number in each comment says how sure a line is, from 0 to 1. Correct what is wrong, strike what",
                "you do not want, and set checked = true; before that the profile is not applied.",
                f"Columns without a field, kept in source_fields: {_one_line(without)}.",
                *([] if self.geometry or self.legs else ["No column was found that holds positions; add [geometry]."]),
                *(
                    [f"FILL IN {', '.join(self.to_fill_in)} in [legs]: only the forms can say it."]
                    if self.to_fill_in
                    else []
                ),
            ]
        )
        return write_profile(self.profile, remarks)


def propose(table: Table, kind: Kind, *, name: str | None = None) -> Proposal:
    """Propose what the columns of a table mean.

    Parameters
    ----------
    kind
        What the rows are.
    name
        Of the profile; that of the file where None.

    Returns
    -------
    proposal
        Its profile carries ``checked = false``.
    """
    geometry, legs = propose_geometry(table, kind), propose_legs(table, kind)
    if geometry is not None and legs is not None:
        geometry, legs = (geometry, None) if prefers_geometry(table, legs, geometry) else (None, legs)
    named: set[str | None] = set()
    group = None
    if geometry is not None:
        group, named = geometry.rule.group, set(columns_named(geometry.rule))
    elif legs is not None:
        group, named = legs.rule.group, set(legs.rule.columns)
    part, sure = ("corner", geometry.confidence) if geometry is not None else ("leg", legs.confidence if legs else 0.0)
    why = f"each value of {group!r} stands on several rows, one for each {part}."
    suggestions = _suggest(table.cells, kind, named - {group}, None if group is None else (group, sure, why))
    legs = legs and _with_day(legs, suggestions)
    used = named | {each.rule.column for each in suggestions}
    profile = Profile(
        name=name or table.where.replace("\\", "/").rsplit("/", 1)[-1],
        kind=kind,
        checked=False,
        table=TableOptions(sheet=table.sheet),
        geometry=geometry.rule if geometry is not None else None,
        fields={each.field: each.rule for each in suggestions},
        legs=legs.rule if legs is not None else None,
    )
    unmatched = tuple(str(column) for column in table.cells.columns if column not in used)
    return Proposal(profile, geometry, legs, suggestions, unmatched, table.where)


def implied_profile(table: Table, kind: Kind) -> tuple[Profile, str] | None:
    """The profile of a table that needs none: one WKT column, or an unmistakable pair of longitude and latitude.

    Returns
    -------
    profile, sentence
        The profile takes the geometry alone; the sentence says what it took. None where the table needs a profile.
    """
    geometry = propose_geometry(table, kind)
    if geometry is None or not geometry.unmistakable or propose_legs(table, kind) is not None:
        return None
    columns = " and ".join(repr(column) for column in geometry.columns)
    profile = Profile(name="none needed", kind=kind, checked=True, geometry=geometry.rule)
    return profile, f"Positions are taken from {columns}: {geometry.reason} All other columns are kept as they are."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _with_day(legs: LegsProposal, suggestions: Sequence[Suggestion]) -> LegsProposal:
    """The day of laying decides the declination, where bearings may count from magnetic north."""
    day = next((each for each in suggestions if each.field == "laid_from"), None)
    if day is None or legs.rule.north not in {None, North.MAGNETIC}:
        return legs
    reason = "the same as laid_from; where north is magnetic, the declination is that of this day."
    return legs.with_line("laid_on", day.confidence, reason, laid_on=day.rule)


def _suggest(
    cells: pd.DataFrame, kind: Kind, taken: Collection[str | None], group: tuple[str, float, str] | None
) -> tuple[Suggestion, ...]:
    """The best match first; each column and each field once, in the order of our fields."""
    ours = stated_fields(kind)
    samples = {str(column): _sample(cells[column]) for column in cells.columns}
    found: list[Suggestion] = []
    for column, sample in samples.items():
        if column in taken or not sample:
            continue
        found += [each for field in ours.values() if (each := _match(column, sample, field, kind)) is not None]
    found.sort(key=lambda each: -each.confidence)
    chosen: dict[str, Suggestion] = {}
    if group is not None:
        column, confidence, reason = group
        chosen[id_field(kind)] = Suggestion(id_field(kind), Rule(column=column), confidence, reason)
    for each in found:
        filled = {other.rule.column for other in chosen.values()}
        if each.confidence >= LEAST_CONFIDENCE and each.field not in chosen and each.rule.column not in filled:
            chosen[each.field] = each
    return tuple(chosen[name] for name in ours if name in chosen)


def _sample(column: pd.Series) -> list[str]:
    """Values spread over the column."""
    filled = column.dropna()
    step = max(1, len(filled) // _LOOKED_AT)
    return [str(value) for value in filled.iloc[::step].tolist()]


def _match(column: str, sample: Sequence[str], ours: Field, kind: Kind) -> Suggestion | None:
    """How well a column suits a field, by its heading first, then by its values."""
    heading, unit = split_unit(column)
    by_name = max(likeness(words.normalise(column), ours.name), likeness(heading, ours.name), key=lambda each: each[0])
    if by_name[0] < LEAST_CONFIDENCE:
        return None
    rule, share, said = _rule_for(column, sample, ours)
    if unit is not None and ours.unit == "m" and unit in METRES_OF_UNIT:
        rule = Rule(column=rule.column, unit=unit, decimal=rule.decimal)
        said = f"{said} The unit {unit} stands in the heading."
    name_reason = (
        f"the heading {column!r} is known for it."
        if by_name[0] == 1
        else f"the heading {column!r} is like {by_name[1]!r}."
    )
    confidence = by_name[0] * (0.4 + 0.6 * share)
    if ours.name == id_field(kind) and len(set(sample)) < len(sample):
        confidence *= 0.7
        said = f"{said} Some values stand there more than once."
    return Suggestion(ours.name, rule, round(confidence, 2), f"{name_reason} {said}".strip())


def _rule_for(column: str, sample: Sequence[str], ours: Field) -> tuple[Rule, float, str]:
    """How the values must be written to be read, which share of them is, and that in words."""
    if ours.codes is not None or ours.field_type is FieldType.BOOLEAN:
        return _code_rule(column, sample, ours)
    if ours.field_type is FieldType.DATE:
        return _date_rule(column, sample, ours)
    if ours.field_type in {FieldType.INTEGER, FieldType.REAL}:
        rules = [Rule(column=column, decimal=decimal) for decimal in (None, ",", ".")]
        rule, share = _best(sample, ours, rules)
        said = f"{share:.0%} of its values are numbers."
        return rule, share, said if rule.decimal is None else f"{said} Fractions are marked with {rule.decimal!r}."
    return Rule(column=column), 1.0, ""


def _best(sample: Sequence[str], ours: Field, rules: Sequence[Rule]) -> tuple[Rule, float]:
    """The rule that reads most values; the first of those that read equally many."""
    shares = [1 - len(read_column(sample, ours, rule).misread) / len(sample) for rule in rules]
    share = max(shares)
    return rules[shares.index(share)], share


def _date_rule(column: str, sample: Sequence[str], ours: Field) -> tuple[Rule, float, str]:
    rules = {each: Rule(column=column, date_format=each) for each in _DATE_FORMATS}
    rule, share = _best(sample, ours, list(rules.values()))
    said = f"{share:.0%} of its values are dates."
    if rule.date_format is None:
        return rule, share, said
    other = {"DD/MM/YYYY": "MM/DD/YYYY", "DD/MM/YY": "MM/DD/YY"}.get(rule.date_format)
    if other is not None and not read_column(sample, ours, rules[other]).misread:
        said = f"{said} Whether day or month comes first cannot be told from them: write {rule.date_format} or {other}."
        return rules[None], share, said
    return rule, share, f"{said} They are written as {rule.date_format}."


def _code_rule(column: str, sample: Sequence[str], ours: Field) -> tuple[Rule, float, str]:
    """Translations for the words that are known; the others are named, so that the person can add them."""
    plain = read_column(sample, ours, Rule(column=column))
    known = words.value_words(ours.name if ours.codes is not None else "confirmed")
    unread = dict.fromkeys(sample[row].strip() for row in plain.misread)
    codes = {word: code for word in list(unread)[:_CODES_MAX] if (code := _code_of(word, known)) is not None}
    rule = Rule(column=column, codes=codes)
    share = 1 - len(read_column(sample, ours, rule).misread) / len(sample)
    left = [word for word in unread if word not in codes]
    said = f"{share:.0%} of its values are understood."
    if left:
        said += f" Add codes for: {', '.join(map(repr, left[:20]))}{', ...' if len(left) > 20 else ''}."
    return rule, share, said


def _code_of(word: str, known: Mapping[str, str]) -> str | None:
    plain = words.normalise(word)
    if plain in known:
        return known[plain]
    alike = [(fuzz.token_sort_ratio(plain, each), code) for each, code in _long(known)] if len(plain) >= 5 else []
    score, code = max(alike, default=(0.0, ""))
    return code if score >= 88 else None


def _long(known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((word, code) for word, code in known.items() if len(word) >= 5)
