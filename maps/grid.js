"use strict";

// UTM and MGRS on WGS 84: transverse Mercator by the series of Krueger to the fourth order of the third flattening
// (Karney, Journal of Geodesy 85, 2011), exact to far less than a millimetre within a zone. Polar MGRS (UPS) is left out.
const registryGrid = (() => {
  const RADIUS_M = 6378137;
  const FLATTENING = 1 / 298.257223563;
  const SCALE = 0.9996;
  const FALSE_EAST_M = 500000;
  const FALSE_NORTH_M = 1e7;
  const SOUTHMOST = -80, NORTHMOST = 84;
  const BANDS = "CDEFGHJKLMNPQRSTUVWX";
  const COLUMNS = ["STUVWXYZ", "ABCDEFGH", "JKLMNPQR"];
  const ROWS = "ABCDEFGHJKLMNPQRSTUV";
  const SQUARE_M = 100000;
  const CYCLE_M = ROWS.length * SQUARE_M;
  const DIGITS = 5;
  // What is this little below a whole metre is that metre: it went through the series and back.
  const ROUNDING_M = 1e-6;
  const RADIAN = Math.PI / 180;

  const n = FLATTENING / (2 - FLATTENING);
  const eccentricity = Math.sqrt(FLATTENING * (2 - FLATTENING));
  const MERIDIAN_M = (SCALE * RADIUS_M * (1 + n ** 2 / 4 + n ** 4 / 64)) / (1 + n);
  // Coefficients of sin 2x, sin 4x ...; each row are those of n, n^2, n^3 and n^4.
  const series = (rows) => rows.map((row) => row.reduce((sum, factor, power) => sum + factor * n ** (power + 1), 0));
  const ALPHA = series([
    [1 / 2, -2 / 3, 5 / 16, 41 / 180],
    [0, 13 / 48, -3 / 5, 557 / 1440],
    [0, 0, 61 / 240, -103 / 140],
    [0, 0, 0, 49561 / 161280],
  ]);
  const BETA = series([
    [1 / 2, -2 / 3, 37 / 96, -1 / 360],
    [0, 1 / 48, 1 / 15, -437 / 1440],
    [0, 0, 17 / 480, -37 / 840],
    [0, 0, 0, 4397 / 161280],
  ]);
  const DELTA = series([[2, -2 / 3, -2, 116 / 45], [0, 7 / 3, -8 / 5, -227 / 45], [0, 0, 56 / 15, -136 / 35], [0, 0, 0, 4279 / 630]]);

  // A position turned by the series: along the meridian and across it, in radians of the rectifying sphere.
  function turned(along, across, factors, sign) {
    let [newAlong, newAcross] = [along, across];
    factors.forEach((factor, at) => {
      const twice = 2 * (at + 1);
      newAlong += sign * factor * Math.sin(twice * along) * Math.cosh(twice * across);
      newAcross += sign * factor * Math.cos(twice * along) * Math.sinh(twice * across);
    });
    return [newAlong, newAcross];
  }

  const meridian = (zone) => 6 * zone - 183;

  // Metres east and north of a position in a zone, those of the southern half counted from the pole's side.
  function project({ lat, lng }, zone) {
    const sine = Math.sin(lat * RADIAN), turn = (lng - meridian(zone)) * RADIAN;
    const conformal = Math.sinh(Math.atanh(sine) - eccentricity * Math.atanh(eccentricity * sine));
    const along = Math.atan2(conformal, Math.cos(turn));
    const across = Math.asinh(Math.sin(turn) / Math.hypot(conformal, Math.cos(turn)));
    const [newAlong, newAcross] = turned(along, across, ALPHA, 1);
    return { east: FALSE_EAST_M + MERIDIAN_M * newAcross, north: MERIDIAN_M * newAlong + (lat < 0 ? FALSE_NORTH_M : 0) };
  }

  // Not turned back where a zone ends at 180 degrees, so that lines go on there.
  function unproject(zone, south, east, north) {
    const [along, across] = turned((north - (south ? FALSE_NORTH_M : 0)) / MERIDIAN_M, (east - FALSE_EAST_M) / MERIDIAN_M, BETA, -1);
    const conformal = Math.asin(Math.sin(along) / Math.cosh(across));
    let latitude = conformal;
    DELTA.forEach((factor, at) => (latitude += factor * Math.sin(2 * (at + 1) * conformal)));
    return { lat: latitude / RADIAN, lng: meridian(zone) + Math.atan2(Math.sinh(across), Math.cos(along)) / RADIAN };
  }

  const turnedBack = (lng) => lng - 360 * Math.floor((lng + 180) / 360);
  const bandAt = (lat) => BANDS[Math.min(BANDS.length - 1, Math.floor((lat - SOUTHMOST) / 8))];

  // The degrees that a zone covers in a band: 6 by 8, other ones in the south of Norway and around Svalbard.
  function boxOf(zone, band) {
    const south = SOUTHMOST + 8 * BANDS.indexOf(band);
    let west = meridian(zone) - 3, east = meridian(zone) + 3;
    if (band === "V" && zone === 31) east = 3;
    if (band === "V" && zone === 32) west = 3;
    if (band === "X" && zone >= 31 && zone <= 37) {
      if (zone % 2 === 0) return null;
      west = zone === 31 ? 0 : meridian(zone) - 6;
      east = zone === 37 ? 42 : meridian(zone) + 6;
    }
    return { west, east, south, north: band === "X" ? NORTHMOST : south + 8 };
  }

  function zoneAt(lat, lng) {
    const zone = Math.floor((lng + 180) / 6) + 1;
    for (const each of [zone, zone - 1, zone + 1]) {
      const box = each >= 1 && each <= 60 && boxOf(each, bandAt(lat));
      if (box && lng >= box.west && lng < box.east) return each;
    }
    return zone;
  }

  const letterColumns = (zone) => COLUMNS[zone % 3];
  const rowShift = (zone) => (zone % 2 ? 0 : 5);

  // The two letters of the square of 100 km in which metres of a zone lie.
  function squareAt(zone, east, north) {
    const row = (Math.floor(north / SQUARE_M) + rowShift(zone)) % ROWS.length;
    return letterColumns(zone)[Math.floor(east / SQUARE_M) - 1] + ROWS[row];
  }

  // The square of 1 m in which a position lies, as "38S MB 12345 12345"; null near the poles.
  function mgrs(latlng) {
    const { lat } = latlng, lng = turnedBack(latlng.lng);
    if (!(lat >= SOUTHMOST && lat <= NORTHMOST)) return null;
    const zone = zoneAt(lat, lng);
    const { east, north } = project({ lat, lng }, zone);
    const [x, y] = [east, north].map((metres) => Math.floor(metres + ROUNDING_M));
    const digits = (metres) => String(metres % SQUARE_M).padStart(DIGITS, "0");
    return `${String(zone).padStart(2, "0")}${bandAt(lat)} ${squareAt(zone, x, y)} ${digits(x)} ${digits(y)}`;
  }

  // The middle of the square that these parts of a text name, and its side in metres; null where there is no such square.
  function fromMgrs(zone, band, letters, east, north) {
    const box = zone >= 1 && zone <= 60 && BANDS.includes(band) && boxOf(zone, band);
    const column = letterColumns(zone).indexOf(letters[0]), row = ROWS.indexOf(letters[1]);
    if (!box || column < 0 || row < 0 || east.length !== north.length || !east.length || east.length > DIGITS) return null;
    const side = 10 ** (DIGITS - east.length);
    const x = (column + 1) * SQUARE_M + Number(east) * side;
    const above = ((row - rowShift(zone) + ROWS.length) % ROWS.length) * SQUARE_M + Number(north) * side;
    const south = band < "N";
    for (let y = above; y < FALSE_NORTH_M; y += CYCLE_M) {
      const at = (right, up) => unproject(zone, south, x + right * side, y + up * side);
      const meets = [[0.5, 0.5], [0, 0], [0, 1], [1, 0], [1, 1]].some(([right, up]) => isIn(at(right, up), box));
      if (!meets) continue;
      const { lat, lng } = at(0.5, 0.5);
      return { lat, lng: turnedBack(lng), side };
    }
    return null;
  }

  const isIn = ({ lat, lng }, { west, east, south, north }) => lat >= south && lat <= north && lng >= west && lng <= east;

  return { SOUTHMOST, NORTHMOST, SQUARE_M, BANDS, project, unproject, boxOf, turnedBack, squareAt, mgrs, fromMgrs };
})();
