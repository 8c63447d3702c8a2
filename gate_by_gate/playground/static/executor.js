// Runs a network that gate_by_gate.playground.export has written: operators on tensors by name, and no more. It knows
// no block and no network.
//
// Why not a general engine: the WebAssembly of onnxruntime-web 1.30 alone has 14.2 MB, 3.7 MB after gzip, where this file
// and product.js have a few kilobytes. It would have to be loaded by a script that holds it as text, since a page that was
// opened from a folder may not fetch it; that is more than all the networks together weigh.
//
// All tensors lie in one memory, each in a place of its own, row by row. Sizes are fixed, so a network is compiled once,
// into a list of functions without arguments, and a run allocates nothing.

import { makeProduct, padded } from "./product.js";

/**
 * A network as it was exported.
 * @typedef {{input: string, tensors: Record<string, number[]>, constants: Record<string, number>,
 *   operators: Operator[], logits: string, blocks: Record<string, Block>}} Graph
 * @typedef {{maps: Record<string, string>, spatial_map: string | null, neutral: Record<string, number>}} Block
 * @typedef {{kind: string, inputs: string[], output: string, axes?: number[], axis?: number, start?: number,
 *   stop?: number, sides?: number[], order?: number[], by?: number, stride?: number[], padding?: number[], dilation?: number[]}} Operator
 * @typedef {Record<string, ArrayLike<number> | number>} Held
 *   what some tensors hold instead of what is computed: their values, or one number for all of them
 */

const sizeOf = (shape) => shape.reduce((product, side) => product * side, 1);

/**
 * Turn half precision into single: IEEE 754, 16 bits.
 * @param {Uint16Array} halves
 * @param {Float32Array} out
 * @param {number} at where the first goes
 */
export function fromHalf(halves, out, at) {
  halves.forEach((half, i) => {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction;
    out[at + i] = half & 0x8000 ? -size : size;
  });
}

/**
 * Compile a network.
 * @param {Graph} graph
 * @param {Uint16Array} weights its constants, in half precision
 * @param {{simd?: boolean}} [options]
 */
export function compile(graph, weights, { simd = true } = {}) {
  // Where every tensor lies: a reshaped one where the one that it was made of lies.
  const places = {};
  let end = 0;
  const take = (size) => {
    const place = end;
    end += Math.ceil(size / 4) * 4;
    return place;
  };
  const weightsAt = take(weights.length);
  for (const [name, offset] of Object.entries(graph.constants)) places[name] = weightsAt + offset;
  places[graph.input] = take(sizeOf(graph.tensors[graph.input]));
  for (const { kind, inputs, output } of graph.operators) {
    places[output] = kind === "reshape" ? places[inputs[0]] : take(sizeOf(graph.tensors[output]));
  }
  // What products share beside the tensors: the largest of each is made once all are known.
  const work = { shapes: graph.tensors, places, columns: 0, sums: 0, zeros: 0 };
  const makers = graph.operators.map((operator) => {
    if (!(operator.kind in PREPARE)) throw new Error(`an operator that is not known: ${operator.kind}`);
    return PREPARE[operator.kind](operator, work);
  });
  const [columns, sums, zeros] = [work.columns, work.sums, work.zeros].map(take);
  const number = take(1);
  const made = makeProduct(end, simd);
  const { memory, product } = made;
  fromHalf(weights, memory, weightsAt);
  const steps = makers.map((make) => make({ memory, product, columns, sums, zeros, number }));
  const view = (name) => memory.subarray(places[name], places[name] + sizeOf(graph.tensors[name]));

  return {
    simd: made.simd,
    /**
     * Run the network.
     * @param {ArrayLike<number>} x
     * @param {Held} [held]
     */
    run(x, held = {}) {
      memory.set(x, places[graph.input]);
      graph.operators.forEach(({ output }, i) => {
        const value = held[output];
        if (value === undefined) steps[i]();
        else if (typeof value === "number") view(output).fill(value);
        else view(output).set(value);
      });
    },
    /**
     * Give a copy of what a tensor holds since the last run.
     * @param {string} name
     */
    read: (name) => view(name).slice(),
  };
}

/**
 * For each kind of operator: from the operator and where its tensors lie to a function that, given the memory, gives the
 * one that computes it. In between the memory is made, as large as all of them need.
 * @type {Record<string, (operator: any, work: any) => (machine: any) => () => void>}
 */
