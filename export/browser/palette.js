// The palette of a picture by the rule `figure`, in browsers, web views and Node.
//
// `extractPalette(pixels, width, height)` takes the RGBA levels of an ImageData, its longer side at
// most 512 pixels, and returns 48 levels: what the input `palette` of a .tflite or .onnx file takes
// (band from the top, rank, RGB). tf_deeppaint/palette/figure.py explains the numbers; the palettes
// are the same. Apache-2.0.

const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const f = (x) => (x > (6 / 29) ** 3 ? Math.cbrt(x) : x / (3 * (6 / 29) ** 2) + 4 / 29);
// Of the 32 x 32 x 32 shades.
const FEATURES = Array.from({ length: 32768 }, (_, shade) => {
  const [r, g, b] = [shade >> 10, (shade >> 5) & 31, shade & 31].map((v) => linear(v / 31));
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  const chroma = Math.hypot(500 * (x - y), 200 * (y - z));
  const scale = (8 * Math.log1p(0.045 * chroma)) / 0.045 / Math.max(chroma, 1e-9);
  return [3.2 * (116 * y - 16), 500 * (x - y) * scale, 200 * (y - z) * scale].map(Math.round);
});
const areNear = (one, other, most) =>
  FEATURES[one].reduce((sum, v, i) => sum + (v - FEATURES[other][i]) ** 2, 0) <= most ** 2;
const total = (numbers) => numbers.reduce((sum, v) => sum + v, 0);

// The greatest value (sign 1) or the least (-1) in the square window around each value.
function filter(values, width, height, side, sign) {
  const half = side >> 1;
  const along = (from, step, length) =>
    from.map((best, i) => {
      const place = ((i / step) | 0) % length;
      const last = i + step * Math.min(length - 1 - place, half);
      for (let j = i - step * Math.min(place, half); j <= last; j += step)
        best = sign * Math.max(sign * best, sign * from[j]);
      return best;
    });
  return along(along(values, 1, width), width, height);
}

// Whether no channel varies by more than 24 levels in the window around a pixel.
function flat(channels, width, height, side) {
  const spreads = channels.map((channel) => {
    const [most, least] = [1, -1].map((sign) => filter(channel, width, height, side, sign));
    return most.map((v, i) => v - least[i]);
  });
  return spreads[0].map((_, i) => spreads.every((spread) => spread[i] <= 24));
}

// The plain backdrop that is connected to the border: 1 there.
function backdrop(shades, width, height) {
  const rows = Array.from({ length: height }, (_, y) => [y * width, (y + 1) * width - 1]);
  const columns = Array.from({ length: width }, (_, x) => [x, (height - 1) * width + x]);
  const border = [...rows, ...columns].flat().map((i) => shades[i]);
  const counts = new Int32Array(32768);
  for (const shade of border) counts[shade]++;
  const lead = counts.indexOf(Math.max(...counts));
  const alike = FEATURES.map((_, shade) => areNear(shade, lead, 48));
  const alikeOf = (list) => list.filter((shade) => alike[shade]).length;
  const corners = [...rows[0], ...rows[height - 1]].map((i) => shades[i]);
  const isPlain = 3 * alikeOf(border) >= border.length && alikeOf(corners) >= 2;

  // A fill from a frame around the picture reaches all that is connected to the border.
  const [w, h] = [width + 2, height + 2];
  const inFrame = (i) => (Math.floor(i / width) + 1) * w + (i % width) + 1;
  const framed = new Int16Array(w * h).fill(1);
  shades.forEach((shade, i) => (framed[inFrame(i)] = isPlain && alike[shade]));
  for (const waiting = [0]; waiting.length; ) {
    const i = waiting.pop();
    if (framed[i] !== 1) continue;
    framed[i] = 2;
    waiting.push(i - 1, i + 1, i - w, i + w);
  }
  const connected = framed.map((v) => v >> 1);
  const closed = filter(filter(connected, w, h, 3, 1), w, h, 3, -1); // noise leaves holes
  return shades.map((_, i) => closed[inFrame(i)]);
}

export function extractPalette(pixels, width, height) {
  const channels = [0, 1, 2].map((c) =>
    Int16Array.from({ length: width * height }, (_, i) => {
      const alpha = pixels[4 * i + 3];
      return Math.round((pixels[4 * i + c] * alpha + 255 * (255 - alpha)) / 255);
    }),
  );
  const [red, green, blue] = channels;
  const shades = Int32Array.from(red, (r, i) => ((r >> 3) << 10) | ((green[i] >> 3) << 5) | (blue[i] >> 3));
  const ground = backdrop(shades, width, height);
  if (ground.every((g) => g)) ground.fill(0);

  // How much each pixel counts: lines and edges lie in no flat window.
  const wide = Math.max(3, (Math.max(width, height) >> 6) | 1);
  const [inWide, inNarrow, inWider] = [wide, 3, 2 * wide + 1].map((s) => flat(channels, width, height, s));
  const isLight = (i) => Math.max(red[i], green[i], blue[i]) >= 64 || inWider[i];
  let weights = ground.map((g, i) => (!g && isLight(i) ? 16 * inWide[i] + inNarrow[i] : 0));
  if (!weights.some((v) => v)) weights = ground.map((g) => 1 - g);

  const row = (i) => Math.floor(i / width);
  const [top, bottom] = [row(ground.indexOf(0)), row(ground.lastIndexOf(0)) + 1];
  const onGrid = (i) => row(i) % 2 === 0 && (i % width) % 2 === 0;
  const isSparse = Math.max(width, height) > 256 && weights.some((v, i) => v && onGrid(i));
  const seen = new Map(); // shade -> pixels of each band, and sums of the channels
  weights.forEach((weight, i) => {
    if (!weight || (isSparse && !onGrid(i))) return;
    if (!seen.has(shades[i])) seen.set(shades[i], { bands: [0, 0, 0, 0], sums: [0, 0, 0] });
    const { bands, sums } = seen.get(shades[i]);
    bands[Math.min(3, Math.max(0, Math.floor((4 * (row(i) - top)) / (bottom - top))))] += weight;
    channels.forEach((channel, c) => (sums[c] += weight * channel[i]));
  });

  // Greedy: the most frequent shade takes all near ones that are left.
  const count = (shade) => total(seen.get(shade).bands);
  let left = [...seen.keys()].sort((a, b) => a - b);
  const colors = [];
  while (colors.length < 48 && left.length) {
    const lead = left.reduce((a, b) => (count(b) > count(a) ? b : a));
    const near = left.filter((shade) => areNear(shade, lead, 60));
    left = left.filter((shade) => !near.includes(shade));
    const bands = [0, 1, 2, 3].map((band) => total(near.map((shade) => seen.get(shade).bands[band])));
    colors.push({ bands, value: seen.get(lead).sums.map((sum) => Math.floor(sum / count(lead))) });
  }
  const all = total(colors.map(({ bands }) => total(bands)));
  const palette = [0, 1, 2, 3].flatMap((band) => {
    const key = ({ bands }) => (bands[band] ? bands[band] + all + 1 : total(bands));
    const ranked = [...colors].sort((a, b) => key(b) - key(a));
    return [0, 1, 2, 3].flatMap((rank) => ranked[rank % Math.min(4, ranked.length)].value);
  });
  return Uint8Array.from(palette);
}
