"use strict";

// Reads written positions that leave no doubt, and offers each meaning where there are several; the notations are those
// that registry/sources/coordinates.py reads too. What is no certain position is not read as one.
const registryCoordinates = (() => {
  const NUMBER = "\\d{1,3}(?:[.,]\\d+)?";
  const ANGLE = `(${NUMBER})\\s*°?(?:\\s*(${NUMBER})\\s*['′’]?(?:\\s*(${NUMBER})\\s*(?:"|″|”|''|′′)?)?)?`;
  const BETWEEN = "\\s*[,;/]?\\s*";
  const AFTER = new RegExp(`^${ANGLE}\\s*([NSEW])${BETWEEN}${ANGLE}\\s*([NSEW])$`, "i");
  const BEFORE = new RegExp(`^([NSEW])\\s*${ANGLE}${BETWEEN}([NSEW])\\s*${ANGLE}$`, "i");
  const PLAIN = /^([+-]?\d{1,3}\.\d+)°?(?:\s*[,;/]\s*|\s+)([+-]?\d{1,3}\.\d+)°?$/;
  const MGRS = /^(?:MGRS:? ?)?(\d{1,2}) ?([A-Z]) ?([A-Z]{2}) ?(\d+)(?: (\d+))?$/i;
  const POLAR = /^(?:MGRS:? ?)?[ABYZ] ?[A-Z]{2} ?\d[\d ]*$/i;
  const METRES = "(\\d{1,8}(?:\\.\\d+)?)";
  const UTM = new RegExp(`^(?:UTM:? ?)?(?:ZONE ?)?(\\d{1,2}) ?([C-HJ-NP-X]),? ${METRES}(?: ?m?E)?(?:, ?| )${METRES}(?: ?m?N)?$`, "i");
  // A text may round a position at the edge of its zone or band.
  const EDGE_DEGREES = 0.01;

  // Degrees, minutes and seconds; only the last of them may have decimals.
  function angle(parts, most) {
    const given = parts.filter((part) => part !== undefined);
    if (given.slice(0, -1).some((part) => /[.,]/.test(part))) return null;
    const [degrees, minutes = 0, seconds = 0] = given.map((part) => Number(part.replace(",", ".")));
    const whole = degrees + minutes / 60 + seconds / 3600;
    return minutes < 60 && seconds < 60 && whole <= most ? whole : null;
  }

  function lettered(one, oneLetter, other, otherLetter) {
    const letters = [oneLetter.toUpperCase(), otherLetter.toUpperCase()];
    const north = "NS".includes(letters[0]) ? 0 : 1;
    if (!"NS".includes(letters[north]) || !"EW".includes(letters[1 - north])) return null;
    const parts = [one, other];
    // Two that are not written alike may be a slip of the pen.
    const [given, givenToo] = parts.map((each) => each.filter((part) => part !== undefined).length);
    if (given !== givenToo) return null;
    const latitude = angle(parts[north], 90), longitude = angle(parts[1 - north], 180);
    if (latitude === null || longitude === null) return null;
    return {
      latitude: letters[north] === "S" ? -latitude : latitude,
      longitude: letters[1 - north] === "W" ? -longitude : longitude,
      read: say("A position"),
    };
  }

  const length = (metres) => (metres < 1000 ? `${metres} m` : `${metres / 1000} km`);

  // The middle of the square that a text names; `side` is how wide that square is.
  function mgrs(text) {
    const found = MGRS.exec(text);
    if (!found) return [];
    const [zone, band, letters, first, second] = found.slice(1);
    const half = first.length / 2;
    const [east, north] = second === undefined ? [first.slice(0, half), first.slice(half)] : [first, second];
    const square = registryGrid.fromMgrs(Number(zone), band.toUpperCase(), letters.toUpperCase(), east, north);
    if (!square) return [];
    const read = say("MGRS: the middle of a square {side} wide", { side: length(square.side) });
    return [{ latitude: square.lat, longitude: square.lng, read, side: square.side }];
  }

  // S may be the band north of the equator or the southern half: each that can be is offered.
  function utm(text) {
    const found = UTM.exec(text);
    if (!found) return [];
    const zone = Number(found[1]), letter = found[2].toUpperCase(), east = Number(found[3]), north = Number(found[4]);
    if (zone < 1 || zone > 60 || east < 100000 || east >= 900000 || north > 1e7) return [];
    const halves = { N: [["N", 0, 84]], S: [["N", 32, 40], ["S", -80, 0]] }[letter] ?? [bandLimits(letter)];
    const possible = halves.flatMap(([half, lowest, highest]) => {
      const { lat, lng } = registryGrid.unproject(zone, half === "S", east, north);
      const fits = lat >= lowest - EDGE_DEGREES && lat <= highest + EDGE_DEGREES;
      return fits ? [{ latitude: lat, longitude: registryGrid.turnedBack(lng), half }] : [];
    });
    const words = (half) => {
      if (possible.length === 1) return say("UTM zone {zone}, {half}", { zone, half: half === "N" ? say("north") : say("south") });
      return half === "N" ? say("UTM, if S is the latitude band") : say("UTM, if S is the southern half");
    };
    return possible.map(({ latitude, longitude, half }) => ({ latitude, longitude, read: words(half) }));
  }

  function bandLimits(letter) {
    const south = registryGrid.SOUTHMOST + 8 * registryGrid.BANDS.indexOf(letter);
    return [letter < "N" ? "S" : "N", south, letter === "X" ? registryGrid.NORTHMOST : south + 8];
  }

  // The positions a text may stand for: one with letters N, S, E and W; of two decimal numbers each order that can be.
  function positions(text) {
    const plain = text.trim().replace(/\u2212/g, "-").replace(/\s+/g, " ");
    const squares = mgrs(plain);
    if (squares.length) return squares;
    const zoned = utm(plain);
    if (zoned.length) return zoned;
    if (plain.split("°").length === 2) return [];
    const after = AFTER.exec(plain), before = BEFORE.exec(plain);
    const one = after
      ? lettered(after.slice(1, 4), after[4], after.slice(5, 8), after[8])
      : before && lettered(before.slice(2, 5), before[1], before.slice(6, 9), before[5]);
    if (one) return [one];
    const found = PLAIN.exec(plain);
    if (!found) return [];
    const [first, second] = [Number(found[1]), Number(found[2])];
    return [
      { latitude: first, longitude: second, read: say("A position, if the latitude stands first") },
      { latitude: second, longitude: first, read: say("A position, if the longitude stands first") },
    ].filter(({ latitude, longitude }) => Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180);
  }

  // What to say of a text that was no position and that nothing was found for.
  function hint(text) {
    if (POLAR.test(text.trim())) return say("Polar MGRS (UPS) is not read here; give degrees.");
    const [plain, degrees] = ["44.2 N 17.8 E", "44°12'00\" N 17°48'00\" E"];
    const [squares, metres] = ["33T YJ 23734 97899", "33T 723734 4897899"];
    return say("Nothing on this map has that. Positions are read as {plain}, {degrees}, {mgrs} (MGRS) or {utm} (UTM).", { plain, degrees, mgrs: squares, utm: metres });
  }

  return { positions, hint, length };
})();