const PREPARE = {
  reshape: () => () => () => {},
  relu,
  sigmoid: elementwise((value) => 1 / (1 + Math.exp(-value))),
  hard_swish: hardSwish,
  add: arithmetic,
  multiply: arithmetic,
  divide: arithmetic,
  sum: reduction(0, (all, value) => all + value),
  mean: reduction(
    0,
    (all, value) => all + value,
    (all, count) => all / count,
  ),
  maximum: reduction(-Infinity, Math.max),
  softmax,
  permute,
  concatenate,
  slice,
  linear,
  matmul,
  convolution,
  depthwise,
  transposed_convolution: transposedConvolution,
  pad,
  resize,
};

/** @param {(value: number) => number} compute */
function elementwise(compute) {
  return ({ inputs: [x], output }, { places, shapes }) => {
    const [from, to, count] = [places[x], places[output], sizeOf(shapes[output])];
    return ({ memory }) =>
      () => {
        for (let i = 0; i < count; i++) memory[to + i] = compute(memory[from + i]);
      };
  };
}

function hardSwish({ inputs: [x], output }, { places, shapes }) {
  const [from, to, count] = [places[x], places[output], sizeOf(shapes[output])];
  return ({ memory }) =>
    () => {
      for (let i = 0; i < count; i++) {
        const value = memory[from + i];
        memory[to + i] = value >= 3 ? value : value <= -3 ? 0 : (value * (value + 3)) / 6;
      }
    };
}

/** In a loop of its own, as the one above: a function that is called for every number, of all kinds, is not inlined. */
function relu({ inputs: [x], output }, { places, shapes }) {
  const [from, to, count] = [places[x], places[output], sizeOf(shapes[output])];
  return ({ memory }) =>
    () => {
      for (let i = 0; i < count; i++) memory[to + i] = Math.max(memory[from + i], 0);
    };
}

/**
 * For each kind of arithmetic a row of results, which begins at `to`, out of two rows, whose numbers lie so far apart as
 * the steps say. These are the loops in which the time goes, so each is written out.
 */
const ROWS = {
  add(memory, to, count, left, leftStep, right, rightStep) {
    for (let i = 0; i < count; i++)
      memory[to + i] = memory[left + i * leftStep] + memory[right + i * rightStep];
  },
  multiply(memory, to, count, left, leftStep, right, rightStep) {
    for (let i = 0; i < count; i++)
      memory[to + i] = memory[left + i * leftStep] * memory[right + i * rightStep];
  },
  divide(memory, to, count, left, leftStep, right, rightStep) {
    for (let i = 0; i < count; i++)
      memory[to + i] = memory[left + i * leftStep] / memory[right + i * rightStep];
  },
};

/** Two tensors, in which an axis of size 1 or none stands for all of the other's; or one and a number. */
function arithmetic({ kind, inputs: [a, b], output, by }, { places, shapes }) {
  const compute = ROWS[kind];
  const [from, to, count] = [places[a], places[output], sizeOf(shapes[output])];
  if (b === undefined) {
    return ({ memory, number }) =>
      () => {
        memory[number] = by;
        compute(memory, to, count, from, 1, number, 0);
      };
  }
  const other = places[b];
  // As few rows as there can be: axes are taken together along which both tensors go on evenly.
  let sides = toFour(shapes[output]);
  let steps = [a, b].map((name) => stepsOf(toFour(shapes[name]), true));
  for (let axis = 2; axis >= 0; axis--) {
    if (!steps.every((step) => step[axis] === step[axis + 1] * sides[axis + 1])) continue;
    const keep = (_, at) => at !== axis;
    sides = sides.map((side, at) => (at === axis + 1 ? side * sides[axis] : side)).filter(keep);
    steps = steps.map((step) => step.filter(keep));
  }
  const row = sides[sides.length - 1];
  /** Where the rows of a tensor begin. */
  const starts = (place, step) =>
    sides
      .slice(0, -1)
      .reduce(
        (all, side, axis) =>
          all.flatMap((start) => Array.from({ length: side }, (_, i) => start + i * step[axis])),
        [place],
      );
  const [lefts, rights] = [starts(from, steps[0]), starts(other, steps[1])];
  const [leftStep, rightStep] = steps.map((step) => step[step.length - 1]);
  return ({ memory }) =>
    () => {
      for (let i = 0; i < lefts.length; i++)
        compute(memory, to + i * row, row, lefts[i], leftStep, rights[i], rightStep);
    };
}

/** Give a shape four axes. */
function toFour(shape) {
  if (shape.length > 4) throw new Error(`a tensor of more than four axes: ${shape}`);
  return [...Array(4 - shape.length).fill(1), ...shape];
}

/** Give how far apart in memory neighbours lie along each axis; along one of size 1, if it is to be repeated, not at all. */
function stepsOf(shape, repeat = false) {
  return shape.map((side, axis) => (repeat && side === 1 ? 0 : sizeOf(shape.slice(axis + 1))));
}

