// The matrix product, in which a network spends its time: in WebAssembly with its SIMD instructions, or, in a browser that
// has none or may not compile any, in plain JavaScript.
//
// Numbers are of single precision, and sums of double: each is rounded once. Sums of single precision are twice as fast;
// with them, the segmenter's mask of seven out of 313 pictures was more than 1e-4 from the exact one, by up to 2e-4; with
// these it is that of one, by 1.1e-4.
//
// The WebAssembly is assembled here, from the instructions that are written out below: there is no binary to trust.

const BLOCK = 4; // columns that are computed at a time: two vectors of two
const VECTOR = 8; // bytes of two numbers in the memory

/** Round a number of columns up to one that the product takes. */
export const padded = (columns) => Math.ceil(columns / BLOCK) * BLOCK;

/**
 * A product: out = a b, plus a number for each row. All are matrices in one memory, row by row without gaps, and stand
 * where `a`, `b` and `out` say, in numbers of four bytes; `bias` says where a number for each row of `out` stands.
 * @typedef {(a: number, b: number, out: number, bias: number, rows: number, inner: number, columns: number) => void} Product
 */

/**
 * Make a memory of so many numbers, and a product in it. `columns` must be what `padded` gives.
 * @param {number} size
 * @param {boolean} [simd] whether to try WebAssembly
 * @returns {{memory: Float32Array, product: Product, simd: boolean}}
 */
export function makeProduct(size, simd = true) {
  if (simd) {
    try {
      return withSimd(size);
    } catch {
      // No WebAssembly, none with SIMD, or a policy of the page that forbids it: the same in JavaScript.
    }
  }
  const memory = new Float32Array(size);
  return { memory, product: plainProduct(memory), simd: false };
}

/**
 * @param {Float32Array} memory
 * @returns {Product}
 */
function plainProduct(memory) {
  let sums = new Float64Array();
  return (a, b, out, bias, rows, inner, columns) => {
    if (sums.length < columns) sums = new Float64Array(columns);
    const line = sums.subarray(0, columns);
    for (let row = 0; row < rows; row++) {
      line.fill(memory[bias + row]);
      for (let k = 0; k < inner; k++) {
        const factor = memory[a + row * inner + k];
        const values = b + k * columns;
        for (let i = 0; i < columns; i++) line[i] += factor * memory[values + i];
      }
      memory.set(line, out + row * columns);
    }
  };
}

function withSimd(size) {
  const pages = Math.ceil((4 * size) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages });
  const compiled = new WebAssembly.Module(assemble());
  const products = /** @type {Record<string, Function>} */ (
    new WebAssembly.Instance(compiled, { page: { memory } }).exports
  );
  /** @type {Product} */
  const product = (a, b, out, bias, rows, inner, columns) => {
    for (let row = 0; row < rows; ) {
      const many = rows - row >= 4;
      (many ? products.four : products.one)(
        4 * (a + row * inner),
        4 * b,
        4 * (out + row * columns),
        4 * (bias + row),
        4 * inner,
        4 * columns,
      );
      row += many ? 4 : 1;
    }
  };
  return { memory: new Float32Array(memory.buffer), product, simd: true };
}

/**
 * Write the product of some rows of a with all of b, in the text format of WebAssembly, an instruction an element.
 * All places and lengths are in bytes. In words, with two vectors of sums for each row:
 *
 *   for each block of columns:
 *     every sum is its row's bias
 *     for each k: load the block of row k of b; for each row: multiply it by the row's k-th number, add it to the sums
 *     store the sums
 * @param {number} rows
 */
