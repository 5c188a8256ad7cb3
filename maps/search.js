"use strict";

// Finds features by what is written in them.
const registrySearch = (() => {
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

  return { find };
})();