/** One number out of all along some axes that follow each other. */
function reduction(start, gather, finish = (all, _count) => all) {
  return ({ inputs: [x], output, axes }, { places, shapes }) => {
    const shape = shapes[x];
    const [first, last] = [axes[0], axes[axes.length - 1]];
    const outer = sizeOf(shape.slice(0, first));
    const count = sizeOf(shape.slice(first, last + 1));
    const inner = sizeOf(shape.slice(last + 1));
    const [from, to] = [places[x], places[output]];
    return ({ memory }) =>
      () => {
        for (let i = 0; i < outer; i++)
          for (let j = 0; j < inner; j++) {
            let all = start;
            for (let k = 0; k < count; k++) all = gather(all, memory[from + (i * count + k) * inner + j]);
            memory[to + i * inner + j] = finish(all, count);
          }
      };
  };
}

/** Along the last axis. */
function softmax({ inputs: [x], output }, { places, shapes }) {
  const length = shapes[x][shapes[x].length - 1];
  const [from, to, rows] = [places[x], places[output], sizeOf(shapes[x]) / length];
  return ({ memory }) =>
    () => {
      for (let row = 0; row < rows; row++) {
        const [start, out] = [from + row * length, to + row * length];
        let [most, all] = [-Infinity, 0];
        for (let i = 0; i < length; i++) most = Math.max(most, memory[start + i]);
        for (let i = 0; i < length; i++) all += memory[out + i] = Math.exp(memory[start + i] - most);
        for (let i = 0; i < length; i++) memory[out + i] /= all;
      }
    };
}

function permute({ inputs: [x], output, order }, { places, shapes }) {
  const steps = stepsOf(shapes[x]);
  const [n, c, h, w] = toFour(shapes[output]);
  const [s0, s1, s2, s3] = [...Array(4 - order.length).fill(0), ...order.map((axis) => steps[axis])];
  const [from, to] = [places[x], places[output]];
  return ({ memory }) =>
    () => {
      let at = to;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < c; j++)
          for (let k = 0; k < h; k++)
            for (let l = 0; l < w; l++) memory[at++] = memory[from + i * s0 + j * s1 + k * s2 + l * s3];
    };
}

function concatenate({ inputs, output, axis }, { places, shapes }) {
  const outer = sizeOf(shapes[output].slice(0, axis));
  const parts = inputs.map((name) => ({ from: places[name], length: sizeOf(shapes[name]) / outer }));
  const to = places[output];
  return ({ memory }) =>
    () => {
      let at = to;
      for (let i = 0; i < outer; i++)
        for (const { from, length } of parts) {
          memory.copyWithin(at, from + i * length, from + (i + 1) * length);
          at += length;
        }
    };
}

function slice({ inputs: [x], output, axis, start, stop }, { places, shapes }) {
  const outer = sizeOf(shapes[x].slice(0, axis));
  const inner = sizeOf(shapes[x].slice(axis + 1));
  const [row, length] = [shapes[x][axis] * inner, (stop - start) * inner];
  const [from, to] = [places[x] + start * inner, places[output]];
  return ({ memory }) =>
    () => {
      for (let i = 0; i < outer; i++)
        memory.copyWithin(to + i * length, from + i * row, from + i * row + length);
    };
}

/** Rows of numbers times the transpose of the weight, plus a bias. The networks' are small. */
function linear({ inputs: [x, weight, bias], output }, { places, shapes }) {
  const [outputs, inner] = shapes[weight];
  const rows = sizeOf(shapes[x]) / inner;
  const [from, factors, to] = [places[x], places[weight], places[output]];
  const shift = bias === undefined ? undefined : places[bias];
  return ({ memory }) =>
    () => {
      for (let row = 0; row < rows; row++)
        for (let o = 0; o < outputs; o++) {
          let sum = shift === undefined ? 0 : memory[shift + o];
          for (let k = 0; k < inner; k++)
            sum += memory[factors + o * inner + k] * memory[from + row * inner + k];
          memory[to + row * outputs + o] = sum;
        }
    };
}

/** Matrices in the last two axes, as many of the one as of the other. */
function matmul({ inputs: [a, b], output }, work) {
  const { places, shapes } = work;
  const [rows, inner] = shapes[a].slice(-2);
  const columns = shapes[b][shapes[b].length - 1];
  const count = sizeOf(shapes[a].slice(0, -2));
  const multiply = padding(work, rows, inner, columns);
  return (machine) => {
    const run = multiply(machine);
    return () => {
      for (let i = 0; i < count; i++) {
        run.product(
          places[a] + i * rows * inner,
          run.widen(places[b] + i * inner * columns),
          places[output] + i * rows * columns,
          machine.zeros,
        );
      }
    };
  };
}

