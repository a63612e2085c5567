// The palette of a picture by the rule `figure`, in browsers, web views and Node.
//
// `extractPalette(pixels, width, height)` takes the RGBA levels of an ImageData, its longer side at
// most 512 pixels, and returns 48 levels: what the input `palette` of a .tflite or .onnx file takes
// (band from the top, rank, RGB). tf_deeppaint/palette/figure.py explains the numbers; the palettes
// are the same. Apache-2.0.

const square = (x) => x * x;
let table = null; // features of the 32 x 32 x 32 shades

function features() {
  if (table) return table;
  table = new Int32Array(3 * 32768);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const f = (x) => (x > (6 / 29) ** 3 ? Math.cbrt(x) : x / (3 * (6 / 29) ** 2) + 4 / 29);
  for (let shade = 0; shade < 32768; shade++) {
    const [r, g, b] = [shade >> 10, (shade >> 5) & 31, shade & 31].map((v) => linear(v / 31));
    const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    const chroma = Math.hypot(500 * (x - y), 200 * (y - z));
    const scale = (8 * Math.log1p(0.045 * chroma)) / 0.045 / Math.max(chroma, 1e-9);
    table[3 * shade] = Math.round(3.2 * (116 * y - 16));
    table[3 * shade + 1] = Math.round(500 * (x - y) * scale);
    table[3 * shade + 2] = Math.round(200 * (y - z) * scale);
  }
  return table;
}

function distance(one, other) {
  const t = features();
  return [0, 1, 2].reduce((sum, i) => sum + square(t[3 * one + i] - t[3 * other + i]), 0);
}

// The greatest value (sign 1) or the least (-1) in the square window around each value.
function filter(values, width, height, side, sign) {
  const half = side >> 1;
  let from = values;
  for (const [step, length, count, jump] of [[1, width, height, width], [width, height, width, 1]]) {
    const to = new Int16Array(values.length);
    for (let line = 0; line < count; line++)
      for (let i = 0; i < length; i++) {
        let best = from[line * jump + i * step];
        for (let j = Math.max(0, i - half); j <= Math.min(length - 1, i + half); j++)
          best = sign * Math.max(sign * best, sign * from[line * jump + j * step]);
        to[line * jump + i * step] = best;
      }
    from = to;
  }
  return from;
}

function flat(channels, width, height, side) {
  const result = new Uint8Array(width * height).fill(1);
  for (const channel of channels) {
    const most = filter(channel, width, height, side, 1);
    const least = filter(channel, width, height, side, -1);
    for (let i = 0; i < result.length; i++) if (most[i] - least[i] > 24) result[i] = 0;
  }
  return result;
}

// The plain backdrop that is connected to the border: 1 there.
function backdrop(shades, width, height) {
  const border = [];
  for (let x = 0; x < width; x++) border.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) border.push(y * width, y * width + width - 1);
  const counts = new Int32Array(32768);
  for (const i of border) counts[shades[i]]++;
  const lead = counts.indexOf(counts.reduce((a, b) => Math.max(a, b)));
  const alike = (i) => distance(shades[i], lead) <= square(8 * 6);
  const corners = [0, width - 1, (height - 1) * width, height * width - 1].filter(alike);
  const ground = new Uint8Array(width * height);
  if (3 * border.filter(alike).length >= border.length && corners.length >= 2) {
    const waiting = border.filter(alike);
    while (waiting.length) {
      const i = waiting.pop();
      if (ground[i] || !alike(i)) continue;
      ground[i] = 1;
      if (i % width) waiting.push(i - 1);
      if ((i + 1) % width) waiting.push(i + 1);
      if (i >= width) waiting.push(i - width);
      if (i + width < ground.length) waiting.push(i + width);
    }
  }
  // Noise leaves holes; what is outside of the picture is backdrop.
  const [w, h] = [width + 2, height + 2];
  const framed = new Int16Array(w * h).fill(1);
  for (let i = 0; i < ground.length; i++) framed[(((i / width) | 0) + 1) * w + (i % width) + 1] = ground[i];
  const closed = filter(filter(framed, w, h, 3, 1), w, h, 3, -1);
  return ground.map((_, i) => closed[(((i / width) | 0) + 1) * w + (i % width) + 1]);
}

