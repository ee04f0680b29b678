// Lays a .gz beside every file of dist/ that the server sends as it is. Not index.html: its <base href> is written at
// run time.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
for (const file of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!file.isFile() || !/\.(js|css|svg)$/.test(file.name)) continue;
  const path = join(file.parentPath ?? file.path, file.name);
  const packed = gzipSync(readFileSync(path), { level: 9 });
  writeFileSync(`${path}.gz`, packed);
}
