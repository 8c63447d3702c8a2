// The kinds of items. Every folder of `items` adds its own, by the name of the folder.

/**
 * What draws an item: its element is made once and updated in place, so that nothing jumps and the focus stays.
 * @typedef {object} View
 * @property {HTMLElement} element
 * @property {(data: any, context: Context) => void} update draws the data of another setting
 * @property {() => string} [says] says in a sentence what is shown, if the data do not
 * @property {(name: number | null, what?: string) => void} [mark] marks what another item of the part is pointed at
 * @property {(cell: [number, number] | null, shape: number[]) => void} [markCell] the same for the cell of a map
 *
 * @typedef {object} Context
 * @property {(control: string) => {at: number, value: any, text: string}} pick where a control stands
 * @property {Record<string, any>} data the data of every item of the part
 * @property {(cell: [number, number]) => string} [describe] says what a cell holds, if not its value alone
 *
 * @typedef {object} Host
 * @property {any[]} pictures the definition's pictures
 * @property {(name: number | null, what: string) => void} point tells the part's items what is pointed at
 * @property {(cell: [number, number] | null, shape: number[]) => void} pointCell the same for the cell of a map
 * @property {(control: string, value: any) => void} move moves a control, as its own element does
 *
 * @typedef {{name: string, kind: string, label: string}} Item
 */

/** @type {Record<string, (item: Item, host: Host) => View>} */
export const kinds = {};
