// The words of the interface. They stand in the catalogue of a language, `texts/en.json`, and come in here when the
// modules are put into one file; see gate_by_gate.widgets.embedding.

/** @type {Record<string, string>} */
const TEXTS = {};

/**
 * Give a text of the interface, with values in its fields.
 * @param {string} key its name in the catalogue
 * @param {Record<string, unknown>} [values] what stands in place of each {field}
 */
export function phrase(key, values = {}) {
  return TEXTS[key].replace(/\{(\w+)\}/g, (_, field) => String(values[field]));
}
