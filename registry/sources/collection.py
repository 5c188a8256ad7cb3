"""What lies in a folder: what carries records, what comes with it, and what nobody handed over."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from registry.errors import SourceError
from registry.sources import tables
from registry.sources.archive import DEPTH_MAX
from registry.sources.vector import PAPER_SUFFIXES, SIDE_FILES, SUFFIXES

FOLDER_MAX_BYTES = 2_000_000_000
FOLDER_MAX_FILES = 10_000
JSON_MAX_BYTES = 10_000_000
"""A larger file of JSON is not looked into but taken for GeoJSON."""

ATTACHMENTS = {
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".djvu": "image/vnd.djvu",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".rtf": "application/rtf",
    ".md": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".eml": "message/rfc822",
    ".xml": "application/xml",
}
"""Files that carry no records of ours: scans, statements, letters, descriptions."""

# A text file may be a table or a letter. Named by itself it is read as a table; in a folder nobody has said so.
_DATASETS = (set(SUFFIXES) | set(tables.SUFFIXES) | set(PAPER_SUFFIXES)) - {".gdb", ".zip", ".txt"}
_LITTER = {"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", ".directory", "icon\r"}
_LITTER_STARTS = ("._", "~$", ".~lock.")


@dataclass(frozen=True)
class Collection:
    """Names of files from their common folder, each in one place only.

    Attributes
    ----------
    sources
        What carries records: a file, a shapefile (its side files belong to it), or a geodatabase folder.
    archives
        Zips.
    attachments
        What can carry no records.
    unread
        What may carry records but is of no kind that is read.
    litter
        What a system left there by itself.
    """

    sources: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    litter: tuple[str, ...] = ()


def sort_out(names: Iterable[str]) -> Collection:
    """Say what each file is, by its name.

    Parameters
    ----------
    names
        Paths of files from their common folder, with ``/`` between folders.
    """
    names = sorted(names)
    shapefiles = {str(PurePosixPath(name).with_suffix("")) for name in names if name.lower().endswith(".shp")}
    found: dict[str, dict[str, None]] = {
        each: {} for each in ("sources", "archives", "attachments", "unread", "litter", "parts")
    }
    for name in names:
        path = PurePosixPath(name)
        suffix = path.suffix.lower()
        if _is_litter(path):
            found["litter"][name] = None
        elif geodatabase := _geodatabase(path):
            found["sources"][geodatabase] = None
        elif suffix in SIDE_FILES and str(path.with_suffix("")) in shapefiles:
            found["parts"][name] = None
        elif suffix in _DATASETS:
            found["sources"][name] = None
        elif suffix == ".zip":
            found["archives"][name] = None
        else:
            found["attachments" if suffix in ATTACHMENTS else "unread"][name] = None
    del found["parts"]
    return Collection(**{each: tuple(held) for each, held in found.items()})


def collect(folder: Path) -> Collection:
    """What lies in a folder and the folders in it.

    Raises
    ------
    SourceError
        If it holds too much, lies too deep, or holds links, names that are no text, or a manifest.
    """
    found = sort_out(names_in(folder))
    others = tuple(name for name in found.sources if not _may_hold_records(folder / name))
    return replace(
        found,
        sources=tuple(name for name in found.sources if name not in others),
        unread=tuple(sorted((*found.unread, *others))),
    )


def names_in(folder: Path) -> list[str]:
    """Paths of all files in a folder from it, with ``/`` between folders, in order; see `collect`."""
    names: list[str] = []
    size = 0
    waiting = [(folder, 1)]
    while waiting:
        place, depth = waiting.pop()
        if depth > DEPTH_MAX:
            raise SourceError(
                f"{folder}: {place} lies more than {DEPTH_MAX} folders deep; name the folders one by one."
            )
        try:
            for entry in place.iterdir():
                size += _checked_size(entry, folder)
                if entry.is_dir():
                    waiting.append((entry, depth + 1))
                else:
                    names.append(entry.relative_to(folder).as_posix())
                if len(names) > FOLDER_MAX_FILES or size > FOLDER_MAX_BYTES:
                    raise SourceError(
                        f"{folder}: it holds more than {FOLDER_MAX_FILES:,} files or {FOLDER_MAX_BYTES / 1e6:,.0f} MB; "
                        "name the folders in it one by one."
                    )
        except OSError as error:
            raise SourceError(f"{place}: it cannot be read ({error.strerror or error}).") from error
    return sorted(names)


def media_type(name: str) -> str:
    """What a file is, by its name."""
    known = {**ATTACHMENTS, **SIDE_FILES, **SUFFIXES, **tables.SUFFIXES, **PAPER_SUFFIXES}
    return known.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def is_unicode(text: str) -> bool:
    """Whether a file name can be stored; other bytes come as lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _checked_size(entry: Path, folder: Path) -> int:
    if not is_unicode(entry.name):
        raise SourceError(
            f"{folder}: the name {entry.name!a} in it is not text in UTF-8; rename a copy and import that."
        )
    if entry.is_symlink():
        raise SourceError(f"{entry}: it is a link to another place; put the file itself there.")
    if entry.is_dir():
        return 0
    if not entry.is_file():
        raise SourceError(f"{entry}: it is neither a file nor a folder; take it out.")
    return entry.stat().st_size


def _geodatabase(path: PurePosixPath) -> str | None:
    """The geodatabase folder that a file belongs to."""
    return str(path.parent) if path.parent.suffix.lower() == ".gdb" else None


def _is_litter(path: PurePosixPath) -> bool:
    name = path.name.lower()
    return name in _LITTER or name.startswith(_LITTER_STARTS) or "__MACOSX" in path.parts


def _may_hold_records(path: Path) -> bool:
    """Whether a file of TOML or JSON is of ours; a broken one is taken for it, so that it is not passed over."""
    try:
        if path.suffix.lower() in PAPER_SUFFIXES:
            document = tomllib.loads(path.read_text("utf-8-sig"))
        elif path.suffix.lower() == ".json" and path.stat().st_size <= JSON_MAX_BYTES:
            document = json.loads(path.read_text("utf-8-sig"))
        else:
            return True
    except (ValueError, RecursionError):
        return True
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read ({error.strerror or error}).") from error
    if path.suffix.lower() == ".json":
        return isinstance(document, dict) and "type" in document
    if "manifest" in document:
        raise SourceError(f"{path}: it is a manifest; import it by itself, from beside the folders that it names.")
    return bool({"legs", "points"} & set(document))