/**
 * Let a product of matrices have any number of columns: where it is none that the product takes, b is copied with zeros
 * at the end of each row, and the result is copied without them.
 */
function padding(work, rows, inner, columns) {
  const wide = padded(columns);
  work.zeros = Math.max(work.zeros, rows);
  if (wide > columns) {
    work.columns = Math.max(work.columns, inner * wide);
    work.sums = Math.max(work.sums, rows * wide);
  }
  return ({ memory, product, columns: scratch, sums }) => ({
    widen(b) {
      if (wide === columns) return b;
      for (let k = 0; k < inner; k++) {
        memory.copyWithin(scratch + k * wide, b + k * columns, b + (k + 1) * columns);
        memory.fill(0, scratch + k * wide + columns, scratch + (k + 1) * wide);
      }
      return scratch;
    },
    product(a, b, out, bias) {
      product(a, b, wide === columns ? out : sums, bias, rows, inner, wide);
      if (wide === columns) return;
      for (let row = 0; row < rows; row++)
        memory.copyWithin(out + row * columns, sums + row * wide, sums + row * wide + columns);
    },
  });
}

/** A convolution, as the product of its weight with a matrix that has a column for each place of its result. */
function convolution({ inputs: [x, weight, bias], output, stride, padding: edge, dilation }, work) {
  const { places, shapes } = work;
  const [outputs, channels, high, wide] = shapes[weight];
  const [height, width] = shapes[x].slice(2);
  const [rows, columns] = shapes[output].slice(2);
  const [inner, count] = [channels * high * wide, rows * columns];
  const pointwise = high * wide * stride[0] * stride[1] === 1 && edge[0] + edge[1] === 0;
  const multiply = padding(work, outputs, inner, count);
  if (!pointwise) work.columns = Math.max(work.columns, inner * padded(count));
  return (machine) => {
    const { memory, columns: scratch } = machine;
    const run = multiply(machine);
    /** Lay out what every tap of the kernel sees. */
    const gather = () => {
      let at = scratch;
      for (let c = 0; c < channels; c++)
        for (let i = 0; i < high; i++)
          for (let j = 0; j < wide; j++) {
            for (let row = 0; row < rows; row++) {
              const y = row * stride[0] - edge[0] + i * dilation[0];
              if (y < 0 || y >= height) {
                memory.fill(0, at, at + columns);
                at += columns;
                continue;
              }
              const line = places[x] + (c * height + y) * width;
              let left = j * dilation[1] - edge[1];
              for (let column = 0; column < columns; column++, left += stride[1])
                memory[at++] = left < 0 || left >= width ? 0 : memory[line + left];
            }
            const end = at + padded(count) - count;
            memory.fill(0, at, end);
            at = end;
          }
      return scratch;
    };
    return () =>
      run.product(
        places[weight],
        pointwise ? run.widen(places[x]) : gather(),
        places[output],
        bias === undefined ? machine.zeros : places[bias],
      );
  };
}

/**
 * A convolution with one filter for each channel, straight: there is no product of matrices in it. A row is summed in
 * double precision, and rounded once: that costs nothing here, and the sums of a network's first layers decide its last.
 */
function depthwise(
  { inputs: [x, weight, bias], output, stride, padding: edge, dilation },
  { places, shapes },
) {
  const [channels, , high, wide] = shapes[weight];
  const [height, width] = shapes[x].slice(2);
  const [rows, columns] = shapes[output].slice(2);
  const [from, factors, to] = [places[x], places[weight], places[output]];
  const across = stride[1];
  // For each column of the filter: where its tap lies beside the place, and the columns whose tap lies in the image.
  const taps = Array.from({ length: wide }, (_, j) => {
    const shift = j * dilation[1] - edge[1];
    const last = Math.min(columns - 1, Math.floor((width - 1 - shift) / across));
    return { shift, first: Math.max(0, Math.ceil(-shift / across)), last };
  });
  // The columns for which all taps lie in the image.
  const within = [Math.max(...taps.map(({ first }) => first)), Math.min(...taps.map(({ last }) => last))];
  if (within[0] > within[1]) within[1] = within[0] - 1; // there are none
  const step = dilation[1];
  const sums = new Float64Array(columns);
  return ({ memory }) =>
    () => {
      for (let c = 0; c < channels; c++) {
        const start = bias === undefined ? 0 : memory[places[bias] + c];
        for (let row = 0; row < rows; row++) {
          sums.fill(start);
          for (let i = 0; i < high; i++) {
            const y = row * stride[0] - edge[0] + i * dilation[0];
            if (y < 0 || y >= height) continue;
            const line = from + (c * height + y) * width;
            const weights = factors + (c * high + i) * wide;
            // Three taps at a time where all lie in the image, which is faster than one after the other.
            for (let j = 0; j + 2 < wide; j += 3) {
              const [left, middle, right] = [
                memory[weights + j],
                memory[weights + j + 1],
                memory[weights + j + 2],
              ];
              let at = line + taps[j].shift + within[0] * across;
              for (let column = within[0]; column <= within[1]; column++, at += across)
                sums[column] +=
                  left * memory[at] + middle * memory[at + step] + right * memory[at + 2 * step];
            }
            for (let j = 0; j < wide; j++) {
              const factor = memory[weights + j];
              const { shift, first, last } = taps[j];
              const at = line + shift;
              const rest = j >= wide - (wide % 3); // of the threes
              for (let column = first; column <= last; column++) {
                if (!rest && column === within[0]) column = within[1] + 1;
                if (column <= last) sums[column] += factor * memory[at + column * across];
              }
            }
          }
          memory.set(sums, to + (c * rows + row) * columns);
        }
      }
    };
}

