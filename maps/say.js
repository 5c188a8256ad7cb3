"use strict";

// The page's own texts in the reader's language. English is the key; names in braces are filled in afterwards, as text.
const say = (() => {
  const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
  return (text, values = {}) => (words[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
})();
