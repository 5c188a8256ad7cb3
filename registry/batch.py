"""A whole batch from its manifest: every layer, in one transaction."""

from dataclasses import dataclass
from pathlib import Path

from registry.documents import Given
from registry.errors import SourceError
from registry.importer import ImportReport, PlannedLayer, import_layers
from registry.intake import ImportOptions
from registry.model import ORIENTATION, Handover, Kind, Progress, silent
from registry.sources.manifest import Manifest, ManifestEntry, read_manifest
from registry.sources.profile import read_profile
from registry.store import Registry


@dataclass(frozen=True)
class BatchReport:
    """What the import of a manifest did, or would do if it was a dry run.

    Attributes
    ----------
    handover
        As the manifest states it.
    layers
        One report for each kind, in the order of import; attachments are with the first that holds records.
    superseded
        Kinds of the batch that was named to be replaced, whose layers the new ones replace.
    dry_run
        Whether nothing was written.
    """

    handover: Handover
    layers: tuple[ImportReport, ...]
    superseded: tuple[Kind, ...]
    dry_run: bool

    @property
    def has_errors(self) -> bool:
        """Whether any check found an E."""
        return any(report.has_errors for report in self.layers)


def import_manifest(
    registry: Registry, path: Path, *, dry_run: bool = False, progress: Progress = silent
) -> BatchReport:
    """Import all that a manifest names: sources of one kind become one layer, and all layers come in or none.

    Districts and scope come first, and the records of the same manifest are tested against them.

    Parameters
    ----------
    registry
        Open for writing.
    path
        The manifest; see `registry.sources.manifest`. What it names lies in its folder.
    dry_run
        Do everything but write.
    progress
        Told each step as it begins.

    Raises
    ------
    SourceError
        If the manifest or anything it names cannot be read, does not say its CRS, or contradicts it.
    StoreError
        If the id is taken or the registry cannot be written; it is then as it was.
    """
    manifest = read_manifest(path)
    _refuse_twice(manifest, path)
    planned = _plan(registry, manifest, path)
    reports = import_layers(registry, planned, manifest.handover, dry_run=dry_run, progress=progress)
    superseded = tuple(layer.kind for layer in planned if layer.supersedes is not None)
    return BatchReport(manifest.handover, reports, superseded, dry_run)


def _plan(registry: Registry, manifest: Manifest, path: Path) -> list[PlannedLayer]:
    """One layer for each kind, districts and scope first, the others as the manifest has them."""
    kinds = list(dict.fromkeys(entry.kind for entry in manifest.sources if entry.kind is not None))
    kinds.sort(key=lambda kind: ORIENTATION.index(kind) if kind in ORIENTATION else len(ORIENTATION))
    host = next((kind for kind in kinds if kind not in ORIENTATION), kinds[0])
    replaced = _replaced(registry, manifest, kinds)
    return [
        PlannedLayer(
            kind,
            tuple(_given(entry, path) for entry in manifest.sources if entry.kind is kind),
            tuple(_given(entry, path) for entry in manifest.attachments) if kind is host else (),
            manifest.supersedes if kind in replaced else None,
            manifest.reason if kind in replaced else None,
        )
        for kind in kinds
    ]


def _replaced(registry: Registry, manifest: Manifest, kinds: list[Kind]) -> set[Kind]:
    """The kinds whose layers are replaced. A batch named to be replaced must be replaced as a whole."""
    if manifest.supersedes is None:
        return set()
    held = {layer.kind for layer in registry.layers(batch_ids=(manifest.supersedes,))}
    left = sorted(held - set(kinds))
    if left or not held:
        what = f"its {', '.join(left)} would stay" if left else "it has no active layer"
        raise SourceError(
            f"Batch {manifest.supersedes} is to be superseded, but {what}; "
            "name what replaces it, or withdraw it with a reason."
        )
    return held


def _given(entry: ManifestEntry, manifest: Path) -> Given:
    profile = None if entry.profile is None else read_profile(_inside(entry.profile, manifest))
    options = ImportOptions(**entry.options, profile=profile)
    return Given(_inside(entry.path, manifest), options, entry.particulars, entry.path)


def _inside(name: str, manifest: Path) -> Path:
    """Where something named in the manifest lies; a link must not lead out of its folder."""
    path = manifest.parent / name
    try:
        is_inside = path.resolve(strict=True).is_relative_to(manifest.parent.resolve())
    except FileNotFoundError as error:
        raise SourceError(f"{manifest}: it names {name}, which is not there.") from error
    except (OSError, RuntimeError, ValueError) as error:
        raise SourceError(f"{manifest}: it names {name}, which cannot be read ({error}).") from error
    if not is_inside:
        raise SourceError(f"{manifest}: it names {name}, a link that leads out of its folder; put the file there.")
    if not path.is_dir() and not path.is_file():
        raise SourceError(f"{manifest}: it names {name}, which is neither a file nor a folder.")
    return path


def _refuse_twice(manifest: Manifest, path: Path) -> None:
    """What lies in a folder that is named too would be taken twice."""
    entries = [*manifest.sources, *manifest.attachments]
    folders = {entry.path for entry in entries}
    for entry in entries:
        above = [str(each) for each in Path(entry.path).parents if str(each) in folders]
        if above:
            raise SourceError(f"{path}: {entry.path} lies in {above[0]}, which is named too; name one of them.")
    attached = [entry.path for entry in manifest.attachments]
    twice = sorted({each for each in attached if attached.count(each) > 1 or each in _paths(manifest.sources)})
    if twice:
        raise SourceError(f"{path}: {twice[0]} is named twice; an attachment is named once and is no source.")


def _paths(entries: tuple[ManifestEntry, ...]) -> set[str]:
    return {entry.path for entry in entries}
