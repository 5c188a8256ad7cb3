"""Archives from a hostile hand: what a zip would unpack to is looked at before anything in it is."""

import lzma
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from registry.errors import SourceError

ZIP_MAX_BYTES = 2_000_000_000
ZIP_MAX_FILES = 10_000
ZIP_MAX_RATIO = 200
DEPTH_MAX = 16
NAME_MAX_BYTES = 255
"""The longest name of a file or folder that common file systems take."""

_ENCRYPTED = 0x1
_UTF8 = 0x800

DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError, ValueError)
"""What Python raises for a damaged member; that it is encrypted or packed in an unknown way is a RuntimeError."""


def checked_names(path: Path) -> list[str]:
    """The files in an archive, after refusing one that would unpack to far more than it seems.

    Raises
    ------
    SourceError
        If it is no zip, would unpack to too much, or holds a link or a name that leads out of it.
    """
    return [member.filename for member in _checked(path)]


def unpack(path: Path, folder: Path) -> tuple[str, ...]:
    """Unpack an archive into an empty folder.

    Returns
    -------
    notes
        What is to be said about its names.

    Raises
    ------
    SourceError
        As `checked_names` does; and if it is encrypted or damaged, holds another zip, lies too deep, or holds names
        that no file can have.
    """
    members = _checked(path)
    targets = [_target(member.filename, path) for member in members]
    for member, target in zip(members, targets, strict=True):
        if member.flag_bits & _ENCRYPTED:
            raise SourceError(f"{path}: {member.filename} in it is encrypted; unpack it yourself.")
        if target.suffix.lower() == ".zip":
            raise SourceError(f"{path}: it holds a zip, {member.filename}; unpack it once and import the folder.")
    # A file in the way of a folder, or two of one name, would cost one of them; so nothing is written over.
    with zipfile.ZipFile(path) as archive:
        for member, target in zip(members, targets, strict=True):
            try:
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, (folder / target).open("xb") as file:
                    shutil.copyfileobj(packed, file)
            except FileExistsError as error:
                raise SourceError(
                    f"{path}: two files in it are named {member.filename}; unpack it and look."
                ) from error
            except DAMAGED as error:
                raise SourceError(f"{path}: {member.filename} in it is damaged or encrypted ({error}).") from error
            except OSError as error:
                raise SourceError(
                    f"{path}: {member.filename} in it cannot be unpacked ({error.strerror or error})."
                ) from error
    return _notes(members)


def _checked(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            # Python's own question whether it is a folder fails where a name is empty.
            members = [member for member in archive.infolist() if not member.filename.endswith("/")]
    except DAMAGED as error:
        raise SourceError(f"{path}: it is not a zip archive or is damaged ({error}).") from error
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read ({error.strerror or error}).") from error
    unpacked = sum(member.file_size for member in members)
    packed = max(1, path.stat().st_size)
    if (
        len(members) > ZIP_MAX_FILES
        or unpacked > ZIP_MAX_BYTES
        or (unpacked > 1e8 and unpacked / packed > ZIP_MAX_RATIO)
    ):
        raise SourceError(
            f"{path}: it would unpack to {len(members)} files and {unpacked / 1e6:,.0f} MB, more than is accepted; "
            "unpack it and import what is needed."
        )
    for member in members:
        if ".." in PurePosixPath(member.filename).parts:
            raise SourceError(f"{path}: it holds a file name that leads out of the archive; unpack it and check it.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise SourceError(f"{path}: {member.filename} in it is a link to another place; put the file itself there.")
    return members


def _target(name: str, path: Path) -> PurePosixPath:
    """Where a member goes, on every system somewhere inside the folder."""
    windows = PureWindowsPath(name)
    target = PurePosixPath(name.replace("\\", "/"))
    if windows.drive or windows.root or ".." in target.parts or not target.parts:
        raise SourceError(
            f"{path}: it holds a file name that leads out of the archive, {name!a}; unpack it and check it."
        )
    if len(target.parts) > DEPTH_MAX:
        raise SourceError(
            f"{path}: {name[:80]!r} in it lies more than {DEPTH_MAX} folders deep; unpack it and import what is needed."
        )
    if any(len(part.encode("utf-8", "surrogatepass")) > NAME_MAX_BYTES for part in target.parts):
        raise SourceError(
            f"{path}: a file in it has a name too long to be one, {name[:80]!r}...; rename it and pack again."
        )
    return target


def _notes(members: Sequence[zipfile.ZipInfo]) -> tuple[str, ...]:
    guessed = [m.filename for m in members if not m.flag_bits & _UTF8 and not m.filename.isascii()]
    if not guessed:
        return ()
    return (
        f"{len(guessed)} file names in the archive do not say how they are encoded; they are read as code page 437, "
        f"the first as {guessed[0]!r}.",
    )
