"""Archives from a hostile hand: what a zip would unpack to is looked at before anything in it is."""

import zipfile
from pathlib import Path, PurePosixPath

from registry.errors import SourceError

ZIP_MAX_BYTES = 2_000_000_000
ZIP_MAX_FILES = 10_000
ZIP_MAX_RATIO = 200


def checked_names(path: Path) -> list[str]:
    """The files in an archive, after refusing one that would unpack to far more than it seems.

    Raises
    ------
    SourceError
        If it is no zip, would unpack to too much, or holds a name that leads out of it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
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
    if any(".." in PurePosixPath(member.filename).parts for member in members):
        raise SourceError(f"{path}: it holds a file name that leads out of the archive; unpack it and check it.")
    return [member.filename for member in members]