export function extractPalette(pixels, width, height) {
  const size = width * height;
  const channels = [0, 1, 2].map((c) =>
    Int16Array.from({ length: size }, (_, i) => {
      const alpha = pixels[4 * i + 3];
      return Math.round((pixels[4 * i + c] * alpha + 255 * (255 - alpha)) / 255);
    }),
  );
  const [red, green, blue] = channels;
  const shades = Int32Array.from(red, (r, i) => ((r >> 3) << 10) | ((green[i] >> 3) << 5) | (blue[i] >> 3));
  let ground = backdrop(shades, width, height);
  if (ground.every((g) => g)) ground = new Uint8Array(size);

  // How much each pixel counts: lines and edges lie in no flat window.
  const wide = Math.max(3, (Math.max(width, height) >> 6) | 1);
  const [inWide, inNarrow, inWider] = [wide, 3, 2 * wide + 1].map((s) => flat(channels, width, height, s));
  const isLight = (i) => Math.max(red[i], green[i], blue[i]) >= 64 || inWider[i];
  let weights = ground.map((g, i) => (!g && isLight(i) ? 16 * inWide[i] + inNarrow[i] : 0));
  if (!weights.some((v) => v)) weights = ground.map((g) => 1 - g);

  const drawn = [...Array(height).keys()].filter((y) => !ground.subarray(y * width, (y + 1) * width).every((g) => g));
  const top = drawn[0];
  const tall = drawn[drawn.length - 1] + 1 - top;
  const onGrid = (i) => ((i / width) | 0) % 2 === 0 && (i % width) % 2 === 0;
  const sparse = Math.max(width, height) > 256 && weights.some((v, i) => v && onGrid(i));
  const seen = new Map(); // shade -> pixels of each band, and sums of the channels
  for (let i = 0; i < size; i++) {
    if (!weights[i] || (sparse && !onGrid(i))) continue;
    const band = Math.min(3, Math.max(0, Math.floor((4 * (((i / width) | 0) - top)) / tall)));
    if (!seen.has(shades[i])) seen.set(shades[i], { bands: [0, 0, 0, 0], sums: [0, 0, 0] });
    const { bands, sums } = seen.get(shades[i]);
    bands[band] += weights[i];
    channels.forEach((channel, c) => (sums[c] += weights[i] * channel[i]));
  }

  // Greedy: the most frequent shade takes all near ones that are left.
  const total = (bands) => bands.reduce((a, b) => a + b);
  let left = [...seen.keys()].sort((a, b) => a - b);
  const colors = [];
  while (colors.length < 48 && left.length) {
    const lead = left.reduce((a, b) => (total(seen.get(b).bands) > total(seen.get(a).bands) ? b : a));
    const near = left.filter((shade) => distance(shade, lead) <= square(60));
    left = left.filter((shade) => !near.includes(shade));
    const bands = [0, 1, 2, 3].map((band) => near.reduce((sum, shade) => sum + seen.get(shade).bands[band], 0));
    const { bands: own, sums } = seen.get(lead);
    colors.push({ bands, value: sums.map((sum) => Math.floor(sum / total(own))) });
  }
  const all = total(colors.map((color) => total(color.bands)));
  const palette = [0, 1, 2, 3].flatMap((band) => {
    const key = ({ bands }) => (bands[band] ? bands[band] + all + 1 : total(bands));
    const ranked = [...colors].sort((a, b) => key(b) - key(a));
    return [0, 1, 2, 3].flatMap((rank) => ranked[rank % Math.min(4, ranked.length)].value);
  });
  return Uint8Array.from(palette);
}
