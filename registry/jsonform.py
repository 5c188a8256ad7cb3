"""Our values as JSON knows values, and back."""

import dataclasses
import json
import types
from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from registry.model import PartialDate
from registry.plaintext import STEERING

Value = TypeVar("Value")


def plain(value: Any, *, unless_none: Collection[str] = ()) -> Any:
    """A value that `json.dumps` takes.

    Parameters
    ----------
    value
        Frozen dataclasses, mappings, sequences, codes, dates and plain values, nested as they may be.
    unless_none
        Names of dataclass fields that are left out where they are None.
    """
    if isinstance(value, PartialDate | Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        kept = {name: part for name, part in named.items() if part is not None or name not in unless_none}
        return {name: plain(part, unless_none=unless_none) for name, part in kept.items()}
    if isinstance(value, Mapping):
        return {str(name): plain(part, unless_none=unless_none) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, unless_none=unless_none) for part in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def json_text(value: Any) -> str:
    """The JSON text of plain values, as every verb prints it; a line feed comes after it.

    What `visible` would replace is escaped: the value is the same, and no terminal obeys it.
    """
    written = json.dumps(value, ensure_ascii=False, indent=1)
    return written if written.isascii() else STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def rebuilt(value_type: type[Value], stored: Mapping[str, Any]) -> Value:
    """A frozen dataclass again from what `plain` made of it. What is missing has its default.

    Raises
    ------
    TypeError
        If there is something that the dataclass has no field for.
    ValueError
        If a date or a code is none.
    """
    hints = get_type_hints(value_type)
    known = {name: _typed(hints[name], part) if name in hints else part for name, part in stored.items()}
    return value_type(**known)


def _typed(hint: Any, part: Any) -> Any:
    """A plain value as the field's type has it: optional, a tuple, a date, a code or a dataclass; others are plain."""
    if isinstance(hint, types.UnionType):
        return None if part is None else _typed(next(each for each in get_args(hint) if each is not type(None)), part)
    if get_origin(hint) is tuple:
        return tuple(_typed(get_args(hint)[0], each) for each in part)
    if hint is PartialDate:
        return PartialDate.from_iso(part)
    if hint is date:
        return date.fromisoformat(part)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return rebuilt(hint, part)
    return hint(part) if isinstance(hint, type) and issubclass(hint, Enum) else part
