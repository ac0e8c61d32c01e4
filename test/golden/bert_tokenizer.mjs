/* Writes bert_tokenizer/: what Hugging Face's own tokeniser makes of texts, by its Node.js package.

    npm install tokenizers@0.23.2       (in a folder beside the repository; then NODE_PATH=that folder/node_modules)
    MLSIEVE_DATA=... node bert_tokenizer.mjs

vocab.txt: word pieces made of the texts below. texts.json: "single" [{text, uncased, cased}] without [CLS] and [SEP]; "pairs" [{first,
second, maxTokens, tokens, types}]; "multiNli": SHA-256 of the tokens (int32, little-endian) of each 1,000 sentences of MultiNLI's matched
development set under the vocabulary of bert-base-uncased. characters.txt: "from to parts", what becomes of each Unicode character in
lower-case mode: - nothing, _ a space, = itself, otherwise the letters; ! before one that is a word of its own. Hangul syllables, which
become what NFD makes of them, are left out.

The tokeniser gets no list of special tokens, so that [SEP] in a text is text. */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";

const { Tokenizer, WordPiece, bertNormalizer, bertPreTokenizer, bertProcessing } = createRequire(import.meta.url)("tokenizers");

const SENTENCES = `
The quick brown fox jumps over the lazy dog.
Nobody knew that the river had risen during the night.
She doesn't think he'll come, does she?
"Never again," he said - and meant it.
It costs $50 + 3 = <b>53</b> ~ \`x\` ^2 | y & z % of €10 (or £8).
A naïve café in Zürich: 3.14% off!
foo_bar baz__qux snake_case camelCase PascalCase SCREAMING_CASE
E-mail me@example.org or see https://example.org/path?query=1&other=two#part.
Version 2.0.1-beta.3 was released on 2024-02-29 at 23:59:59.999.
I can't, won't and shouldn't; you're, they've, we'd.
Dr. Smith's co-operation re-elected the ex-president.
Supercalifragilisticexpialidocious telecommunications interdisciplinary.
The movie was not good, not bad, just there.
No, nothing, none, nobody and never are negations.
[CLS] hi [SEP] there [PAD] [MASK] [UNK] [unused1]
##ing is a piece; # # ## are not
a.b,c;d:e!f?g(h)i[j]k{l}m<n>o/p\\q|r"s't
... --- *** ___ === +++ ~~~
1 12 123 1234 12345 1,234,567.89 0x1F 1e-9 ½ ² ™ № ℃ ①
THE ALL CAPS HEADLINE OF TODAY
tHe MiXeD cAsE oF a TeEnAgEr
İstanbul ve ıspanak, DIŞ ve İÇ, Iğdır
Straße, Größe, Äpfel, Öl, Übung, ẞ
Ça va? Œuvre, cœur, façade, Noël, élève, où
El niño comió piñatas; ¿qué? ¡olé!
Ćevapčići, žluťoučký kůň, Łódź, Dvořák, fiancé
Tiếng Việt có nhiều dấu: ở, ễ, ữ, ậ
ΑΘΉΝΑ και Οδυσσεύς, ΌΣΟΣ, άέήίόύώ ΐ ΰ
Москва, Ёлка, Йод, їжак, объём
שלום עולם, עִבְרִית עם ניקוד
مرحبا بالعالم، اَلْعَرَبِيَّةُ ١٢٣؟
नमस्ते दुनिया, हिन्दी क़ ख़ ड़
বাংলা ভাষা কো কৌ, தமிழ் மொழி கோ கௌ
ภาษาไทย ไม่มีช่องว่าง กำลัง
ລາວ ខ្មែរ မြန်မာ བོད་ཡིག
你好，世界！这是一个句子。
日本語のテキスト、ひらがなとカタカナ。がぎぐ パピプ
한국어 문장입니다. 가각갂 힣
ﬁ ﬀ ﬃ Ǆ ǅ ǆ ŉ ĳ
Ｆｕｌｌｗｉｄｔｈ　ｔｅｘｔ！
𝒜𝓁𝓅𝒽𝒶 𝔹𝕖𝕥𝕒 𝟙𝟚𝟛 𐐀𐐨 𠀀𠮷
😀 smile😀x 👍🏽 👨‍👩‍👧‍👦 🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️ ☺︎
≠ ≤ ≥ ≮ ≯ ≈ ∞ ∑ √ ∂ → ← ⇒
“curly” ‘quotes’ «guillemets» „low“ — – ‐ ‑ … • ·
a\u0301e\u0301 e\u0308\u0301 o\u031b\u0323 n\u0303
zero\u200bwidth soft\u00adhyphen word\u2060joiner \ufeffbom a\u200db a\u200cc
line\u2028sep para\u2029sep next\u0085line form\u000cfeed tab\u0009tab vt\u000bvt
non\u00a0breaking en\u2002space em\u2003space thin\u2009space ideographic\u3000space mongolian\u180evowel
nul\u0000nul bell\u0007bell esc\u001b[31mred\u001b[0m del\u007fdel \ufffd replacement
left\u202eright\u202c \u2066isolate\u2069 \u061c
\ue000private\uf8ff \u0378unassigned\u0379
a\ud800\udc00b \ud83d\ude00 surrogate pairs
`.split("\n").filter(line => line.length > 0);

