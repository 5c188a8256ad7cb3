"use strict";

// Lengths and areas on the ellipsoid WGS 84; positions are { lat, lng } in degrees.
const registryGeodesic = (() => {
  const RADIUS_M = 6378137;
  const FLATTENING = 1 / 298.257223563;
  const POLAR_M = RADIUS_M * (1 - FLATTENING);
  const SQUARED = FLATTENING * (2 - FLATTENING);
  const RADIAN = Math.PI / 180;
  const TURNS = 100;
  const CLOSE = 1e-12;

  // Degrees eastwards from one to the other, the shorter way round.
  const turnOf = (from, to) => ((((to.lng - from.lng) % 360) + 540) % 360) - 180;

  // Metres along the geodesic (Vincenty, Survey Review 23, 1975); null between points that lie almost opposite each
  // other on the globe, where that series does not settle.
  function metres(from, to) {
    const turn = turnOf(from, to) * RADIAN;
    const [one, other] = [from, to].map(({ lat }) => Math.atan((1 - FLATTENING) * Math.tan(lat * RADIAN)));
    const [sineOne, cosineOne, sineOther, cosineOther] = [Math.sin(one), Math.cos(one), Math.sin(other), Math.cos(other)];
    let lambda = turn;
    for (let count = 0; count < TURNS; count++) {
      const sineLambda = Math.sin(lambda), cosineLambda = Math.cos(lambda);
      const sine = Math.hypot(cosineOther * sineLambda, cosineOne * sineOther - sineOne * cosineOther * cosineLambda);
      if (sine === 0) return cosineLambda > 0 ? 0 : null;
      const cosine = sineOne * sineOther + cosineOne * cosineOther * cosineLambda;
      const arc = Math.atan2(sine, cosine);
      const azimuth = (cosineOne * cosineOther * sineLambda) / sine;
      const rest = 1 - azimuth * azimuth;
      const middle = rest ? cosine - (2 * sineOne * sineOther) / rest : 0;
      const c = (FLATTENING / 16) * rest * (4 + FLATTENING * (4 - 3 * rest));
      const before = lambda;
      lambda = turn + (1 - c) * FLATTENING * azimuth * (arc + c * sine * (middle + c * cosine * (2 * middle * middle - 1)));
      if (Math.abs(lambda) > Math.PI) return null;
      if (Math.abs(lambda - before) > CLOSE) continue;
      const u = (rest * (RADIUS_M ** 2 - POLAR_M ** 2)) / POLAR_M ** 2;
      const a = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
      const b = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
      const shift = (b / 6) * middle * (4 * sine * sine - 3) * (4 * middle * middle - 3);
      const bent = b * sine * (middle + (b / 4) * (cosine * (2 * middle * middle - 1) - shift));
      return POLAR_M * a * (arc - bent);
    }
    return null;
  }

  // The sphere of equal area, and where a latitude lies on it.
  const e = Math.sqrt(SQUARED);
  const authalic = (sine) => (1 - SQUARED) * (sine / (1 - SQUARED * sine * sine) + Math.atanh(e * sine) / e);
  const POLE = authalic(1);
  const EQUAL_AREA_M = RADIUS_M * Math.sqrt(POLE / 2);
  const onSphere = (lat) => Math.asin(authalic(Math.sin(lat * RADIAN)) / POLE);

  // Square metres within a ring that does not cross itself: that of great circles on the sphere of equal area.
  function squareMetres(ring) {
    let excess = 0;
    ring.forEach((to, at) => {
      const from = ring[(at || ring.length) - 1];
      const turn = turnOf(from, to) * RADIAN;
      const [one, other] = [from, to].map(({ lat }) => Math.tan(onSphere(lat) / 2));
      excess += 2 * Math.atan2(Math.tan(turn / 2) * (one + other), 1 + one * other);
    });
    return Math.abs(excess) * EQUAL_AREA_M ** 2;
  }

  // Points of the shortest way between two, both included, so that it can be drawn as it runs.
  function between(from, to, pieces) {
    const [one, other] = [from, to].map(({ lat, lng }) => {
      const [north, east] = [lat * RADIAN, lng * RADIAN];
      return [Math.cos(north) * Math.cos(east), Math.cos(north) * Math.sin(east), Math.sin(north)];
    });
    const arc = Math.acos(Math.max(-1, Math.min(1, one.reduce((sum, value, axis) => sum + value * other[axis], 0))));
    if (pieces < 2 || Math.sin(arc) < 1e-9) return [from, to];
    // The longitude goes on beyond 180 degrees, for a line that does.
    return Array.from({ length: pieces + 1 }, (_, piece) => {
      if (piece === 0) return from;
      const share = piece / pieces;
      const [near, far] = [Math.sin((1 - share) * arc) / Math.sin(arc), Math.sin(share * arc) / Math.sin(arc)];
      const [x, y, z] = one.map((value, axis) => near * value + far * other[axis]);
      const lat = Math.atan2(z, Math.hypot(x, y)) / RADIAN, lng = Math.atan2(y, x) / RADIAN;
      return { lat, lng: from.lng + turnOf(from, { lng }) };
    });
  }

  return { metres, squareMetres, between };
})();
