"""Our values as JSON knows values."""

import dataclasses
from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from registry.model import PartialDate


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
