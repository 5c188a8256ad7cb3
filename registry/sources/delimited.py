"""CSV and its kin: encoding and delimiter stated or found, and nothing lost where the quoting is broken."""

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from registry.errors import SourceError
from registry.sources.sheet import CELL_MAX_CHARS, CELLS_MAX, COLUMNS_MAX, Row, Sheet, blank_to_none

BYTES_MAX = 500_000_000
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The single-byte encodings of the countries whose records these are; DOS ones are what old databases export.
_SINGLE_BYTE = ("cp1251", "cp1250", "cp1252", "cp1254", "cp1256", "cp866", "cp852", "koi8_r", "iso8859_5")
_SHOWN = ("cp1251", "cp1250", "cp1252", "cp1256")
_SAMPLE_BYTES = 100_000
_BROKEN_QUOTES_MAX = 100


@dataclass(frozen=True)
class _Decoding:
    encoding: str
    doubt: str | None


def read_delimited(content: bytes, where: str, *, encoding: str | None = None, delimiter: str | None = None) -> Sheet:
    """Read a table of separated values.

    Parameters
    ----------
    where
        Name for messages.
    encoding, delimiter
        What the person says; found from the text where None.

    Raises
    ------
    SourceError
        If it is no text in the encoding, or larger than is accepted.
    """
    if len(content) > BYTES_MAX:
        raise SourceError(f"{where}: it has {len(content):,} bytes; split it into files of {BYTES_MAX:,} at most.")
    decoding = _decoding(content, encoding, where)
    sample = _text(content[:_SAMPLE_BYTES], decoding.encoding)
    if "\x00" in sample:
        raise SourceError(f"{where}: it is not a table of text; it holds zero bytes.")
    stated = re.match(r"sep=(.)\r?\n", sample)
    if delimiter is None:
        delimiter = stated[1] if stated else _find_delimiter(sample)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise SourceError(f"{where}: the delimiter {delimiter!r} is not one character such as ';' or a tab.")
    rows, lines, notes = _records(content, decoding.encoding, delimiter, where)
    if stated:
        rows, lines = rows[1:], lines[1:]
    if not rows:
        raise SourceError(f"{where}: there is no row in it.")
    return Sheet(rows, lines, tuple(notes), encoding_doubt=decoding.doubt)


def _decoding(content: bytes, stated: str | None, where: str) -> _Decoding:
    if stated is not None:
        try:
            codecs.lookup(stated)
            content.decode(stated)
        except LookupError as error:
            raise SourceError(f"{stated!r} is not an encoding; write for example cp1251 or UTF-8.") from error
        except ValueError as error:
            raise SourceError(f"{where}: it is not {stated} ({error}); state another encoding.") from error
        marked = stated.lower().replace("_", "-") in {"utf-8", "utf8"} and content.startswith(codecs.BOM_UTF8)
        return _Decoding("utf-8-sig" if marked else stated, None)
    for mark, name in _MARKS:
        if content.startswith(mark) and _decodes(content, name):
            return _Decoding(name, None)
    if content.isascii() and b"\x00" not in content:
        return _Decoding("ascii", None)
    if _decodes(content, "utf-8") and b"\x00" not in content:
        # Letters of another encoding do not make valid UTF-8 by chance.
        return _Decoding("utf-8", None)
    return _found(content)


def _found(content: bytes) -> _Decoding:
    """The encoding whose letters fit best; where none does, ISO-8859-1, which loses no byte."""
    wide = _without_mark(content)
    if wide:
        return _Decoding(wide, f"The file does not say in which encoding its texts are; its zero bytes say {wide}.")
    import charset_normalizer

    telling = b"\n".join(line for line in content[: 20 * _SAMPLE_BYTES].splitlines() if not line.isascii())
    best = charset_normalizer.from_bytes(telling[:_SAMPLE_BYTES], cp_isolation=list(_SINGLE_BYTE)).best()
    name = best.encoding if best is not None and _decodes(content, best.encoding) else "iso-8859-1"
    row = next((line for line in content.splitlines() if not line.isascii()), b"")
    others = ", ".join(f"{other} {_sample(row, other)!r}" for other in _SHOWN if other != name)
    return _Decoding(
        name,
        f"The file does not say in which encoding its texts are; they were read as {name}, which fits best. One row "
        f"reads {_sample(row, name)!r}; with another encoding it would read: {others}.",
    )