const EDGES = ["", " ", "   ", "\t\r\n", "\u0000", "a", "A", "é", "é".normalize("NFD"), "\u0301", "\u0301a", ".", "..", "中", "가", "각", "😀", "�"];
for (const n of [1, 2, 31, 99, 100, 101, 150]) EDGES.push("a".repeat(n), "ab".repeat(n), "á".repeat(n), "각".repeat(n), "中".repeat(n), "-".repeat(n));
for (const n of [33, 34, 99, 100, 101]) EDGES.push(`start ${"x".repeat(n)} end`, `${"x".repeat(n)}${"\u0301".repeat(5)}`, `${"x".repeat(n)}.`);

let state = 20240229;
function draw(below) { // Park and Miller's generator: the same texts on every machine
    state = state * 48271 % 2147483647;
    return state % below;
}

const BLOCKS = [[0x20, 0x7f], [0x20, 0x7f], [0, 0x20], [0x7f, 0x250], [0x250, 0x500], [0x500, 0x700], [0x900, 0x1000], [0x1000, 0x1200],
    [0x1e00, 0x2000], [0x2000, 0x2400], [0x2c00, 0x2e00], [0x3000, 0x3400], [0x4e00, 0x9fff], [0xac00, 0xd7a4], [0xe000, 0xf900],
    [0xf900, 0x10000], [0x10000, 0x10500], [0x1d400, 0x1d800], [0x1f300, 0x1f700], [0x20000, 0x2a6df]];

function random() {
    let text = "", block = BLOCKS[draw(BLOCKS.length)];
    for (let n = 1 + draw(40); n > 0; n--) {
        if (draw(4) === 0) block = BLOCKS[draw(BLOCKS.length)];
        text += draw(5) === 0 ? " " : String.fromCodePoint(block[0] + draw(block[1] - block[0]));
    }
    return text;
}

const TEXTS = [...SENTENCES, ...EDGES, ...Array.from({ length: 300 }, random)];

function vocabulary() {
    const special = ["[PAD]", "[unused0]", "[UNK]", "[unused1]", "[CLS]", "[SEP]", "[MASK]"];
    const letters = new Set(), words = new Set(), pieces = new Set();
    for (const text of [...SENTENCES, ...EDGES, "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"])
        for (const form of [text, text.normalize("NFD").toLowerCase()])
            for (const letter of form.normalize("NFC") + form.normalize("NFD"))
                if (letter.codePointAt(0) > 0x20 && letter.codePointAt(0) % 23 !== 0 && !/\s/u.test(letter)) letters.add(letter);
    for (const sentence of SENTENCES)
        for (const form of [sentence, sentence.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase()])
            for (const word of form.match(/[\p{L}\p{N}]+/gu) ?? []) {
                const runes = [...word];
                if (runes.length % 3 !== 0) words.add(word);
                for (const size of [2, 3, 4])
                    if (runes.length > size + 1) {
                        words.add(runes.slice(0, size).join(""));
                        pieces.add("##" + runes.slice(-size).join(""));
                    }
            }
    for (const letter of letters) if (letter.codePointAt(0) % 7 !== 0) pieces.add("##" + letter);
    words.add("x".repeat(33));
    return [...new Set([...special, ...letters, ...words, ...pieces])];
}

function tokenizer(tokens, lowercase, maxTokens) {
    const numbers = Object.fromEntries(tokens.map((token, number) => [token, number]));
    const made = new Tokenizer(WordPiece.init(numbers, { unkToken: "[UNK]", continuingSubwordPrefix: "##", maxInputCharsPerWord: 100 }));
    made.setNormalizer(bertNormalizer({ cleanText: true, handleChineseChars: true, lowercase }));
    made.setPreTokenizer(bertPreTokenizer());
    if (maxTokens) {
        made.setPostProcessor(bertProcessing(["[SEP]", numbers["[SEP]"]], ["[CLS]", numbers["[CLS]"]]));
        made.setTruncation(maxTokens);
    }
    return made;
}

