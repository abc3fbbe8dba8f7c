// QR codes of short texts: bytes, error correction M (ISO/IEC 18004).

// Of each version from 1: error correction bytes of a block, and blocks (table 9).
const checks = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const blocks = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];

const exp = new Uint8Array(510), log = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++, x = x & 128 ? (x << 1) ^ 0x11d : x << 1) {
  exp[i] = exp[i + 255] = x;
  log[x] = i;
}
const times = (a: number, b: number): number => (a && b ? exp[log[a] + log[b]] : 0);

/** The remainder of a block's data by the generator of that degree. */
function remainder(data: number[], degree: number): number[] {
  let generator = [1];
  for (let i = 0; i < degree; i++) {
    const next = [...generator, 0];
    generator.forEach((c, k) => { next[k + 1] ^= times(c, exp[i]); });
    generator = next;
  }
  const rest = [...data, ...new Array(degree).fill(0)];
  for (let i = 0; i < data.length; i++) {
    const lead = rest[i];
    generator.forEach((c, k) => { rest[i + k] ^= times(c, lead); });
  }
  return rest.slice(data.length);
}

function aligned(version: number): number[] {
  if (version === 1) return [];
  const n = Math.floor(version / 7) + 2, last = version * 4 + 10, step = Math.ceil((last - 6) / (n - 1) / 2) * 2;
  return [6, ...Array.from({ length: n - 1 }, (_, i) => last - step * (n - 2 - i))];
}

/** Bytes of data and error correction that a version holds. */
function capacity(version: number): number {
  const n = aligned(version).length;
  return Math.floor(((16 * version + 128) * version + 64 - (n ? (25 * n - 10) * n - 55 : 0) - (version >= 7 ? 36 : 0)) / 8);
}

/** All bytes in the order in which they are drawn. */
function codewords(text: Uint8Array, version: number): number[] {
  const total = capacity(version), ec = checks[version - 1], n = blocks[version - 1], room = total - ec * n;
  const bits: number[] = [];
  const add = (value: number, length: number) => { for (let i = length - 1; i >= 0; i--) bits.push((value >> i) & 1); };
  add(4, 4);
  add(text.length, version < 10 ? 8 : 16);
  text.forEach((b) => add(b, 8));
  add(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data: number[] = [];
  for (let i = 0; i < bits.length; i += 8) data.push(parseInt(bits.slice(i, i + 8).join(''), 2));
  for (let pad = 0xec; data.length < room; pad ^= 0xfd) data.push(pad);
  const short = Math.floor(room / n), shorts = n - (room % n), parts: number[][] = [];
  for (let i = 0, at = 0; i < n; i++) parts.push(data.slice(at, at += short + (i < shorts ? 0 : 1)));
  const extra = parts.map((p) => remainder(p, ec)), out: number[] = [];
  for (let i = 0; i <= short; i++) for (const p of parts) if (i < p.length) out.push(p[i]);
  for (let i = 0; i < ec; i++) for (const e of extra) out.push(e[i]);
  return out;
}

const masks: ((r: number, c: number) => boolean)[] = [
  (r, c) => (r + c) % 2 === 0, (r) => r % 2 === 0, (_, c) => c % 3 === 0, (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0, (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0, (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

function bch(value: number, bits: number, by: number): number {
  let rest = value << bits;
  for (let i = 31 - Math.clz32(rest); i >= bits; i--) if ((rest >> i) & 1) rest ^= by << (i - bits);
  return (value << bits) | rest;
}

/** How hard a pattern is to read: runs, squares, what looks like a corner, imbalance (8.8.2). */
function penalty(m: boolean[][]): number {
  const size = m.length;
  let sum = 0, dark = 0;
  for (const line of [...m, ...m.map((_, i) => m.map((row) => row[i]))]) {
    let run = 0;
    line.forEach((v, i) => {
      run = i && v === line[i - 1] ? run + 1 : 1;
      if (run >= 5) sum += run === 5 ? 3 : 1;
    });
    const s = line.map(Number).join('');
    for (const like of ['10111010000', '00001011101']) for (let at = s.indexOf(like); at >= 0; at = s.indexOf(like, at + 1)) sum += 40;
  }
  for (let r = 0; r < size; r++) for (let c = 0; c < size; c++) {
    if (m[r][c]) dark++;
    if (r && c && m[r][c] === m[r - 1][c] && m[r][c] === m[r][c - 1] && m[r][c] === m[r - 1][c - 1]) sum += 3;
  }
  return sum + 10 * Math.floor(Math.abs((dark * 20) / (size * size) - 10));
}

/** The modules of a text's QR code by row, true for dark ones; null when it is too long. */
export function qr(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text);
  let version = 1;
  while (version <= checks.length && capacity(version) - checks[version - 1] * blocks[version - 1] < bytes.length + (version < 10 ? 2 : 3)) version++;
  if (version > checks.length) return null;
  const size = version * 4 + 17, m = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  const fixed = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  const put = (r: number, c: number, dark: boolean) => { if (r >= 0 && c >= 0 && r < size && c < size) { m[r][c] = dark; fixed[r][c] = true; } };
  const ring = (r: number, c: number, reach: number, light: number[]) => {
    for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) put(r + y, c + x, !light.includes(Math.max(Math.abs(x), Math.abs(y))));
  };
  for (let i = 0; i < size; i++) { put(6, i, i % 2 === 0); put(i, 6, i % 2 === 0); }
  for (const [r, c] of [[3, 3], [3, size - 4], [size - 4, 3]]) ring(r, c, 4, [2, 4]);
  const marks = aligned(version), last = marks[marks.length - 1];
  for (const r of marks) for (const c of marks) if (!((r === 6 && (c === 6 || c === last)) || (r === last && c === 6))) ring(r, c, 2, [1]);
  const format = (mask: number) => {
    const bits = bch(mask, 10, 0x537) ^ 0x5412; // level M is 00
    for (let i = 0; i < 15; i++) {
      const dark = ((bits >> i) & 1) === 1;
      if (i < 6) put(i, 8, dark); else if (i < 8) put(i + 1, 8, dark); else put(8, i === 8 ? 7 : 14 - i, dark);
      if (i < 8) put(8, size - 1 - i, dark); else put(size - 15 + i, 8, dark);
    }
    put(size - 8, 8, true);
  };
  format(0);
  if (version >= 7) for (let i = 0, bits = bch(version, 12, 0x1f25); i < 18; i++) {
    const dark = ((bits >> i) & 1) === 1, a = size - 11 + (i % 3), b = Math.floor(i / 3);
    put(a, b, dark);
    put(b, a, dark);
  }
  const stream = codewords(bytes, version);
  for (let at = 0, right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5;
    for (let i = 0; i < size; i++) for (const c of [right, right - 1]) {
      const r = up ? size - 1 - i : i;
      if (!fixed[r][c]) { m[r][c] = ((stream[at >> 3] >> (7 - (at & 7))) & 1) === 1; at++; }
    }
  }
  let best = m, least = Infinity;
  masks.forEach((mask, i) => {
    format(i);
    const tried = m.map((row, r) => row.map((v, c) => (fixed[r][c] ? v : v !== mask(r, c)))), cost = penalty(tried);
    if (cost < least) { least = cost; best = tried; }
  });
  return best;
}
