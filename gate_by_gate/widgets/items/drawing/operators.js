// The operators that a page can compute by itself. Each takes maps {shape: [rows, columns], values} and gives such a map,
// with `sources(i)`: for a number of it the places that it reads, in each of the maps. They know no block; a browser test
// compares every one with PyTorch's.

/**
 * @typedef {{shape: number[], values: number[]}} Field
 * @typedef {Field & {sources: (at: number) => number[][]}} Result
 */

/** @param {Field} field */
const everywhere = ({ values }) => values.map((_, at) => at);

/** @type {Record<string, (fields: Field[], parameters: any) => Result>} */
export const operators = {
  mean([x]) {
    const sum = x.values.reduce((total, value) => total + value, 0);
    return { shape: [1, 1], values: [sum / x.values.length], sources: () => [everywhere(x)] };
  },

  maximum([x]) {
    return { shape: [1, 1], values: [Math.max(...x.values)], sources: () => [everywhere(x)] };
  },

  /** A cross-correlation with zeros beyond the edge, as in PyTorch: the kernel is not turned. */
  convolution([x], { kernel, stride }) {
    const [height, width] = x.shape;
    const shape = [height, width].map((side) => Math.floor((side - 1) / stride) + 1);
    /** @param {number} at @returns {[number, number][]} places and taps */
    const read = (at) => {
      const [row, column] = [Math.floor(at / shape[1]) * stride - 1, (at % shape[1]) * stride - 1];
      return kernel.flatMap((/** @type {number} */ _, /** @type {number} */ tap) => {
        const [i, j] = [row + Math.floor(tap / 3), column + (tap % 3)];
        return i >= 0 && i < height && j >= 0 && j < width ? [[i * width + j, tap]] : [];
      });
    };
    const values = Array.from({ length: shape[0] * shape[1] }, (_, at) =>
      read(at).reduce((sum, [place, tap]) => sum + kernel[tap] * x.values[place], 0),
    );
    return { shape, values, sources: (at) => [read(at).map(([place]) => place)] };
  },

  sigmoid([x], { slope, shift }) {
    const values = x.values.map((value) => 1 / (1 + Math.exp(-(slope * value + shift))));
    return { shape: x.shape, values, sources: (at) => [[at]] };
  },

  product([one, x]) {
    const values = x.values.map((value) => one.values[0] * value);
    return { shape: x.shape, values, sources: (at) => [[0], [at]] };
  },
};
