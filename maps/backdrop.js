"use strict";

// A backdrop: lines and points that are drawn beneath the evidence and answer nothing.
const registryBackdrop = (() => {
  function paint(ink, { shapes, styles }, view) {
    (shapes.areas ? registryDraw.areas : registryDraw.dots)(ink, shapes, styles[0], view);
  }

  return { paint };
})();
