"""What the checks can find: each code with its cause, consequence and cure.

No record is stopped by a check. E: kept, but without usable geometry, left out of measures, or not to be told from
another record; W: in the measures, but somebody should look; I: good to know.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from registry.model import Severity


@dataclass(frozen=True)
class Hit:
    """A check that found something: its code, the row it is about (None: all of them), and a sentence."""

    code: str
    row: int | None
    message: str


@dataclass(frozen=True)
class Check:
    """What a code means."""

    severity: Severity
    cause: str
    consequence: str
    cure: str


E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741
_NO_GEOMETRY = "Stored without geometry and counted as unplottable."
_LEFT_OUT = "Kept as delivered, drawn as such, and left out of all measures."
_IN_MEASURES = "In the measures as it stands."
_FAR_LEFT_OUT = "A record more than 1 degree away from where it is expected is left out of all measures."

CHECKS: Mapping[str, Check] = {
    "feature-unreadable": Check(E, "The file is damaged at this feature.", _NO_GEOMETRY, "Ask for the file again."),
    "position-not-understood": Check(
        E,
        "A written position, or a record of bearings and distances, is wrong, incomplete, or may mean several things.",
        _NO_GEOMETRY,
        "Correct it, or state in the profile what it lacks (CRS, notation, order, unit); the text is kept.",
    ),
    "geometry-missing": Check(
        E, "The source gives the record no geometry.", _NO_GEOMETRY, "Look for it in the paper record."
    ),
    "geometry-empty": Check(E, "The geometry holds no coordinates.", _NO_GEOMETRY, "Look for it in the paper record."),
    "too-few-vertices": Check(
        E, "A polygon has fewer than three distinct vertices.", _NO_GEOMETRY, "Look for it in the paper record."
    ),
    "not-an-area": Check(
        E, "A line or point stands where an area is needed.", _NO_GEOMETRY, "Ask for the width or radius of the field."
    ),
    "not-a-point": Check(
        E, "A line or area stands where one point is needed.", _NO_GEOMETRY, "Ask where the event was."
    ),
    "misclosure-large": Check(
        W,
        "The legs of a paper record close badly: worse than 1:50 or 30 m.",
        "Its shape is drawn as the legs say.",
        "Look for a wrong bearing, distance or unit.",
    ),
    "angle-unit-suspect": Check(
        W,
        "The legs close badly in the stated unit of angle, and well in another.",
        "Its shape is drawn in the stated unit.",
        "Ask for the unit; 3000 of 6000 read as 3000 of 6400 is 11.25 degrees off.",
    ),
    "declination-suspect": Check(
        W,
        "The bearings look turned, or count from magnetic north and nobody states the declination or the day.",
        "The shape may be turned around its reference point.",
        "State declination_deg, or laid_on for the model's.",
    ),
    "extent-drawn": Check(
        I,
        "A line or point was drawn as an area with the stated width or radius.",
        _IN_MEASURES,
        "Check the width or radius; the line or point is kept.",
    ),
    "out-of-range": Check(E, "Latitude or longitude is impossible.", _NO_GEOMETRY, "Check the CRS and the numbers."),
    "null-island": Check(
        E, "The position is 0, 0.", _NO_GEOMETRY, "Treat it as a blank; look for it in the paper record."
    ),
    "ring-unclosed": Check(
        E, "A ring does not close.", "Left out of all measures.", "Import with --repair to close it."
    ),
    "geometry-invalid": Check(E, "A ring crosses or touches itself.", _LEFT_OUT, "Import with --repair."),
    "axes-swapped": Check(
        E,
        "With the axes exchanged the record, or most of the source, lies where it is expected.",
        _FAR_LEFT_OUT,
        "Import with --correct axes-swapped, or correct the source.",
    ),
    "sign-lost": Check(
        E,
        "With the other sign of longitude or latitude the record, or most of the source, lies where it is expected.",
        _FAR_LEFT_OUT,
        "Import with --correct sign-lost, or correct the source.",
    ),
    "zone-wrong": Check(
        E,
        "In another zone the record, or most of the source, lies where it is expected.",
        _FAR_LEFT_OUT,
        "State the right zone with --crs, or import with --correct zone-wrong.",
    ),
    "utm-as-gauss-krueger": Check(
        W,
        "Read as UTM on WGS 84 most of the source lies where it is expected, or where another batch has the fields.",
        "In the measures as it stands, some 2 km off if the suspicion is true.",
        "Ask for the projection; state it with --crs, or import with --correct utm-as-gauss-krueger.",
    ),
    "gauss-krueger-as-utm": Check(
        W,
        "Read as Gauss-Krueger on Pulkovo 1942 most of the source lies where it is expected, or where another batch "
        "has the fields.",
        "In the measures as it stands, some 2 km off if the suspicion is true.",
        "Ask for the projection; state it with --crs, or import with --correct gauss-krueger-as-utm.",
    ),
    "reading-corrected": Check(
        I,
        "The person told to read positions otherwise than the source states.",
        "In the measures as corrected; what was delivered is kept.",
        "Compare with the paper record.",
    ),
    "transform-chosen": Check(
        I,
        "The person chose another operation to WGS 84 than the best one.",
        "Positions differ from those of the best one as said.",
        "None, if it was meant.",
    ),
    "geometry-repaired": Check(
        W,
        "An invalid geometry was repaired.",
        "The repair is in the measures; the original is kept.",
        "Compare the repair with the paper record.",
    ),
    "parts-dropped": Check(
        W, "A collection held more than polygons.", "Its polygons are in the measures.", "Look at the original."
    ),
    "duplicate-in-layer": Check(
        W, "The same polygon stands twice in the layer.", "Areas count it once.", "Ask which is meant."
    ),
    "duplicate-in-registry": Check(
        W,
        "Another batch holds the same field.",
        "Areas count it once; duplicate_of names it.",
        "Compare the two records.",
    ),
    "overlap-in-layer": Check(
        W, "Records of one layer overlap.", "Areas count the overlap once.", "Compare the records."
    ),
    "spacing-large": Check(
        W, "Two vertices lie more than 5 km apart.", _IN_MEASURES, "Look for a vertex with a wrong digit."
    ),
    "area-small": Check(W, "The area is below 100 m2.", _IN_MEASURES, "Look for a lost vertex or unit."),
    "area-large": Check(W, "The area is above 5 km2.", _IN_MEASURES, "Look for a vertex with a wrong digit."),
    "width-below-error": Check(
        W,
        "The field is narrower than twice its position error.",
        _IN_MEASURES,
        "Do not judge single events against it.",
    ),
    "precision-coarse": Check(
        W, "Coordinates are rounded to more than 1e-4 degree or 10 m.", _IN_MEASURES, "State the error with --sigma."
    ),
    "datum-suspect": Check(
        W,
        "The same fields lie in another batch, shifted as SK-42 read as WGS 84 (or the reverse) would be, or the scope "
        "says so.",
        _IN_MEASURES,
        "Ask for the datum; if it is SK-42, import with --crs EPSG:4284 or --correct datum-suspect.",
    ),
    "outside-scope": Check(W, "The record lies outside what the batch says it covers.", _IN_MEASURES, "Check both."),
    "outside-districts": Check(W, "The record lies outside every known district.", _IN_MEASURES, "Check the position."),
    "transform-uncertain": Check(
        W,
        "PROJ states no accuracy for the transformation, or a better one needs a grid that is not installed.",
        "Positions may be off by an unknown distance.",
        "Install the grid PROJ names, or state the CRS more exactly.",
    ),
    "crs-overridden": Check(
        W, "The stated CRS is not the one in the file.", "The stated one was used.", "Check which is right."
    ),
    "encoding-unstated": Check(
        W,
        "A shapefile or text table does not say how its texts are encoded.",
        "Texts may be misread; the bytes are kept.",
        "Import again with --encoding if names look wrong.",
    ),
    "source-already-held": Check(
        W, "Another batch holds the same file.", "Areas count a field once.", "Nothing, if it was handed over twice."
    ),
    "source-not-kept": Check(
        W, "The bytes of a source were not kept, only their hash.", "The layer cannot be rebuilt.", "Keep the file."
    ),
    "file-not-read": Check(
        W,
        "A file in a folder or zip is of a kind that is not read, or that may be anything.",
        "It is kept; if it holds records, no layer has them.",
        "Look into it; convert it if it holds records.",
    ),
    "documents-differ": Check(
        W,
        "The giving party claims another number of documents than were found.",
        "Something may be missing, or one file hold many documents.",
        "Compare the list of what was handed over with the source documents.",
    ),
    "documents-agree": Check(I, "As many documents were found as the giving party claims.", "None known.", "None."),
    "mines-differ": Check(
        W,
        "The giving party claims another number of mines than the records state.",
        "Records may be missing, or state no number.",
        "Compare the records with what was claimed; do not add the difference to any of them.",
    ),
    "mines-agree": Check(I, "The records state as many mines as the giving party claims.", "None known.", "None."),
    "value-not-understood": Check(
        W,
        "A value does not fit its field.",
        "The field is empty; the value is kept in source_fields.",
        "Correct it or leave the column unmatched.",
    ),
    "row-ragged": Check(
        W,
        "A row of a table has more or fewer cells than its header.",
        "Read as it stands; no cell is lost.",
        "Look for a delimiter inside a value.",
    ),
    "corner-order": Check(
        W,
        "A corner of a field given row by row has no number.",
        "The corners are joined in the order of the rows.",
        "Compare the shape with the paper record.",
    ),
    "record-id-repeated": Check(
        E,
        "Records of one layer bear the same number, blanks and case aside.",
        "Kept and in the measures; what names a record by this number may mean either.",
        "Ask for the right numbers; if one record has several parts, hand them over as one.",
    ),
    "total-differs": Check(
        W, "The total a record states is not the sum of its parts.", "Both are kept.", "Compare with the paper record."
    ),
    "density-unlikely": Check(
        W,
        "There are fewer than 1 or more than 300 mines per ha.",
        _IN_MEASURES,
        "Look for a wrong digit in the number of mines or in a vertex.",
    ),
    "laid-after-handover": Check(
        W, "The field was laid after its record was handed over.", _IN_MEASURES, "Check both dates."
    ),
    "reference-point-missing": Check(
        W,
        "The record states no reference point.",
        "Its position cannot be checked on the ground from a known point.",
        "Look for reference points in the paper record.",
    ),
    "reference-point-single": Check(
        W,
        "The record states only one reference point.",
        "An error in it moves the whole field unseen.",
        "Look for a second one in the paper record.",
    ),
    "victims-inconsistent": Check(
        W,
        "The counts of victims contradict each other, or one is below zero.",
        "All are kept as stated.",
        "Ask who counted, and what.",
    ),
    "date-in-future": Check(
        W, "A date lies after the day of the import.", "Kept as stated.", "Look for a wrong digit in the date."
    ),
    "personal-data-possible": Check(
        W,
        "A column of an accidents source may hold personal data of victims, but its values do not show it.",
        "The column is stored.",
        "Look at it; leave it out if it says who a person is.",
    ),
    "place-mismatch": Check(I, "The named district is more than 10 km away.", _IN_MEASURES, "Check name and position."),
    "z-dropped": Check(I, "Geometries had heights or measures.", "Positions are kept without them.", "None."),
    "reader-note": Check(I, "The reader had something to say about the file.", "None known.", "Read it."),
}