function instructions(rows) {
  const [a, b, out, bias, inner, columns] = [0, 1, 2, 3, 4, 5]; // parameters
  const [column, left, right, place] = [6, 7, 8, 9]; // local variables: integers
  const [first, second, factor] = [10, 11, 12]; // and vectors
  const sum = (row, half) => 13 + 2 * row + half;
  const each = (write) => Array.from({ length: rows }, (_, row) => write(row)).flat();
  const advance = (what, by) => [`local.get ${what}`, ...by, "i32.add", `local.set ${what}`];
  const add = (row, half, values) => [
    `local.get ${sum(row, half)}`,
    `local.get ${factor}`,
    `local.get ${values}`,
    "f64x2.mul",
    "f64x2.add",
    `local.set ${sum(row, half)}`,
  ];
  const load = (from, offset, values) => [
    `local.get ${from}`,
    `v128.load64_zero ${offset}`,
    "f64x2.promote_low_f32x4",
    `local.set ${values}`,
  ];
  const store = (values, offset) => [
    `local.get ${place}`,
    `local.get ${values}`,
    "f32x4.demote_f64x2_zero",
    `v128.store64_lane ${offset} 0`,
  ];
  return [
    "loop",
    ...each((row) => [
      `local.get ${bias}`,
      `v128.load32_splat ${4 * row}`,
      "f64x2.promote_low_f32x4",
      `local.tee ${sum(row, 0)}`,
      `local.set ${sum(row, 1)}`,
    ]),
    ...[`local.get ${a}`, `local.set ${left}`],
    ...[`local.get ${b}`, `local.get ${column}`, "i32.add", `local.set ${right}`],
    "loop",
    ...load(right, 0, first),
    ...load(right, VECTOR, second),
    ...[`local.get ${left}`, `local.set ${place}`],
    ...each((row) => [
      ...[`local.get ${place}`, "v128.load32_splat 0", "f64x2.promote_low_f32x4", `local.set ${factor}`],
      ...add(row, 0, first),
      ...add(row, 1, second),
      ...advance(place, [`local.get ${inner}`]),
    ]),
    ...advance(right, [`local.get ${columns}`]),
    ...advance(left, ["i32.const 4"]),
    ...[`local.get ${left}`, `local.get ${a}`, `local.get ${inner}`, "i32.add", "i32.lt_u", "br_if 0"],
    "end",
    ...[`local.get ${out}`, `local.get ${column}`, "i32.add", `local.set ${place}`],
    ...each((row) => [
      ...store(sum(row, 0), 0),
      ...store(sum(row, 1), VECTOR),
      ...advance(place, [`local.get ${columns}`]),
    ]),
    ...advance(column, [`i32.const ${2 * VECTOR}`]),
    ...[`local.get ${column}`, `local.get ${columns}`, "i32.lt_u", "br_if 0"],
    "end",
  ];
}

const INTEGERS = 4; // local variables of each type
const vectors = (rows) => 3 + 2 * rows;

// The bytes of every instruction that is used: WebAssembly Core Specification 2.0, section 5.4. What stands behind the
// name are numbers of the instruction's own; a memory access has its alignment, as a power of two, before them.
const CODES = {
  loop: [0x03, 0x40],
  end: [0x0b],
  br_if: [0x0d],
  "local.get": [0x20],
  "local.set": [0x21],
  "local.tee": [0x22],
  "i32.const": [0x41],
  "i32.lt_u": [0x49],
  "i32.add": [0x6a],
  "v128.load32_splat": [0xfd, 0x09, 2],
  "v128.store64_lane": [0xfd, 0x5b, 2],
  "v128.load64_zero": [0xfd, 0x5d, 2],
  "f32x4.demote_f64x2_zero": [0xfd, 0x5e],
  "f64x2.promote_low_f32x4": [0xfd, 0x5f],
  "f64x2.add": [0xfd, 0xf0, 0x01],
  "f64x2.mul": [0xfd, 0xf2, 0x01],
};
const [I32, V128, FUNCTION] = [0x7f, 0x7b, 0x60]; // types

/** Write a whole number in LEB128; those that occur, below 64, are the same with and without a sign. */
function leb(number) {
  const bytes = [];
  for (let rest = number; ; rest >>>= 7) {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) return bytes;
  }
}

const list = (items) => [...leb(items.length), ...items.flat()];
const sized = (bytes) => [...leb(bytes.length), ...bytes];
const text = (string) => list([...string].map((letter) => [letter.charCodeAt(0)]));

/** Assemble the module: two functions, of four rows and of one, on a memory that it is given. */
export function assemble() {
  const bodies = [4, 1].map((rows) => {
    const code = instructions(rows).flatMap((line) => {
      const [name, ...operands] = line.split(" ");
      return [...CODES[name], ...operands.flatMap((operand) => leb(Number(operand)))];
    });
    const locals = list([
      [...leb(INTEGERS), I32],
      [...leb(vectors(rows)), V128],
    ]);
    return sized([...locals, ...code, ...CODES.end]);
  });
  const parameters = list(Array(6).fill([I32]));
  const sections = [
    [1, list([[FUNCTION, ...parameters, 0]])],
    [2, list([[...text("page"), ...text("memory"), 0x02, 0, 1]])],
    [3, list([[0], [0]])],
    [
      7,
      list([
        [...text("four"), 0, 0],
        [...text("one"), 0, 1],
      ]),
    ],
    [10, list(bodies)],
  ];
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]; // "\0asm", version 1
  return new Uint8Array([...header, ...sections.flatMap(([id, content]) => [id, ...sized(content)])]);
}
