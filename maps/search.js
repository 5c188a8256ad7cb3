"use strict";

// Finds features by what is written in them, and reads positions that leave no doubt.
const registrySearch = (() => {
  const NUMBER = "\\d{1,3}(?:[.,]\\d+)?";
  const ANGLE = `(${NUMBER})\\s*°?(?:\\s*(${NUMBER})\\s*['′’]?(?:\\s*(${NUMBER})\\s*(?:"|″|”|''|′′)?)?)?`;
  const BETWEEN = "\\s*[,;/]?\\s*";
  const AFTER = new RegExp(`^${ANGLE}\\s*([NSEW])${BETWEEN}${ANGLE}\\s*([NSEW])$`, "i");
  const BEFORE = new RegExp(`^([NSEW])\\s*${ANGLE}${BETWEEN}([NSEW])\\s*${ANGLE}$`, "i");
  const PLAIN = /^([+-]?\d{1,3}\.\d+)°?(?:\s*[,;/]\s*|\s+)([+-]?\d{1,3}\.\d+)°?$/;

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

  // The positions a text may stand for: one with letters N, S, E and W; of two decimal numbers each order that can be.
  function positions(text) {
    const plain = text.trim().replace(/\u2212/g, "-");
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

  // Layers whose batch, and features of which any text holds these words; `why` says which. No more than `most`.
  function find(layers, text, most) {
    const wanted = text.toLocaleLowerCase();
    const passes = (word) => word.toLocaleLowerCase().includes(wanted);
    const batches = layers.filter((layer) => passes(registryPopup.batchOf({ layer })));
    const features = [];
    let more = 0;
    for (const layer of layers) {
      const seen = new Set();
      const listed = layer.table.columns.filter(({ section }) => section === "recorded" || section === "source");
      for (const column of [layer.table.name, ...listed]) {
        column.search(passes, (row) => {
          if (seen.has(row)) return;
          seen.add(row);
          if (features.length >= most) more++;
          else {
            const why = column.label ? `${column.label}: ${column.value(row)}` : registryPopup.batchOf({ layer });
            features.push({ layer, row, why });
          }
        });
      }
    }
    return { batches, features, more };
  }

  return { positions, find };
})();
