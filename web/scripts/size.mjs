// Adds up, gzipped, all a first visit downloads before any lazy part: the page, its static scripts, styles and one font.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 250;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const files = new Set(["index.html", "theme.js", "favicon.svg"]);

function collect(key) {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const style of chunk.css ?? []) files.add(style);
  for (const dependency of chunk.imports ?? []) collect(dependency);
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
collect(entry);
// One language and the fonts a first visit shows: Latin and Cyrillic are counted both.
for (const [key, chunk] of Object.entries(manifest)) {
  if (/i18n\/ru\.ts$/.test(key)) files.add(chunk.file);
}
for (const asset of manifest[entry].assets ?? []) {
  if (/-(latin|cyrillic)-wght/.test(asset)) files.add(asset);
}

// What is large and was made lazy stays it: one plain import of it somewhere would bring it back.
for (const part of ["src/ui/menuParts.tsx"]) {
  if (!manifest[part]?.isDynamicEntry || files.has(manifest[part].file)) {
    process.stderr.write(`${part} is no longer loaded when it is wanted, but at once\n`);
    process.exit(1);
  }
}

let total = 0;
for (const file of files) {
  const bytes = readFileSync(new URL(file, dist));
  const size = file.endsWith(".woff2") ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  total += size;
  process.stdout.write(`${(size / 1024).toFixed(1).padStart(8)} kB  ${file}\n`);
}
process.stdout.write(`${(total / 1024).toFixed(1).padStart(8)} kB  first load (limit ${LIMIT_KB} kB)\n`);
if (total > LIMIT_KB * 1024) process.exit(1);
