// How a file is shown, by its name; and CSV, as far as a preview needs it. Pure.

export type PreviewKind = 'image' | 'json' | 'csv' | 'text';

export function previewKind(path: string): PreviewKind {
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  if (['png', 'jpg', 'jpeg', 'gif', 'webp', 'bmp', 'svg'].includes(ending)) return 'image';
  if (['json', 'ipynb', 'geojson'].includes(ending)) return 'json';
  if (['csv', 'tsv'].includes(ending)) return 'csv';
  return 'text';
}

/** Up to `most` rows of cells. Quoted cells may hold separators, line ends and doubled quotes. */
export function parseCsv(text: string, separator: string, most: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endRow = (): void => {
    row.push(cell);
    rows.push(row);
    row = [];
    cell = '';
  };
  for (let i = 0; i < text.length && rows.length < most; i += 1) {
    const letter = text[i]!;
    if (quoted) {
      if (letter === '"' && text[i + 1] === '"') { cell += '"'; i += 1; }
      else if (letter === '"') quoted = false;
      else cell += letter;
    } else if (letter === '"' && cell === '') quoted = true;
    else if (letter === separator) { row.push(cell); cell = ''; }
    else if (letter === '\n') endRow();
    else if (letter !== '\r') cell += letter;
  }
  if (rows.length < most && (cell !== '' || row.length > 0)) endRow();
  return rows;
}
