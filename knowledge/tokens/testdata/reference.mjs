// Prints texts with the ids that npm's tiktoken (the Rust original as WASM) gives them, one JSON
// array [text, o200k ids, cl100k ids] a line.
//
//   TIKTOKEN_DIR=…/node_modules/tiktoken node reference.mjs golden > golden.jsonl
//   TIKTOKEN_DIR=… node reference.mjs fuzz 20000 7      (texts, seed)
//   TIKTOKEN_DIR=… node reference.mjs codepoints        ([code point, o200k hash, cl100k hash])
import { createRequire } from "node:module";
import { join } from "node:path";
const { get_encoding } = createRequire(import.meta.url)(join(process.env.TIKTOKEN_DIR, "tiktoken.cjs"));
const o200k = get_encoding("o200k_base"), cl100k = get_encoding("cl100k_base");

let out = [];
const flush = () => { process.stdout.write(out.join("")); out = []; };
const line = (v) => { out.push(JSON.stringify(v) + "\n"); if (out.length > 500) flush(); };
const both = (t) => line([t, Array.from(o200k.encode(t, [], [])), Array.from(cl100k.encode(t, [], []))]);

// mulberry32: the same texts for the same seed everywhere.
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const sentences = [
  "Where is my order #48213? It's been 10 days and they've told me nothing!",
  "I'LL RETURN IT, DON'T WORRY; you'd better refund €59.90 — by 2026-01-14.",
  "¿Cuándo llegará mi paquete? Ya pagué el envío exprés.", "Où est ma commande ? Ça fait déjà 3 semaines…",
  "Mein Paket wurde an die falsche Straße geliefert.", "Где мой заказ? Оплата прошла ещё вчера.",
  "我的订单什么时候到？已经付款三天了。", "注文した商品がまだ届きません。返品できますか？", "주문한 상품이 아직 도착하지 않았어요.",
  "أين طلبي؟ لقد دفعت منذ أسبوع.", "איפה ההזמנה שלי?", "मेरा ऑर्डर कहाँ है? कृपया बताइए।", "สินค้าของฉันอยู่ที่ไหน",
  "Πού είναι η παραγγελία μου;", "Đơn hàng của tôi ở đâu?", "שָׁלוֹם", "e\u0301te\u0301 cafe\u0301", "ǅungla ǆ Ǆ",
  "if (x != null) {\n\treturn y->z[i++]; // 0xFF\n}\r\n\r\n", "SELECT * FROM orders WHERE id = 'a''b';",
  "<div class=\"a\">\n  <p>hi</p>\n\n</div>", "https://shop.example/returns?id=1&lang=en#top", "a@b.example, +1 (555) 010-9999",
  "👩‍👩‍👧‍👦🏳️‍🌈 👍🏽!!", "🇩🇪🇯🇵", "x² + ½ = Ⅷ ٣٤٥ 一二三", "<|endoftext|> <|im_start|>system", "'ſ 'S 'Re 'LL 'vE 's't",
  "don’t it’s", "\u00a0\u2003\u3000 \u0085\u2028\u2029x", "\t\t1\t\ta", "a\n \nb", "a \r\n  \n   b   ", " ", "\n", "\r\n\r\n  x", "",
  "ABCdefGHIjkl camelCaseXMLHttp 文ABC 文ABCd", "////\n\n/a", "...\n/\r\n//b", "\u0301\u0301A", " \u0301a", "\ufffd\ufeff\u200b\u0000\u0007",
  "1234567890 12 3 1,000,000", "$$$ $ 5", "----====____", "ﷺ ﬁ ﬃ", "Ⓐⓐ ª º ʰ ˀ", "𝒜𝓫𝟘 𐐀𐐨 𠀀𪜶 𞤀𞤢",
  // Letters, a mark and digits that only Unicode 16 knows.
  "a\u{897}'s \u{1c89}'s A\u{a7cd}'ll \u{10d50}\u{10d70}'re \u{2ebf0}'s \u{16d70}\u{16d71}'s",
];
const ranges = [[0, 0x7f], [0x20, 0x7e], [0x61, 0x7a], [0x41, 0x5a], [0x30, 0x39], [0x80, 0x24f], [0x250, 0x36f], [0x370, 0x52f],
  [0x530, 0x6ff], [0x900, 0xdff], [0xe00, 0x10ff], [0x1100, 0x1fff], [0x2000, 0x2bff], [0x2c00, 0x303f], [0x3040, 0x31ff], [0x4e00, 0x9fff],
  [0xa000, 0xabff], [0xac00, 0xd7a3], [0xe000, 0xf8ff], [0xf900, 0xffff], [0x10000, 0x11fff], [0x1d400, 0x1d7ff], [0x1e900, 0x1f0ff],
  [0x1f300, 0x1faff], [0x20000, 0x20fff], [0xe0000, 0xe01ff], [0x10ff00, 0x10ffff]];
const glue = [" ", "  ", "\n", "\r\n", "\t", " \n ", "'s", "'LL", "'ſ", "/", "’", "\u0301", "\u00a0", "\u3000", "12", "A", "a", "文", "!", "🙂", "-", "", ""];

function fuzzed(rnd) {
  const pick = (a) => a[Math.floor(rnd() * a.length)];
  const any = () => { const [lo, hi] = pick(ranges); return String.fromCodePoint(lo + Math.floor(rnd() * (hi - lo + 1))); };
  let t = "";
  const parts = 1 + Math.floor(rnd() * 12);
  for (let i = 0; i < parts; i++) {
    switch (Math.floor(rnd() * 7)) {
      case 0: t += pick(sentences); break;
      case 1: { const s = pick(sentences); const a = Math.floor(rnd() * s.length); t += s.slice(a, a + Math.floor(rnd() * 20)); break; }
      case 2: { const [lo, hi] = pick(ranges); for (let n = rnd() * 20; n > 0; n--) t += String.fromCodePoint(lo + Math.floor(rnd() * (hi - lo + 1))); break; }
      case 3: for (let n = rnd() * 12; n > 0; n--) t += pick(glue); break;
      case 4: t += (rnd() < 0.5 ? pick(glue) : any()).repeat(rnd() < 0.1 ? Math.floor(rnd() * 400) : Math.floor(rnd() * 20)); break;
      case 5: for (let n = rnd() * 20; n > 0; n--) t += any(); break;
      default: t += pick(glue);
    }
  }
  return t.toWellFormed();
}

const [mode, count, seed] = process.argv.slice(2);
if (mode === "golden") {
  for (const s of sentences) both(s);
  for (const c of ["a", " ", "\n", "=", "文", "🙂", "ab", "\t "]) for (const n of [9, 65, 300]) both(c.repeat(n));
  const rnd = random(1);
  for (let i = 0; i < 250; i++) both(fuzzed(rnd));
} else if (mode === "fuzz") {
  const rnd = random(Number(seed));
  for (let i = 0; i < Number(count); i++) both(fuzzed(rnd));
} else if (mode === "codepoints") {
  const fnv = (ids) => { let h = 0x811c9dc5; for (const id of ids) h = Math.imul(h ^ id, 0x01000193) >>> 0; return h; };
  for (let cp = 0; cp < 0x110000; cp++) {
    if (cp >= 0xd800 && cp < 0xe000) continue;
    const c = String.fromCodePoint(cp);
    const t = `a${c}'s b${c}2${c}${c}A${c}a \n${c}\n${c}/ ${c}'T  ${c}1`;
    line([cp, fnv(o200k.encode(t, [], [])), fnv(cl100k.encode(t, [], []))]);
  }
}
flush();
