"use strict";

// The page's own texts in the reader's language. English is the key; names in braces are filled in afterwards, as text.
const say = (() => {
  const root = document.documentElement;
  const words = new Map(Object.entries(JSON.parse(document.getElementById("words")?.textContent ?? "{}")));
  const written = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
  // Set apart from writing in the other direction around it, as maps/words.py does.
  // A text put together here runs as the page does, any other as its own first letter says.
  function apart(value) {
    if (root.dir !== "rtl" && !written.test(value)) return value;
    const page = root.dir === "rtl" ? "\u2067" : "\u2066";
    return `${/[\u2066-\u2069]/.test(value) ? page : "\u2068"}${value}\u2069`;
  }
  // Without what would turn the writing around it; isolates that end in the value itself reach no further.
  function plain(value) {
    const turning = /[\u202a-\u202e\u2066-\u2069]/g;
    let depth = 0, closed = true;
    for (const [character] of value.matchAll(turning)) {
      depth += character === "\u2069" ? -1 : 1;
      closed &&= character >= "\u2066" && depth >= 0;
    }
    return closed && depth === 0 ? value : value.replace(turning, "");
  }
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => apart(plain(String(values[name]))));
  const said = (text, values = {}) => filled(words.get(text) ?? text, values);
  // The English text beneath a safety text whose translation no native speaker has reviewed; null elsewhere.
  said.english = (text, values = {}) => (root.hasAttribute("data-unreviewed") ? filled(text, values) : null);
  // A text that is said elsewhere; catalogues list what is marked.
  said.mark = (text) => text;
  // Western digits everywhere; a comma would be taken for a decimal mark in many languages.
  said.number = (value) => (root.lang === "en" ? value.toLocaleString("en") : value.toLocaleString("en").replaceAll(",", "\u202f"));
  return said;
})();
