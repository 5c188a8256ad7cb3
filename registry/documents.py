"""What was handed over, as documents: files with their hashes and bytes, folders and zips taken apart."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from registry import tables
from registry.errors import DuplicateLayer, SourceError
from registry.findings import Hit
from registry.intake import ImportOptions
from registry.model import Progress, SourceDocument
from registry.sources.archive import checked_names, unpack
from registry.sources.collection import Collection, collect, is_unicode, media_type, names_in, sort_out
from registry.sources.tables import is_table
from registry.sources.vector import files_of, is_paper
from registry.store import BLOB_MAX_BYTES

_NAMES_SHOWN = 10


@dataclass(frozen=True)
class Given:
    """A file, folder or zip, and what is stated of it.

    Attributes
    ----------
    particulars
        By the names of `SourceDocument`. Those of a folder or zip are of every source in it.
    name
        What it is called; else the name of the file or folder.
    as_one
        Read a zip as one source, whose records all name the zip itself: how it was done before zips were taken apart.
    """

    path: Path
    options: ImportOptions = field(default_factory=ImportOptions)
    particulars: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    as_one: bool = False


@dataclass(frozen=True)
class Readable:
    """Something with records: where it is read, how, and the document that its records name.

    ``fingerprint`` tells it from others; ``renamed`` is the path of a scratch folder and what stands for it in
    messages.
    """

    path: Path
    options: ImportOptions
    document: SourceDocument
    fingerprint: str
    renamed: tuple[str, str] | None = None

    def told(self, message: str) -> str:
        """A message about it, with the path by which people know it."""
        return message if self.renamed is None else message.replace(*self.renamed)


@dataclass(frozen=True)
class Source:
    """A source with the documents it consists of; the first is the one it is named after.

    ``is_archive`` marks a zip that was taken apart: its documents are the zip, which alone is kept, and its members.
    """

    name: str
    is_folder: bool
    is_archive: bool
    options: ImportOptions
    documents: tuple[SourceDocument, ...]
    readables: tuple[Readable, ...]


@dataclass(frozen=True)
class Handed:
    """All that an import was given.

    Attributes
    ----------
    attachments
        Documents without records, those in zips included.
    hits
        What is to be said of single documents, or (None) of a folder of them.
    """

    sources: tuple[Source, ...]
    attachments: tuple[SourceDocument, ...]
    hits: tuple[tuple[Hit, SourceDocument | None], ...]

    @property
    def documents(self) -> tuple[SourceDocument, ...]:
        """All of them, each once, in the order of their numbers."""
        of_sources = [document for source in self.sources for document in source.documents]
        held = {document.document_id for document in of_sources}
        return (*of_sources, *(each for each in self.attachments if each.document_id not in held))


@dataclass(frozen=True)
class _Loose:
    """A file that comes with the sources, by its name for people."""

    path: Path
    name: str
    given: Given
    is_read: bool = True


@dataclass(frozen=True)
class _Found:
    """The sources in what was given, by their names for people, and what lies beside them."""

    items: Sequence[tuple[Given, str]]
    loose: Sequence[_Loose] = ()
    hits: Sequence[Hit] = ()


def open_sources(
    givens: Sequence[Given], attachments: Sequence[Given], prefix: str, scratch: Path, progress: Progress
) -> Handed:
    """Find, hash and keep everything that was given, and say what carries records.

    Parameters
    ----------
    attachments
        Files, or folders of them, that carry no records.
    prefix
        Documents are numbered behind it: sources first, then attachments, so that a layer which is made again from its
        sources numbers them the same.
    scratch
        An empty folder, where zips are unpacked.

    Raises
    ------
    SourceError
        If something is not there, cannot be read, is no source, or is more than is accepted.
    DuplicateLayer
        If the same source is there twice.
    """
    numbers = (f"{prefix}-{number}" for number in count(1))
    sources: list[Source] = []
    beside: list[SourceDocument] = []
    loose: list[_Loose] = []
    hits: list[tuple[Hit, SourceDocument | None]] = []
    for given in givens:
        found = _look_into(given)
        loose += found.loose
        hits += [(hit, None) for hit in found.hits]
        for item, name in found.items:
            if _is_archive(item):
                progress(f"unpacking {item.path.name}", None)
                handed = _open_archive(item, name, numbers, scratch)
            else:
                handed = _open(item, name, numbers)
            sources += handed.sources
            beside += handed.attachments
            hits += handed.hits
    for given in attachments:
        loose += _attached(given)
    for each in loose:
        document = _document(each.path, each.name, next(numbers), keep=each.given.options.keep_bytes)
        document = replace(document, **each.given.particulars)
        beside.append(document)
        if not each.is_read:
            hits.append((_unread(document), document))
    _refuse_repeated(sources)
    return Handed(tuple(sources), tuple(beside), (*hits, *_not_kept(sources, beside)))


def _look_into(given: Given) -> _Found:
    path = given.path
    if not path.is_dir() or path.suffix.lower() == ".gdb":
        return _Found([(given, given.name or path.name)])
    folder, found = given.name or path.resolve().name, collect(path)
    names = sorted((*found.sources, *found.archives))
    if not names:
        raise SourceError(f"{path}: nothing in it can be read; it holds {_shown([*found.attachments, *found.unread])}.")
    _refuse_unfit(given.options, [path / name for name in found.sources], path)
    items = []
    for name in names:
        options = given.options if name in found.archives else _fitting(given.options, path / name)
        items.append((replace(given, path=path / name, options=options), f"{folder}/{name}"))
    beside = replace(given, particulars={})
    loose = [
        _Loose(path / name, f"{folder}/{name}", beside, is_read)
        for names, is_read in ((found.attachments, True), (found.unread, False))
        for name in names
    ]
    return _Found(items, loose, _told(found, folder))


def _attached(given: Given) -> list[_Loose]:
    """The files of an attachment, which may be a folder of them."""
    path = given.path
    if not path.is_dir():
        return [_Loose(path, given.name or path.name, given)]
    folder, names = given.name or path.resolve().name, names_in(path)
    litter = set(sort_out(names).litter)
    return [_Loose(path / name, f"{folder}/{name}", given) for name in names if name not in litter]


def _open(given: Given, name: str, numbers: Iterator[str]) -> Handed:
    """A source that is read as it lies there."""
    path = given.path
    above = f"{name}/" if path.is_dir() else name[: -len(path.name)]
    documents = [
        replace(_document(file, f"{above}{file.name}", next(numbers), keep=_keeps(given.options)), media_type=media)
        for file, media in files_of(path)
    ]
    if not documents:
        raise SourceError(f"{path}: there is no file in it.")
    documents[0] = replace(documents[0], **given.particulars)
    readable = Readable(path, given.options, documents[0], _fingerprint(documents if path.is_dir() else documents[:1]))
    source = Source(path.name, path.is_dir(), False, given.options, tuple(documents), (readable,))
    is_packed = path.suffix.lower() == ".zip" and not given.as_one
    hits = [(hit, documents[0]) for hit in _told(sort_out(checked_names(path)), name)] if is_packed else []
    return Handed((source,), (), tuple(hits))


def _keeps(options: ImportOptions) -> bool:
    """Whether the bytes of sources are kept: not with columns that are to be left out."""
    return options.keep_bytes and not options.drop_columns


def _is_archive(given: Given) -> bool:
    """Whether a source is a zip to be taken apart. One that holds a single source and nothing else is that source."""
    path = given.path
    if path.suffix.lower() != ".zip" or not path.is_file() or given.as_one:
        return False
    found = sort_out(checked_names(path))
    beside = (*found.archives, *found.attachments, *found.unread)
    if len(found.sources) != 1 or beside:
        return True
    only = Path(found.sources[0])
    return is_table(only) or is_paper(only)


def _open_archive(given: Given, name: str, numbers: Iterator[str], scratch: Path) -> Handed:
    """A zip taken apart. Its bytes are what was handed over, so they are kept once; of its members the hashes."""
    path = given.path
    whole = replace(_document(path, name, next(numbers), keep=_keeps(given.options)), **given.particulars)
    folder = scratch / str(len(list(scratch.iterdir()))) / path.name
    folder.mkdir(parents=True)
    notes = unpack(path, folder)
    renamed = (str(folder), str(path))
    try:
        found = collect(folder)
        if not found.sources:
            held = _shown([*found.attachments, *found.unread])
            raise SourceError(f"{folder}: nothing in it can be read; it holds {held}.")
        _refuse_unfit(given.options, [folder / each for each in found.sources], folder)
        members = {
            each: _document(folder / each, f"{name}/{each}", next(numbers), keep=False)
            for each in names_in(folder)
            if each not in found.litter
        }
        readables = []
        for each in found.sources:
            files = [file.relative_to(folder).as_posix() for file, _ in files_of(folder / each)]
            main = members[files[0]] = replace(members[files[0]], **given.particulars)
            is_folder = (folder / each).is_dir()
            fingerprint = _fingerprint([members[file] for file in files if file in members] if is_folder else [main])
            options = _fitting(given.options, folder / each)
            readables.append(Readable(folder / each, options, main, fingerprint, renamed))
    except SourceError as error:
        raise SourceError(str(error).replace(*renamed)) from error
    hits: list[tuple[Hit, SourceDocument | None]] = [(Hit("reader-note", None, note), whole) for note in notes]
    hits += [(hit, whole) for hit in _told(found, name)]
    hits += [(_unread(members[each]), members[each]) for each in found.unread]
    source = Source(path.name, False, True, given.options, (whole, *members.values()), tuple(readables))
    return Handed((source,), tuple(members[each] for each in (*found.attachments, *found.unread)), tuple(hits))


def _document(path: Path, name: str, document_id: str, *, keep: bool) -> SourceDocument:
    if not is_unicode(path.name):
        raise SourceError(f"{path.name!a}: its name is not text in UTF-8; rename a copy and import that.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read ({error.strerror}).") from error
    return SourceDocument(
        document_id,
        name,
        media_type(name),
        len(content),
        tables.sha256_of_bytes(content),
        content if keep and len(content) <= BLOB_MAX_BYTES else None,
    )


def _fitting(options: ImportOptions, path: Path) -> ImportOptions:
    """Of what is stated of a folder or zip, what one source in it can use."""
    if is_table(path):
        return replace(options, layers=())
    if is_paper(path):
        return replace(options, layers=(), profile=None, sheet=None)
    return replace(options, profile=None, sheet=None)


def _refuse_unfit(options: ImportOptions, paths: Sequence[Path], where: Path) -> None:
    """Refuse what is stated of a folder or zip but of use to nothing in it, or to who knows what."""
    is_tabular = [is_table(path) for path in paths]
    if (options.profile is not None or options.sheet is not None) and not any(is_tabular):
        raise SourceError(f"{where}: no table is in it, so it has no use for a profile or a sheet; leave that out.")
    if (
        options.layers
        and sum(not is_paper(path) and not table for path, table in zip(paths, is_tabular, strict=True)) != 1
    ):
        raise SourceError(
            f"{where}: it is not clear which of its {len(paths)} sources has the layer {', '.join(options.layers)}; "
            "name that source by itself."
        )


def _told(found: Collection, where: str) -> list[Hit]:
    """What is to be said, once, of the files in a folder or zip that hold no records."""
    hits = []
    if found.attachments:
        hits.append(f"{where}: kept beside the records: {_shown(found.attachments)}.")
    if found.litter:
        hits.append(f"{where}: left out, as an operating system puts it there by itself: {_shown(found.litter)}.")
    return [Hit("reader-note", None, message) for message in hits]


def _unread(document: SourceDocument) -> Hit:
    plain = document.file_name.lower().endswith(".txt")
    why = (
        "a text may be a table or a letter; name it by itself to have it read"
        if plain
        else "it is of no kind that is read"
    )
    return Hit("file-not-read", None, f"{document.file_name}: {why}.")


def _not_kept(
    sources: Sequence[Source], attachments: Sequence[SourceDocument]
) -> list[tuple[Hit, SourceDocument | None]]:
    """Documents of which only the hash is held; the members of a zip are in the zip."""
    members = {document.document_id for source in sources if source.is_archive for document in source.documents[1:]}
    documents = [document for source in sources for document in source.documents]
    return [
        (Hit("source-not-kept", None, f"Only the hash of {document.file_name} is kept."), document)
        for document in (*documents, *attachments)
        if document.content is None and document.document_id not in members
    ]


def _refuse_repeated(sources: Sequence[Source]) -> None:
    """The same source twice would count every field twice; what lies beside it, such as a .prj, may be the same."""
    readables = [readable for source in sources for readable in source.readables]
    number = Counter(readable.fingerprint for readable in readables)
    for readable in readables:
        if number[readable.fingerprint] > 1:
            name = readable.document.file_name
            raise DuplicateLayer(f"{name}: the same file is named twice in this import; name it once.")


def _fingerprint(documents: Sequence[SourceDocument]) -> str:
    """What tells a source from another: of a folder all its files, else the one it is named after."""
    return tables.sha256_of_bytes(" ".join(sorted(document.sha256 for document in documents)).encode())


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return f"{', '.join(names[:_NAMES_SHOWN])}{more}" if names else "no file"
