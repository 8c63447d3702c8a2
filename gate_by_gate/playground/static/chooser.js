// What chooses among a card's trained networks: a control for each keyword that tells them apart.

import { makeControl } from "../../widgets/static/controls.js";

/**
 * @typedef {{first: string, controls: any[], settings: Record<string, string>}} Choice
 *   the network at first; the controls, as the kit describes them; the networks by the controls' values, each as JSON,
 *   joined by `|`
 */

/**
 * Make the controls of a card.
 * @param {Choice} choice
 * @param {string} id
 * @param {(network: string) => void} change called with the network that is chosen
 */
export function makeChooser({ first, controls, settings }, id, change) {
  const valuesOf = (network) => {
    const [key] = /** @type {[string, string]} */ (
      Object.entries(settings).find(([, setting]) => setting === network)
    );
    return key ? key.split("|").map((value) => JSON.parse(value)) : [];
  };
  let values = valuesOf(first);
  const made = controls.map((control, at) =>
    makeControl(control, {
      id: `${id}-${control.name}`,
      pictures: [],
      change(value) {
        values[at] = value;
        change(settings[values.map((one) => JSON.stringify(one)).join("|")]);
      },
    }),
  );
  /** Let the controls stand where a network is. */
  function show(network) {
    values = valuesOf(network);
    made.forEach((control, at) => {
      control.show(values[at]);
    });
  }
  show(first);
  return {
    elements: made.map(({ element }) => element),
    show,
    /** Say in short which network of the card a network is: "r 4 k 7". */
    told: (network) =>
      valuesOf(network)
        .map((value, at) => `${controls[at].label} ${value}`)
        .join(" "),
  };
}