/** A transposed convolution that steps as far as its kernel is wide: every place makes a square of its own. */
function transposedConvolution({ inputs: [x, weight, bias], output }, { places, shapes }) {
  const [channels, outputs, high, wide] = shapes[weight];
  const [height, width] = shapes[x].slice(2);
  const [from, factors, to] = [places[x], places[weight], places[output]];
  return ({ memory }) =>
    () => {
      for (let o = 0; o < outputs; o++)
        for (let y = 0; y < height * high; y++)
          for (let z = 0; z < width * wide; z++) {
            const place = Math.floor(y / high) * width + Math.floor(z / wide);
            const tap = (o * high + (y % high)) * wide + (z % wide);
            let sum = bias === undefined ? 0 : memory[places[bias] + o];
            for (let c = 0; c < channels; c++)
              sum +=
                memory[from + c * height * width + place] * memory[factors + c * outputs * high * wide + tap];
            memory[to + (o * height * high + y) * width * wide + z] = sum;
          }
    };
}

/** Zeros around the last two axes. */
function pad({ inputs: [x], output, sides: [left, , top] }, { places, shapes }) {
  const [height, width] = shapes[x].slice(-2);
  const [rows, columns] = shapes[output].slice(-2);
  const layers = sizeOf(shapes[x]) / (height * width);
  const [from, to] = [places[x], places[output]];
  return ({ memory }) =>
    () => {
      memory.fill(0, to, to + layers * rows * columns);
      for (let layer = 0; layer < layers; layer++)
        for (let row = 0; row < height; row++) {
          const line = from + (layer * height + row) * width;
          memory.copyWithin(to + (layer * rows + row + top) * columns + left, line, line + width);
        }
    };
}

/** Bilinear, pixels as squares: the middle of the first lies half a pixel from the edge. */
function resize({ inputs: [x], output }, { places, shapes }) {
  const [height, width] = shapes[x].slice(-2);
  const [rows, columns] = shapes[output].slice(-2);
  const layers = sizeOf(shapes[x]) / (height * width);
  const [from, to] = [places[x], places[output]];
  /** For each place of the result: the two it lies between, and how much of the second. */
  const between = (many, old) => {
    const places = {
      first: new Int32Array(many),
      second: new Int32Array(many),
      share: new Float64Array(many),
    };
    for (let i = 0; i < many; i++) {
      const at = Math.max(0, ((i + 0.5) * old) / many - 0.5);
      places.first[i] = Math.floor(at);
      places.second[i] = Math.min(places.first[i] + 1, old - 1);
      places.share[i] = at - places.first[i];
    }
    return places;
  };
  const [down, across] = [between(rows, height), between(columns, width)];
  return ({ memory }) =>
    () => {
      const { first, second, share } = across;
      let out = to;
      for (let layer = 0; layer < layers; layer++)
        for (let row = 0; row < rows; row++) {
          const above = from + (layer * height + down.first[row]) * width;
          const below = from + (layer * height + down.second[row]) * width;
          const low = down.share[row];
          for (let column = 0; column < columns; column++) {
            const [left, right, part] = [first[column], second[column], share[column]];
            const top = memory[above + left] * (1 - part) + memory[above + right] * part;
            const bottom = memory[below + left] * (1 - part) + memory[below + right] * part;
            memory[out++] = top * (1 - low) + bottom * low;
          }
        }
    };
}