def _without_mark(content: bytes) -> str | None:
    """UTF-16 without its mark: every other byte is the script's, zero for digits and blanks, and takes few values."""
    head = content[:2000]
    for name, scripts, letters in (("utf-16-le", head[1::2], head[0::2]), ("utf-16-be", head[0::2], head[1::2])):
        if 0 in scripts and len(set(scripts)) <= min(6, len(set(letters)) // 2) and _decodes(content, name):
            return name
    return None


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except ValueError:
        return False
    return True


def _sample(row: bytes, encoding: str) -> str:
    return " ".join(row.decode(encoding, errors="replace").split())[:40]


def _text(start: bytes, encoding: str) -> str:
    return start.decode(encoding, errors="ignore")


def _find_delimiter(sample: str) -> str:
    """The delimiter that cuts most rows into the same number of cells; a tab where there is only one column."""
    text = sample
    for _ in range(3):  # the commas inside WKT that stands without quotation marks
        text = re.sub(r"\([^()\n]*\)", "", text)
    best: tuple[float, int, str] = (0.0, 0, "\t")
    for delimiter in _DELIMITERS:
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[:200]
        except csv.Error:
            continue
        counts = Counter(len(row) for row in rows if row)
        cells, rows_alike = max(counts.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        share = rows_alike / max(1, counts.total())
        if cells > 1 and (share, cells) > best[:2]:
            best = (share, cells, delimiter)
    return best[2]


def _records(content: bytes, encoding: str, delimiter: str, where: str) -> tuple[list[Row], list[int], list[str]]:
    """The rows that hold something, the line on which each begins, and what is to be said about them."""
    rows: list[Row] = []
    lines: list[int] = []
    cells = 0
    literal: list[int] = []
    for line, row in _lines(content, encoding, delimiter, where, literal):
        if len(row) > COLUMNS_MAX:
            raise SourceError(f"{where}, line {line}: it has {len(row):,} cells; at most {COLUMNS_MAX:,} are read.")
        cells += len(row)
        if cells > CELLS_MAX:
            raise SourceError(f"{where}: it has more than {CELLS_MAX:,} cells; split it into several files.")
        kept = blank_to_none(row)
        if any(cell is not None for cell in kept):
            rows.append(kept)
            lines.append(line)
    return rows, lines, _quoting_notes(literal)


def _quoting_notes(literal: list[int]) -> list[str]:
    if not literal:
        return []
    numbers = ", ".join(map(str, literal[:5])) + (", ..." if len(literal) > 5 else "")
    rest = f" and in all lines after {literal[-1]}" if len(literal) > _BROKEN_QUOTES_MAX else ""
    return [
        f"{len(literal)} lines ({numbers}) have a quotation mark where CSV allows none; in them{rest} the marks were "
        "read as text and hold no cells together."
    ]


def _lines(
    content: bytes, encoding: str, delimiter: str, where: str, literal: list[int]
) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins.

    Records are read as RFC 4180 wants them. A line that breaks its rules for quotation marks is read as it stands,
    and its number appended to ``literal``; after many of them no mark is believed.
    """
    limit = csv.field_size_limit(CELL_MAX_CHARS)
    waiting: deque[str] = deque()
    taken: list[str] = []

    def feed(text: io.TextIOWrapper) -> Iterator[str]:
        while line_text := waiting.popleft() if waiting else text.readline():
            taken.append(line_text)
            yield line_text

    line = 1
    try:
        with io.TextIOWrapper(io.BytesIO(content), encoding, newline="") as text:
            while True:
                believed = len(literal) <= _BROKEN_QUOTES_MAX
                try:
                    for row in _reader(feed(text), delimiter, quoted=believed):
                        yield line, row
                        line += len(taken)
                        taken.clear()
                    return
                except csv.Error as error:
                    if "field larger" in str(error) or not believed:
                        raise SourceError(f"{where}, near line {line}: it cannot be read ({error}).") from error
                literal.append(line)
                first, *rest = taken
                taken.clear()
                waiting.extendleft(reversed(rest))
                yield line, next(_reader(iter([first]), delimiter, quoted=False))
                line += 1
    finally:
        csv.field_size_limit(limit)


def _reader(lines: Iterator[str], delimiter: str, *, quoted: bool) -> Iterator[list[str]]:
    if quoted:
        return csv.reader(lines, delimiter=delimiter, strict=True)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
