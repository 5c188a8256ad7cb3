"use strict";

// Unmapped clusters: outlines with their rank. They are no hazard areas, so they are not filled.
const registryClusters = (() => {
  function paint(ink, { shapes, styles, table }, view, ground) {
    registryDraw.areas(ink, shapes, styles[0], view);
    const { box } = shapes;
    // A number stands at the upper edge, where it hides no event.
    const ranks = Array.from({ length: shapes.items }, (_, part) => ({
      text: table.name.value(shapes.row[part]),
      x: (box[4 * part] + box[4 * part + 2]) / 2,
      y: box[4 * part + 1] - 9 / view.scale,
      room: box[4 * part + 2] - box[4 * part],
    }));
    registryDraw.labels(ink, ranks, view, ground);
  }

  return { paint };
})();