async function pairs(tokens) {
    const made = [], whole = tokenizer(tokens, true);
    const pieces = async text => (await whole.encode(text)).getIds().length;
    for (const maxTokens of [3, 4, 5, 8, 9, 16, 17, 64])
        for (let i = 0; i < 24; i++) {
            const first = i % 8 === 7 ? "" : TEXTS[draw(60)], second = i % 8 === 6 ? "" : TEXTS[i % 4 === 0 ? TEXTS.indexOf(first) : draw(60)];
            // Since 0.23 a text of more than maxTokens tokens is not read to its end, so that the longer of two such texts is not told.
            if (maxTokens % 2 === 0 && await pieces(first) >= maxTokens && await pieces(second) >= maxTokens) continue;
            const encoding = await tokenizer(tokens, true, maxTokens).encode(first, second);
            made.push({ first, second, maxTokens, tokens: encoding.getIds(), types: encoding.getTypeIds() });
        }
    return made;
}

async function multiNli() {
    const tokens = readFileSync(`${process.env.MLSIEVE_DATA}/bert-vocab/bert-base-uncased-vocab.txt`, "utf8").trimEnd().split("\n");
    const rows = gunzipSync(readFileSync(`${process.env.MLSIEVE_DATA}/nli/mnli-dev.jsonl.gz`)).toString("utf8").trimEnd().split("\n");
    const sentences = rows.map(row => JSON.parse(row)).flatMap(row => [row.premise, row.hypothesis]);
    const made = tokenizer(tokens, true), digests = [];
    for (let from = 0; from < sentences.length; from += 1000) {
        const hash = createHash("sha256");
        for (const sentence of sentences.slice(from, from + 1000))
            hash.update(Buffer.from(Int32Array.from((await made.encode(sentence)).getIds()).buffer));
        digests.push(hash.digest("hex"));
    }
    return { sentences: sentences.length, digests };
}

async function characters() {
    const normalizer = bertNormalizer({ cleanText: true, handleChineseChars: true, lowercase: true }), cutter = bertPreTokenizer();
    const hex = number => number.toString(16), lines = [];
    let run = null;
    for (let c = 0; c < 0x110000; c++) {
        if ((c >= 0xd800 && c < 0xe000) || (c >= 0xac00 && c <= 0xd7a3)) continue;
        const self = String.fromCodePoint(c);
        const words = cutter.preTokenizeString(normalizer.normalizeString(`a${self}b`)).map(([word]) => word);
        const middle = words.length === 1 ? [...words[0]].slice(1, -1).join("") : words.slice(1, -1).join(" ");
        const parts = [...middle].map(part => hex(part.codePointAt(0))).join(" ");
        if (words.length > 3) throw new Error(`${hex(c)} becomes ${words}`);
        const what = words.length === 3 ? "!" + (middle === self ? "=" : parts) : words.length === 2 ? "_"
            : middle === "" ? "-" : middle === self ? "=" : parts;
        if (run && run.what === what && run.to === c - 1 && /[-_=]$/.test(what)) run.to = c;
        else lines.push(run = { from: c, to: c, what });
    }
    return lines.map(line => `${hex(line.from)} ${hex(line.to)} ${line.what}`).join("\n") + "\n";
}

const ascii = json => json.replace(/[\u007f-\uffff]/g, unit => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"));
const tokens = vocabulary(), uncased = tokenizer(tokens, true), cased = tokenizer(tokens, false), single = [];
for (const text of TEXTS) single.push({ text, uncased: (await uncased.encode(text)).getIds(), cased: (await cased.encode(text)).getIds() });
const unknown = single.filter(one => one.uncased.includes(tokens.indexOf("[UNK]"))).length;
if (unknown < 50 || unknown > single.length - 50) throw new Error(`${unknown} of ${single.length} texts have unknown words`);
const both = await pairs(tokens);
if (both.every(pair => pair.types.every(type => type === 0))) throw new Error("no pair has a second text");

mkdirSync("bert_tokenizer", { recursive: true });
writeFileSync("bert_tokenizer/vocab.txt", tokens.join("\n") + "\n");
const lists = { single, pairs: both };
const rows = Object.entries(lists).map(([name, list]) => `"${name}": [\n${list.map(one => ascii(JSON.stringify(one))).join(",\n")}\n]`);
writeFileSync("bert_tokenizer/texts.json", `{\n${rows.join(",\n")},\n"multiNli": ${JSON.stringify(await multiNli(), null, 1)}\n}\n`);
writeFileSync("bert_tokenizer/characters.txt", await characters());
