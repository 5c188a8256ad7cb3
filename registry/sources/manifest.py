"""Manifests: a handover and all its sources, written down once in TOML."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from registry.errors import SourceError
from registry.model import Handover, Kind, SourceDocument
from registry.sources.tomlkeys import Keys, parse_toml, read_small, shown

FORMAT = 1
MANIFEST_MAX_BYTES = 1_000_000
ENTRIES_MAX = 2_000

_LEGIBILITY_MAX = 5
_PLACE_OF_BYTES = [each.name for each in fields(SourceDocument)].index("content")
PARTICULARS = fields(SourceDocument)[_PLACE_OF_BYTES + 1 :]
"""What a person may state of a document: all that follows its bytes in `registry.model.SourceDocument`."""


@dataclass(frozen=True)
class ManifestEntry:
    """A file, folder or zip that a manifest names.

    Attributes
    ----------
    path
        From the manifest's own folder, with ``/`` between folders; it leads nowhere else.
    kind
        What its rows are; None for an attachment, which has none.
    options
        What is stated of how it is read, by the names of `registry.intake.ImportOptions`; only what is stated.
    profile
        Path of a mapping profile, as ``path``.
    particulars
        What is stated of the document, by the names of `registry.model.SourceDocument`; only what is stated.
    """

    path: str
    kind: Kind | None
    options: Mapping[str, Any]
    profile: str | None
    particulars: Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """A handover, its sources and what comes with them.

    ``supersedes`` is the batch whose layers are replaced, ``reason`` says why.
    """

    handover: Handover
    sources: tuple[ManifestEntry, ...]
    attachments: tuple[ManifestEntry, ...]
    supersedes: str | None = None
    reason: str | None = None


def is_manifest(path: Path) -> bool:
    """Whether a file is a manifest, be it a broken one: TOML with ``manifest`` among its first keys."""
    if path.suffix.lower() != ".toml" or not path.is_file():
        return False
    text = read_small(path, "TOML file", MANIFEST_MAX_BYTES).decode("utf-8-sig", errors="replace")
    try:
        return "manifest" in tomllib.loads(text)
    except (ValueError, RecursionError):
        return re.search(r"^\s*manifest\s*=", text, re.MULTILINE) is not None


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; nothing that it names is touched.

    Raises
    ------
    SourceError
        If it is no manifest; the message names file, table and key, and what is allowed.
    """
    return parse_manifest(read_small(path, "manifest", MANIFEST_MAX_BYTES), str(path))


def parse_manifest(content: bytes, where: str) -> Manifest:
    """Read a manifest from its bytes; see `read_manifest`.

    Parameters
    ----------
    where
        Name for messages.
    """
    document = parse_toml(content, where)
    top = Keys(document, where, "")
    if top.whole("manifest") != FORMAT:
        raise SourceError(f"{where}: manifest is {shown(document.get('manifest'))}; this version reads {FORMAT}.")
    about = top.keys("handover")
    sources, attachments = top.tables("sources"), top.tables("attachments")
    top.nothing_else()
    if not sources:
        raise SourceError(f"{where}: it names no source; a batch needs at least one, under [[sources]].")
    if len(sources) + len(attachments) > ENTRIES_MAX:
        raise SourceError(f"{where}: it names more than {ENTRIES_MAX:,} sources and attachments; name their folder.")
    handover = _handover(about)
    supersedes, reason = _text(about, "supersedes"), _text(about, "reason")
    about.nothing_else()
    return Manifest(
        handover,
        tuple(_entry(keys, has_records=True) for keys in sources),
        tuple(_entry(keys, has_records=False) for keys in attachments),
        supersedes,
        reason,
    )


def _handover(keys: Keys) -> Handover:
    batch_id = _needed(keys, "id")
    stated = _stated(keys, [each for each in fields(Handover) if each.name not in {"batch_id", "title"}])
    return Handover(batch_id, _text(keys, "title") or batch_id, **stated)


def _entry(keys: Keys, *, has_records: bool) -> ManifestEntry:
    path = _path(keys, "path", _needed(keys, "path"))
    kind, profile, options = None, None, {}
    if has_records:
        kind = keys.choice("kind", Kind)
        if kind is None:
            raise SourceError(f"{keys.where}: kind is missing; it is one of {', '.join(Kind)}.")
        options = {name: value for name, read in OPTIONS.items() if (value := read(keys, name)) not in (None, (), {})}
        profile = _text(keys, "profile")
    particulars = _stated(keys, PARTICULARS)
    legibility = particulars.get("legibility")
    if legibility is not None and not 1 <= legibility <= _LEGIBILITY_MAX:
        raise SourceError(f"{keys.where}: legibility is {legibility}; it must be from 1 to {_LEGIBILITY_MAX}.")
    keys.nothing_else()
    return ManifestEntry(path, kind, options, profile and _path(keys, "profile", profile), particulars)


def _stated(keys: Keys, wanted: Sequence[Field[Any]]) -> dict[str, Any]:
    """The values of a table by the types that our own fields have; those that are not stated are left out."""
    found: dict[str, Any] = {}
    for each in wanted:
        if "PartialDate" in str(each.type):
            found[each.name] = keys.day(each.name)
        elif "int" in str(each.type):
            found[each.name] = keys.count(each.name)
        else:
            found[each.name] = _text(keys, each.name)
    return {name: value for name, value in found.items() if value is not None}


def _needed(keys: Keys, key: str) -> str:
    value = _text(keys, key)
    if not (value or "").strip():
        raise SourceError(f"{keys.where}: {key} is missing.")
    return str(value)


def _text(keys: Keys, key: str) -> str | None:
    value = keys.text(key)
    if value is not None and "\0" in value:
        raise SourceError(f"{keys.where}: {key} holds a zero byte; write it again.")
    return value


def _path(keys: Keys, key: str, text: str) -> str:
    """A path that leads nowhere but into the manifest's own folder, on every system."""
    path, windows = PurePosixPath(text), PureWindowsPath(text)
    if "\\" in text:
        raise SourceError(f"{keys.where}: {key} is {shown(text)}; write / between folders.")
    if path.is_absolute() or windows.drive or windows.root or ".." in path.parts:
        raise SourceError(
            f"{keys.where}: {key} is {shown(text)}; it must lead from the manifest to something in its own folder."
        )
    if not path.parts:
        raise SourceError(f"{keys.where}: {key} is the manifest's own folder; put the sources in a folder beside it.")
    return str(path)


def _texts_of(key: str) -> Callable[[Keys, str], dict[str, str]]:
    """A reader of a table of texts: our field = their column, or its value in all rows."""

    def read(keys: Keys, _: str) -> dict[str, str]:
        table = keys.keys(key)
        return {name: _needed(table, name) for name in table.table}

    return read


OPTIONS: Mapping[str, Callable[[Keys, str], Any]] = {
    "crs": _text,
    "encoding": _text,
    "layers": Keys.texts,
    "sheet": _text,
    "field_map": _texts_of("fields"),
    "field_values": _texts_of("values"),
    "sigma_m": Keys.length,
    "width_m": Keys.length,
    "radius_m": Keys.length,
    "repair": Keys.flag,
    "drop_columns": Keys.texts,
    "keep_bytes": Keys.flag,
    "transform": _text,
    "corrections": Keys.texts,
}
"""What may be stated of how a source is read: each option of an import, and how its key is read."""
