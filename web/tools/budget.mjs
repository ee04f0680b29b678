// Fails the build when the pages grow past what experience.md §2.6 promises. Reads dist/, prints a table.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

const sizes = { 'first JS': 0, 'all JS': 0, CSS: 0 };
for (const file of files) {
  const bytes = gzipSync(readFileSync(join(file.parentPath ?? file.path, file.name)), { level: 9 }).length;
  if (file.name.endsWith('.js')) {
    sizes['all JS'] += bytes;
    if (html.includes(file.name)) sizes['first JS'] += bytes;
  }
  if (file.name.endsWith('.css')) sizes.CSS += bytes;
}

const limits = { 'first JS': 70_000, 'all JS': 120_000, CSS: 12_000 };
let within = true;
for (const [name, limit] of Object.entries(limits)) {
  const ok = sizes[name] <= limit;
  within &&= ok;
  console.log(`${ok ? 'ok  ' : 'OVER'} ${name.padEnd(9)} ${String(sizes[name]).padStart(7)} B gz of ${limit}`);
}
if (/\sstyle=|<script>/.test(html)) {
  console.log('OVER index.html holds inline code, which the content security policy refuses');
  within = false;
}
process.exit(within ? 0 : 1);
