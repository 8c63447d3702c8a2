// Pictures of the reader's: from a file, pasted, dropped or from the camera. They are read in the page and sent nowhere.

/**
 * What is wrong with a picture, as a key of the page's words.
 * @extends Error
 */
export class Unreadable extends Error {}

const LARGEST = 50e6; // bytes
const SMALLEST = 16; // pixels along a side

/**
 * Read a file as a picture.
 * @param {Blob} file
 * @returns {Promise<ImageBitmap>}
 */
export async function readPicture(file) {
  if (!file.type.startsWith("image/")) throw new Unreadable("not_a_picture");
  if (file.size > LARGEST) throw new Unreadable("too_large");
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Unreadable("broken");
  }
  if (Math.min(bitmap.width, bitmap.height) < SMALLEST) throw new Unreadable("too_small");
  return bitmap;
}

/**
 * Cut the largest square out of the middle of a picture, and scale it.
 * @param {CanvasImageSource} source
 * @param {number} width of the source
 * @param {number} height
 * @param {number} side of the result
 * @returns {Uint8ClampedArray} red, green, blue and opacity of every pixel
 */
export function squareOf(source, width, height, side) {
  const canvas = new OffscreenCanvas(side, side);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const least = Math.min(width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, (width - least) / 2, (height - least) / 2, least, least, 0, 0, side, side);
  return context.getImageData(0, 0, side, side).data;
}

/**
 * Turn pixels into what a network is given: all of red, then green, then blue, from 0 to 1.
 * @param {Uint8ClampedArray} pixels
 */
export function inputOf(pixels) {
  const count = pixels.length / 4;
  const x = new Float32Array(3 * count);
  for (let i = 0; i < count; i++)
    for (let channel = 0; channel < 3; channel++) x[channel * count + i] = pixels[4 * i + channel] / 255;
  return x;
}

/**
 * Open the camera.
 * @returns {Promise<{video: HTMLVideoElement, stop: () => void}>}
 */
export async function openCamera() {
  if (!navigator.mediaDevices) throw new Unreadable("no_camera");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" } });
  } catch (error) {
    const refused = error instanceof DOMException && error.name === "NotAllowedError";
    throw new Unreadable(refused ? "camera_refused" : "no_camera");
  }
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  return {
    video,
    stop() {
      for (const track of stream.getTracks()) track.stop();
    },
  };
}
