"""Rules as a person writes them in TOML: which keys they have, and what suits which field."""

from registry.errors import SourceError
from registry.schema import Field, FieldType
from registry.sources import values
from registry.sources.rules import METRES_OF_UNIT, PACES, PIECES_OF_UNIT, Rule, date_pattern
from registry.sources.tomlkeys import Keys, shown


def read_rule(keys: Keys, ours: Field) -> Rule:
    """How the values of a field are found and written.

    Raises
    ------
    SourceError
        If it names both a column and a value or neither, or something that does not suit the field.
    """
    codes = keys.keys("codes")
    rule = Rule(
        column=keys.text("column"),
        value=keys.constant("value"),
        unit=keys.text("unit"),
        pace_m=keys.length("pace_m"),
        decimal=keys.text("decimal"),
        date_format=keys.text("date_format"),
        codes={their: codes.text(their) or "" for their in codes.table},
    )
    keys.nothing_else()
    if (rule.column is None) == (rule.value is None):
        raise SourceError(f"{keys.where}: name either a column or a value.")
    _check_unit(keys, rule, ours)
    if rule.decimal not in {None, ".", ","}:
        raise SourceError(f"{keys.where}: decimal is {shown(rule.decimal)}; it is one of '.', ','.")
    if rule.date_format is not None:
        if ours.field_type is not FieldType.DATE:
            raise SourceError(f"{keys.where}: date_format stands at a field that is no date.")
        try:
            date_pattern(rule.date_format)
        except ValueError as error:
            raise SourceError(f"{keys.where}: {error}") from error
    for their, our in rule.codes.items():
        _check_value(f"{codes.where}: {shown(their)}", our, ours)
    if rule.value is not None:
        _check_value(f"{keys.where}: value", rule.value, ours)
    return rule


def read_length_rule(keys: Keys, key: str) -> Rule | None:
    """The rule of a length in metres; None where the key is not there."""
    inner = keys.keys(key)
    return _positive(inner, read_rule(inner, Field(key, FieldType.REAL, key, unit="m"))) if inner.table else None


def _positive(keys: Keys, rule: Rule | None) -> Rule | None:
    if rule is not None and isinstance(rule.value, int | float) and not 0 < rule.value < 1e6:
        raise SourceError(f"{keys.where}: value is {rule.value}; it must be above 0 and below a million.")
    return rule


def _check_unit(keys: Keys, rule: Rule, ours: Field) -> None:
    units: list[str] = []
    if ours.unit == "m":
        units = [*METRES_OF_UNIT, PACES]
    elif ours.field_type is FieldType.INTEGER:
        units = list(PIECES_OF_UNIT)
    if rule.unit is not None and rule.unit not in units:
        allowed = f"one of {', '.join(units)}" if units else "not known for this field"
        raise SourceError(f"{keys.where}: unit is {shown(rule.unit)}; it is {allowed}.")
    if (rule.unit == PACES) != (rule.pace_m is not None):
        raise SourceError(f"{keys.where}: the unit paces and pace_m, the length of one in metres, go together.")


def _check_value(where: str, value: str | int | float | bool, ours: Field) -> None:
    if value == "":
        return
    try:
        values.parse(value, ours)
    except ValueError as error:
        raise SourceError(f"{where} is no value of {ours.name}: {error}") from error
