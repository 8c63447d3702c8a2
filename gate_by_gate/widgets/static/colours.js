// Maps as colours. A stored map has one hexadecimal digit for each cell: 0 for its low end and the scale's last step for
// its high end. What is read back from it is as exact as that.

import { setAttributes } from "./dom.js";

// Viridis (Smith and van der Walt, 2015) at sixteen even steps: perceptually even, for readers with a colour-vision
// deficiency too, and without a grey, so that it reads below the greys of a picture. A test compares these with
// matplotlib's, and the next ones too.
const VIRIDIS = rgb(
  "440154",
  "481a6c",
  "472f7d",
  "414487",
  "39568c",
  "31688e",
  "2a788e",
  "23888e",
  "1f988b",
  "22a884",
  "35b779",
  "54c568",
  "7ad151",
  "a5db36",
  "d2e21b",
  "fde725",
);

// ColorBrewer's red and blue at fifteen even steps, for maps with a sign: blue is negative, the middle is zero.
const RED_BLUE = rgb(
  "053061",
  "195696",
  "2f79b5",
  "4c99c6",
  "87beda",
  "b6d7e8",
  "dbeaf2",
  "f7f6f6",
  "fbe3d4",
  "f9c4a9",
  "f09c7b",
  "da6853",
  "c13639",
  "9c1127",
  "67001f",
);

/** @param {...string} colours */
function rgb(...colours) {
  return colours.map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
}

/**
 * A stored map.
 * @typedef {{shape: number[], hex: string, low: number, high: number, signed?: boolean}} StoredMap
 */

/** @param {{signed?: boolean}} map */
const scaleOf = (map) => (map.signed ? RED_BLUE : VIRIDIS);

/**
 * Give the colours of a map from its low end to its high end, as the background of its legend.
 * @param {{signed?: boolean}} map
 */
export const rampOf = (map) => (map.signed ? RAMPS.signed : RAMPS.plain);

const RAMPS = { plain: ramp(VIRIDIS), signed: ramp(RED_BLUE) };

/** @param {number[][]} scale */
function ramp(scale) {
  return `linear-gradient(90deg, ${scale.map((colour) => `rgb(${colour})`)})`;
}

/**
 * Give the value that a cell of a map was stored with, in as many decimals as tell one step from the next.
 * @param {StoredMap} map
 * @param {number} cell where its digit stands
 */
export function valueAt(map, cell) {
  const step = (map.high - map.low) / (scaleOf(map).length - 1);
  const decimals = step > 0 ? Math.max(0, Math.ceil(-Math.log10(step))) : 3;
  return String(Number((map.low + parseInt(map.hex[cell], 16) * step).toFixed(decimals)));
}

/**
 * Paint a canvas, one pixel for each cell.
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} shape
 * @param {(cell: number) => number[]} colour gives red, green and blue of 0 to 255
 */
export function paint(canvas, shape, colour) {
  put(canvas, pixelsOf(shape, colour));
}

/** @param {number[]} shape @param {(cell: number) => number[]} colour */
function pixelsOf([height, width], colour) {
  const image = new ImageData(width, height);
  const { data } = image; // asked for once: anew for each value it would take longer than all the rest
  for (let i = 0; i < width * height; i++) {
    const [red, green, blue] = colour(i);
    data[4 * i] = red;
    data[4 * i + 1] = green;
    data[4 * i + 2] = blue;
    data[4 * i + 3] = 255;
  }
  return image;
}

/** @param {HTMLCanvasElement} canvas @param {ImageData} image */
function put(canvas, image) {
  setAttributes(canvas, { width: image.width, height: image.height });
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(image, 0, 0);
}

/**
 * Paint a map.
 * @param {HTMLCanvasElement} canvas
 * @param {StoredMap} map
 * @param {number[]} [shape]
 * @param {number} [from] where its first digit stands
 */
export function paintMap(canvas, map, shape = map.shape, from = 0) {
  const scale = scaleOf(map);
  paint(canvas, shape, (i) => scale[parseInt(map.hex[from + i], 16)]);
}

/** @type {WeakMap<object, ImageData>} */
const decoded = new WeakMap(); // several maps may lie over one picture, and a reader comes back to it

/**
 * Paint a picture: 8-bit values, base64-coded row by row, of grey, or first all of red, then green, then blue; or a file.
 * @param {HTMLCanvasElement} canvas
 * @param {{shape: number[], data?: string, colour?: boolean, file?: string, name?: string, small?: string}} picture
 */
export function paintPicture(canvas, picture) {
  const { shape, data, colour, file, name, small } = picture;
  if (file) return showFile(canvas, shape, file, name, small);
  let image = decoded.get(picture);
  if (!image) {
    const bytes = atob(/** @type {string} */ (data));
    const step = shape[0] * shape[1];
    const at = (/** @type {number} */ i) => bytes.charCodeAt(i);
    image = pixelsOf(shape, (i) => (colour ? [at(i), at(i + step), at(i + 2 * step)] : GREYS[at(i)]));
    decoded.set(picture, image);
  }
  put(canvas, image);
}

/** @type {number[][]} */
const GREYS = Array.from({ length: 256 }, (_, value) => [value, value, value]);

/** @type {WeakMap<Element, string>} */
const awaited = new WeakMap(); // the file that a canvas shows once it comes near
/** @type {IntersectionObserver | undefined} */
let watch;

/**
 * Show a picture that is a file of its own as the background of a canvas, as soon as the reader comes near. It is not
 * painted: a page that was opened from a folder may not paint with the pictures beside it.
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} shape
 * @param {string} file its address from the root of the book, or the file itself as a `data:` address
 * @param {string} [name]
 * @param {string} [small] the same in few bytes, as a `data:` address, for as long as the file is not there
 */
function showFile(canvas, [height, width], file, name, small) {
  canvas.width = width;
  canvas.height = height;
  canvas.dataset.picture = name;
  const root = file.startsWith("data:") ? "" : (document.documentElement.dataset.content_root ?? "");
  const layers = [`${root}${file}`, small].filter(Boolean);
  awaited.set(canvas, layers.map((address) => `url("${address}") 0 0 / 100% 100%`).join(", "));
  watch ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        /** @type {HTMLElement} */ (target).style.background = awaited.get(target) ?? "";
        watch?.unobserve(target);
      }
    },
    { rootMargin: "400px" },
  );
  watch.observe(canvas);
}
